"""Catalogues: read, stored by version, and asked by rules on the document's date."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli import build
from schemas import catalogues
from schemas.catalogues import CatalogueError, Version
from schemas.rules import RULES
from stream_processors.rules import Rulebook
from tests.documents import DRUG, ENDED, IDENTITY, NARRATIVES, SERVICE, document
from tests.received import DAY

BEFORE, AFTER = date(2026, 1, 1), date(2027, 1, 1)


@pytest.fixture(autouse=True)
def none_afterwards() -> Iterator[None]:
    yield
    catalogues.adopt(())


def failed(kind: str, **fields: Any) -> set[str]:
    book = Rulebook(RULES.values())
    return {rule for rule, *_ in book(document(kind, **fields), IDENTITY, NARRATIVES.get(kind, {}))}


CASES = (
    ("C30", "drug", "prescription", {"lines": [DRUG]}, "40.48"),
    ("C31", "service", "service", {"lines": [SERVICE]}, "18.0119.0028"),
    ("C32", "facility", "referral", {"referred_from": "01003", "referred_to": "01003"}, "01003"),
    ("X15", "icd10", "encounter", {"main_diagnosis": "J18.9"}, "J18.9"),
)


@pytest.mark.parametrize(("rule", "name", "kind", "fields", "code"), CASES)
def test_rules_ask_the_version_of_the_documents_date(
    rule: str, name: str, kind: str, fields: dict[str, Any], code: str
) -> None:
    assert rule not in failed(kind, **fields)
    catalogues.adopt([Version(name, BEFORE, "1", {"other": ""}), Version(name, AFTER, "2", {code: ""})])
    assert rule in failed(kind, **fields)
    later = {"occurred_at": ENDED + 400 * DAY, "captured_at": ENDED + 400 * DAY}
    ends = {"discharged_at": ENDED + 400 * DAY} if kind in ("encounter", "referral") else {}
    assert rule not in failed(kind, **fields, **later, **ends)


def test_communes_of_an_imported_list() -> None:
    said = {"province": "01", "commune": "00070"}
    catalogues.adopt([Version("commune", BEFORE, "1", {"00070": "1"})])
    before = failed("encounter", **said)
    catalogues.adopt([Version("commune", BEFORE, "1", {"00070": "2"})])
    assert 1 == len(failed("encounter", **said) - before)


def told(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(build("catalogue"), ["catalogue", *arguments, "--folder", str(folder), "--json"])


def test_import_list_status(tmp_path: Path) -> None:
    file, folder = tmp_path / "drugs.csv", tmp_path / "catalogues"
    file.write_text("code,name\n40.48,Paracetamol\n40.17,\n", encoding="utf-8")
    for since, version in (("2027-01-01", "b"), ("2026-01-01", "a")):
        made = told(folder, "import", "drug", str(file), "--from", since, "--version", version)
        assert (0, 2) == (made.exit_code, json.loads(made.stdout)["codes"])
    assert ["a", "b"] == [json.loads(line)["version"] for line in told(folder, "list").stdout.splitlines()]
    for day, version in (("2025-12-31", ""), ("2026-06-01", "a"), ("2027-06-01", "b")):
        rows = {row["name"]: row for row in json.loads(told(folder, "status", "--on", day).stdout)["catalogues"]}
        assert version == rows["drug"]["version"]


@pytest.mark.parametrize("text", ["", "name\nx\n", "code\n", 'code\n""\n', f"code\n{'x' * 65}\n"])
def test_what_is_no_catalogue_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text, encoding="utf-8")
    made = told(tmp_path / "to", "import", "drug", str(file), "--from", "2026-01-01", "--version", "1")
    assert 2 == made.exit_code
    with pytest.raises(CatalogueError):
        catalogues.stored(tmp_path)
