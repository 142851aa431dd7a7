"""SIU and REF."""

from tests.unit.hl7v2.telling import Telling, msh, pid, segment, write

SCH = segment("SCH", f1="P1", f2="H1", f11="^^^20261201083000", f7="TK^Tái khám")
PV1 = segment("PV1", f19="V1", f45="20261124100000")


def siu(event: str, *lines: str) -> bytes:
    return write(msh(f"SIU^{event}"), *lines)


def test_an_appointment_and_its_cancellation() -> None:
    telling = Telling()
    made = telling.tell(siu("S12", SCH, pid(), PV1, "DG1|1||I10^Tăng huyết áp^I10", "AIP|1||BS7"))
    assert ("appointment", ("H1",), "V1", "active", None) == (
        made.kind, made.natural_key, made.visit_number, made.status, made.occurred_at
    )  # fmt: skip
    assert (1_796_088_600_000, ["BS7"], "I10") == (
        made.body["appointed_at"], made.body["doctors"], made.body["main_diagnosis"]
    )  # fmt: skip
    assert "H1" == made.narrative["appointment_number"]
    moved = telling.tell(siu("S13", SCH.replace("1201083", "1202083"), pid()))
    assert 1_796_175_000_000 == moved.body["appointed_at"]
    cancelled = telling.tell(siu("S15", "SCH|P1|H1", pid()))
    assert ("cancelled", moved.body) == (cancelled.status, cancelled.body)
    assert "entered_in_error" == telling.tell(siu("S17", "SCH|P1|H1", pid())).status


def test_the_start_is_also_read_from_tq1_and_resources() -> None:
    assert (
        1_796_088_600_000
        == Telling().tell(siu("S12", "SCH|P1|H1", segment("TQ1", f7="20261201083000"), pid())).body["appointed_at"]
    )
    assert (
        1_796_088_600_000
        == Telling().tell(siu("S12", "SCH|P1|H1", pid(), "AIS|1|A|X|20261201083000")).body["appointed_at"]
    )


def test_appointments_without_number_or_patient() -> None:
    assert "hl7_no_number" == Telling().refused(siu("S12", "SCH|", pid()))
    assert "no_patient" == Telling().silent(siu("S12", SCH))


def test_a_referral_and_its_cancellation() -> None:
    telling = Telling()
    rf1 = segment("RF1", f1="P", f6="CT1", f7="20261124", f10="1^Lý do")
    sides = (segment("PRD", f1="RP", f2="A", f10="BV^^01003"), segment("PRD", f1="RT", f2="B", f10="BV^^^^^^^^^01929"))
    made = telling.tell(write(msh("REF^I12"), rf1, *sides, pid(), "DG1|1||C16^Ung thư dạ dày^I10", PV1))
    assert ("referral", ("CT1",), "V1", "active") == (made.kind, made.natural_key, made.visit_number, made.status)
    assert ("01003", "01929", "1", "C16") == tuple(
        made.body[name] for name in ("referred_from", "referred_to", "reason", "main_diagnosis")
    )
    assert 1_795_453_200_000 == made.occurred_at
    cancelled = telling.tell(write(msh("REF^I14"), segment("RF1", f6="CT1"), pid()))
    assert ("cancelled", made.body, made.occurred_at) == (cancelled.status, cancelled.body, cancelled.occurred_at)
    assert "hl7_no_number" == telling.refused(write(msh("REF^I12"), "RF1|P", pid()))
