"""One run of the city for all tests that ask the store afterwards."""

from collections.abc import Iterator

import pytest

from tests.city_run import Run, city


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with city(tmp_path_factory.mktemp("city")) as made:
        yield made
