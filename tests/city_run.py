"""A run of the city with its books, for tests that ask the store afterwards."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from infra.city.books import Books
from infra.city.city import ONLY
from infra.city.documents import Documents
from infra.city.hospitals import HOSPITALS
from infra.city.labs import PANELS
from infra.cli import build
from infra.demo.show import Demo, Options
from sinks.clickhouse.client import ClickHouse, connect
from tests.city_answers import Rows

OPTIONS: Final = Options(seconds=15, facilities=8, rate=200, seed=8, people=150, every_dialect=True)


@dataclass(frozen=True, slots=True)
class Run:
    url: str
    books: Books
    documents: Documents
    register: list[dict[str, Any]]
    report: dict[str, Any]

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Through the command, as an analyst asks."""
        runner = CliRunner(env={"LIVINGDATA_CLICKHOUSE": self.url})
        result = runner.invoke(build("sql"), ["sql", query, "--json", "--purpose", "test of the views"])
        assert 0 == result.exit_code, result.stderr
        return [tuple(map(_read, json.loads(line).values())) for line in result.stdout.splitlines()]

    def keyed(self, keys: str, counts: str, source: str, having: str = "") -> Rows:
        """Keys -> counts, of a view."""
        size = len(keys.split(", "))
        rows = self.sql(f"SELECT {keys}, {counts} FROM {source} GROUP BY ALL {having}")  # noqa: S608
        return {row[:size]: row[size:] for row in rows}


def _read(value: Any) -> Any:
    """JSON has no dates."""
    if not isinstance(value, str):
        return value
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(value)
        except ValueError:
            continue
    return value


@contextmanager
def city(folder: Path) -> Iterator[Run]:
    """One run for all questions: five usual hospitals, one each of FHIR, DICOM, CSV; the engines stay open. At the end
    code maps come late, so that all tests have national codes."""
    alone = {hospital.code: dialect for hospital, dialect in zip(HOSPITALS[1:], ONLY, strict=False)}
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr("infra.demo.show.every", lambda _: alone)
        demo = Demo(OPTIONS, folder)
        runner.run(demo.__aenter__())
        try:
            documents = demo.books.documents = Documents()
            report = runner.run(demo.run())
            assert demo.plan is not None
            assert demo.engines is not None
            assert demo.city is not None
            store = connect(demo.plan.clickhouse(demo.engines))
            map_codes(store)
            store.close()
            yield Run(demo.engines.clickhouse, demo.books, documents, demo.city.register(), report)
        finally:
            runner.run(demo.__aexit__())


def map_codes(store: ClickHouse) -> None:
    codes = {
        (system, local, test.code)
        for panel in PANELS.values()
        for test in panel.tests
        for system, local in (("L", test.local), ("LN", test.loinc))
    }
    names = ["facility", "system", "local_code", "national_code", "valid_from", "rule_id", "version"]
    store.insert_rows("code_maps", names, [["", *code, "2020-01-01", "map.test", 1] for code in sorted(codes)])
