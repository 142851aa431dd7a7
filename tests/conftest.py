"""What tests of several rooms share: servers, and the logs of a role."""

import contextlib
import io
import logging
import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
import structlog

from runtime import logs
from tests.servers import RealStack, Servers, embedded, empty, make_real, wanted

# No test asserts a time. CI searches the same examples each time: what it refuses must be what was changed.
_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("local", deadline=None, suppress_health_check=_SLOW)
hypothesis.settings.register_profile("ci", deadline=None, suppress_health_check=_SLOW, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


_FIRST = {"e2e": 0, "integration": 1}
"""The longest files begin first, so that no process waits for another at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real stack only what asks for servers differs from the ordinary run."""
    items.sort(key=lambda item: _FIRST.get(item.path.parent.name, len(_FIRST)))
    if not wanted():
        return
    asking = {item for item in items if {"servers", "real_stack"}.intersection(getattr(item, "fixturenames", ()))}
    config.hook.pytest_deselected(items=[item for item in items if item not in asking])
    items[:] = [item for item in items if item in asking]


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


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command called in a test sets up logs on a stream that ends with it; whoever logs next would fail."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """Logs are written as a role writes them; called, the fixture gives all that was written so far."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        logs.configure("test", "DEBUG")
    yield written.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
