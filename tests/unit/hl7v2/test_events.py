"""What is taken, what is taken in silence, what is refused."""

import pytest

from producers.hl7v2.events import route
from tests.unit.hl7v2.city import feed
from tests.unit.hl7v2.telling import Telling, adt, msh, pid, segment, write


@pytest.mark.parametrize(
    ("code", "triggers", "expected"),
    [
        ("ADT", ("A01", "A02", "A03", "A04", "A06", "A07", "A08", "A11", "A12", "A13"), "visit"),
        ("ADT", ("A05",), "planned"),
        ("ADT", ("A28", "A31"), "person"),
        ("ADT", ("A24", "A37", "A40", "A47"), "merge"),
        ("ADT", ("A09", "A20", "A60", "A62"), "silent"),
        ("ORU", ("R01", "R30"), "results"),
        ("OUL", ("R21", "R22", "R23", "R24"), "results"),
        ("SIU", ("S12", "S15", "S26"), "appointment"),
        ("REF", ("I12", "I13", "I14"), "referral"),
        ("ORM", ("O01",), "silent"),
        ("OML", ("O21",), "silent"),
        ("MDM", ("T02",), "silent"),
        ("PGL", ("PC6",), "silent"),
        ("PPG", ("PCG", "PCJ"), "silent"),
        ("QBP", ("Q22", "Z73"), "silent"),
        ("ACK", ("A01", "R01"), "silent"),
        ("ADT", ("A00", "A63", "A99", "R01", ""), None),
        ("ZZZ", ("Z01",), None),
        ("", ("",), None),
    ],
)
def test_routes(code: str, triggers: tuple[str, ...], expected: str | None) -> None:
    assert {expected} == {route(code, trigger) for trigger in triggers}


def test_known_messages_without_a_document_are_taken_in_silence() -> None:
    for kind in ("ORM^O01", "OML^O21^OML_O21", "MDM^T02", "VXU^V04", "DFT^P03", "MFN^M02"):
        assert "no_event" == Telling().silent(write(msh(kind), pid()))


def test_unknown_ones_are_refused() -> None:
    for kind in ("ADT^A99", "ZZZ^Z01"):
        assert "hl7_unsupported_event" == Telling().refused(write(msh(kind), pid()))


def test_old_messages_name_their_event_in_evn_or_have_only_one() -> None:
    pv1 = segment("PV1", f19="V1")
    old = write(msh("ADT", version="2.1"), "EVN|A01|20261124093000", pid(), pv1)
    assert "encounter" == Telling().tell(old).kind
    assert "observation" == Telling().tell(write(msh("ORU", version="2.2"), pid(), "OBR|1||F1|X")).kind
    assert "hl7_no_type" == Telling().refused(write(msh("ADT"), pid(), pv1))


def test_msh_4_must_be_the_feeds_facility() -> None:
    other = adt("A01", pid(), segment("PV1", f19="V1")).replace(b"|01003|LD", b"|01004|LD")
    assert "hl7_facility" == Telling().refused(other)
    assert "encounter" == Telling(feed("01003", check_facility=False)).tell(other).kind
    assert "encounter" == Telling(feed("")).tell(other).kind
    named = adt("A01", pid(), segment("PV1", f19="V1")).replace(b"|01003|LD", b"|BVXP^01003^L|LD")
    assert "encounter" == Telling().tell(named).kind


def test_the_visit_number_stands_where_the_feed_says() -> None:
    raw = adt("A01", pid(f18="ACC1"), segment("PV1", f19="V1", f50="ALT1"))
    assert "V1" == Telling().tell(raw).visit_number
    assert "ALT1" == Telling(feed("01003", visit_number=["PV1-50", "PV1-19"])).tell(raw).visit_number
    assert "ACC1" == Telling(feed("01003", visit_number=["PID-18"])).tell(raw).visit_number
    without = adt("A01", pid(f18="ACC1"), segment("PV1", f2="I"))
    assert "hl7_no_visit" == Telling().refused(without)
    assert "ACC1" == Telling(feed("", visit_number=["PV1-19"])).tell(without).visit_number


def test_files_of_nobodys_feed_need_no_numbers_of_ours() -> None:
    nobodys = feed("")
    assert "encounter" == Telling(nobodys).tell(adt("A01", pid(), "PV1|1|I")).kind
    assert "observation" == Telling(nobodys).tell(write(msh("ORU^R01"), pid(), "OBR|1|||X")).kind
    assert "appointment" == Telling(nobodys).tell(write(msh("SIU^S12"), "SCH|", pid())).kind
    assert "no_patient" == Telling(nobodys).silent(write(msh("ORU^R01"), "OBR|1|||X"))
    assert "ACC" == Telling(nobodys).tell(adt("A01", segment("PID", f18="ACC"), "PV1|1|I")).patient_number
    assert "hl7_no_patient" == Telling(nobodys).refused(adt("A01", "PID|1", "PV1|1|I"))


def test_letters_of_nobodys_feed() -> None:
    latin = adt("A01", pid(f5="Müller^Zoë"), "PV1|1|I").replace(b"UNICODE UTF-8", b"").decode().encode("cp1252")
    assert "Müller Zoë" == Telling(feed("")).tell(latin).identity["full_name"]
    assert "charset" == Telling(feed("01003")).refused(latin)
    assert "charset" == Telling(feed("")).refused(adt("A01", pid(), "PV1|1|I", "ZXX|").strip() + b"\xff")
