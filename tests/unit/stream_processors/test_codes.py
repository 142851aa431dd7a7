"""A facility's own codes mapped to the national lists, by the document's date."""

from dataclasses import replace
from datetime import date
from typing import Any

from runtime.clock import day_of, local_day
from schemas import codec, registry
from stream_processors import codes
from stream_processors.codes import Row, Wanted
from stream_processors.pipeline import Pipeline
from tests.fakes import FakeStore
from tests.received import KEYRING, LIMIT, NOW, event, source

FOREVER = date(2149, 6, 6)
GLU = Row("01003", "LAB", "GLU", "QD1227", "2300101", date(2026, 1, 1), FOREVER, "map.1", 1)
TODAY = local_day(NOW)


def results(*codes_: tuple[str | None, str | None]) -> dict[str, Any]:
    return {
        "results": [{"line": n, "test_system": system, "test_code": code} for n, (system, code) in enumerate(codes_, 1)]
    }


def test_which_codes_may_be_mapped() -> None:
    maps = {b"01003:LAB", b":drug", b"01003:department", b"01003:service", b":supply"}
    found = codes.wanted(
        event("observation", **results(("LAB", "GLU"), (None, "2300101"), ("X", "A"), ("LAB", None))), maps
    )
    assert [Wanted("results[1].test_code", "LAB", "GLU")] == found
    two = {"line": 1, "test_system": "LN", "test_code": "2345-7", "alternate_system": "LAB", "alternate_code": "GLU"}
    order = {
        "order_system": "LN",
        "order_code": "24323-8",
        "order_alternate_system": "LAB",
        "order_alternate_code": "SH",
    }
    found = codes.wanted(event("observation", results=[two], **order), maps)
    assert [
        Wanted("order_alternate_code", "LAB", "SH"), Wanted("results[1].alternate_code", "LAB", "GLU")
    ] == found  # fmt: skip
    found = codes.wanted(event("prescription", lines=[{"line": 1, "drug_code": "P500"}]), maps)
    assert [Wanted("lines[1].drug_code", "drug", "P500")] == found
    found = codes.wanted(
        event("service", lines=[{"line": 1, "service_code": "S"}, {"line": 2, "supply_code": "V"}]), maps
    )
    assert [("lines[1].service_code", "service"), ("lines[2].supply_code", "supply")] == [
        (w.place, w.system) for w in found
    ]
    found = codes.wanted(event("encounter", departments=["NOI", "NGOAI"]), maps)
    assert [("departments[1]", "NOI"), ("departments[2]", "NGOAI")] == [(w.place, w.code) for w in found]


def test_without_maps_nothing_is_looked_at() -> None:
    assert [] == codes.wanted({}, frozenset())
    assert [] == codes.wanted(event("observation", **results(("LAB", "GLU"))), frozenset({b"01004:LAB"}))


def test_the_row_in_force_on_the_day() -> None:
    later = replace(GLU, national_code="2300102", valid_from=date(2026, 6, 1), rule_id="map.2")
    mended = replace(GLU, national_code="2300103", rule_id="map.3", version=2)
    packed = codes.pack([GLU, later, mended])
    assert ("QD1227", "2300103", "map.3") == codes.choose(packed, day_of(date(2026, 5, 31)))
    assert ("QD1227", "2300102", "map.2") == codes.choose(packed, day_of(date(2026, 6, 1)))
    assert codes.choose(packed, day_of(date(2025, 12, 31))) is None
    assert codes.choose(None, TODAY) is None
    ended = codes.pack([replace(GLU, valid_to=date(2026, 2, 1))])
    assert codes.choose(ended, day_of(date(2026, 2, 1))) is not None
    assert codes.choose(ended, day_of(date(2026, 2, 2))) is None


def test_the_facilitys_own_map_comes_first() -> None:
    everywhere = codes.pack([replace(GLU, national_code="2300199", rule_id="city.1")])
    own = codes.pack([GLU])
    asked = [Wanted("results[1].test_code", "LAB", "GLU")]
    places = list(codes.asked_of("01003", asked, {b"01003:LAB", b":LAB"}))
    assert [(b"codes:01003:LAB", b"GLU"), (b"codes::LAB", b"GLU")] == places
    assert ["2300101"] == [
        m["code"] for m in codes.mapped("01003", asked, dict(zip(places, (own, everywhere), strict=True)), TODAY)
    ]
    assert ["2300199"] == [m["code"] for m in codes.mapped("01003", asked, {places[1]: everywhere}, TODAY)]
    assert [] == codes.mapped("01003", asked, {}, TODAY)


def test_what_does_not_fit_into_an_event_is_left_to_the_query() -> None:
    asked = [Wanted(f"results[{n}].test_code", "LAB", "GLU") for n in range(1, 2_001)]
    made = codes.mapped("01003", asked, {(b"codes:01003:LAB", b"GLU"): codes.pack([GLU])}, TODAY)
    assert 100 < len(made) < 2_000
    assert sum(len(text) for row in made for text in row.values()) < codes.ROOM


async def test_mapped_codes_travel_with_the_event() -> None:
    store = FakeStore()
    await store.load_codes([GLU])
    work = Pipeline(KEYRING, store, "w", LIMIT)
    record = source("observation", **results(("LAB", "GLU"), ("LAB", "CRE")))
    mapped = []
    for _ in range(2):  # which maps there are is told with the first answer
        for topic, _, value, _ in await work([record]):
            if topic == "accepted.observation":
                framed = codec.unframe(value)
                assert framed is not None
                made = registry.codec(framed[0])
                assert made is not None
                mapped.append(made.decode(framed[1])["mapped_codes"])
    expected = {"place": "results[1].test_code", "system": "QD1227", "code": "2300101", "rule": "map.1"}
    assert [[], [expected]] == mapped
