"""Rules that need several documents, asked of the store: what they find, what they take back, and what they leave alone."""

from typing import Any

import pytest

from schemas.rules import RULES
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.cross.run import Run, Runner, of_store
from tests.documents import ARRIVED, BODIES, DRUG, ENDED, SERVICE, Fields
from tests.received import DAY
from tests.store import Value, doc, put, rejected, version
from tests.unit.stream_processors.test_visit_rules import CASES

pytestmark = pytest.mark.slow

KINDS = ("encounter", "prescription", "service", "appointment", "discharge")
NUMBER: dict[str, Any] = {"source_format": "insurance_xml", "source_system": "HIS-XML"}


def told(visit: str = "v1", sequence: int = 1, kinds: tuple[str, ...] = KINDS, **changed: Fields) -> list[Value]:
    """One message of a whole visit; `changed` says what differs, by kind, or that there is such a document."""
    named = [*kinds, *(kind for kind in changed if kind not in kinds)]
    return [
        doc(kind, **NUMBER | BODIES[kind] | {
            "visit_key": visit, "document_id": f"{kind}-{visit}", "sequence": sequence, "part": part,
            "parts": len(named), "version": version(sequence), "occurred_at": ENDED, "document_date": ENDED // DAY,
            "outcome": "accepted" if sequence == 1 else "amended", "captured_at": ENDED,
        } | changed.get(kind, {}))
        for part, kind in enumerate(named, 1)
    ]  # fmt: skip


def run(store: ClickHouse, groups: dict[str, str] | None = None, **rules: Any) -> Run:
    return Runner(store, list((dict.fromkeys([]) | {r.id: r for r in of_store(RULES.values())} | rules).values()), groups or {})(0)


def found(store: ClickHouse) -> dict[str, str]:
    """Rule -> kind and place of what stands."""
    rows = store.rows("SELECT rule, kind, place FROM visit_issues FINAL WHERE found AND mode != 'shadow'")
    return {row["rule"]: f"{row['kind']}.{row['place']}" for row in rows}


def test_a_whole_visit_passes(store: ClickHouse) -> None:
    put(store, told())
    assert set() == {rule for rule, n in run(store).issues.items() if n}
    assert {} == found(store)


@pytest.mark.parametrize(("rule", "place", "changed"), CASES)
def test_the_store_says_what_adapter_check_says(
    store: ClickHouse, rule: str, place: str, changed: dict[str, Fields]
) -> None:
    put(store, told(**changed))
    run(store)
    assert {rule: f"encounter.{place}" if rule == "X20" else place} == found(store)
