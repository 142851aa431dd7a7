"""Servers that tests of several rooms share."""

from collections.abc import Iterator

import pytest

from tests.servers import RealStack, Servers, embedded, empty, make_real, wanted


@pytest.fixture(scope="session")
def real_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """A real Kafka, registry and Redis on free ports, one for all tests; skips where none is wanted or can run."""
    with make_real(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Kafka and Redis, empty at the start of each module: embedded, or real ones where that is wanted."""
    if not wanted():
        with embedded(tmp_path_factory.mktemp("servers")) as made:
            yield made
        return
    stack: RealStack = request.getfixturevalue("real_stack")
    empty(stack.servers)
    yield stack.servers
