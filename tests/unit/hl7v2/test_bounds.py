"""What is large is refused or read in time that grows with its size."""

import pytest

from producers.adapter import Document
from producers.hl7v2.bounds import Limits, Problem
from producers.hl7v2.message import Message, parse
from tests.unit.hl7v2.telling import Telling, adt, msh, pid, segment, write

PV1 = segment("PV1", f2="I", f19="V1")
OBR = segment("OBR", f1="1", f3="F1", f4="X")


def problem(raw: bytes, limits: Limits = Limits()) -> Problem:  # noqa: B008 - frozen
    made = parse(raw, limits=limits)
    assert isinstance(made, Problem)
    return made


@pytest.mark.parametrize(
    ("raw", "limits"),
    [
        (adt("A01", pid(), PV1), Limits(message=100)),
        (adt("A01", pid(), PV1), Limits(segments=3)),
        (adt("A01", pid(), PV1), Limits(fields=10)),
        (adt("A01", pid(f3="1~" * 30), PV1), Limits(fields=20, pieces=25)),
        (b"MSH|^~\\&|" + b"x" * (1 << 20), Limits()),
    ],
)
def test_limits(raw: bytes, limits: Limits) -> None:
    assert "too_large" == problem(raw, limits).reason


def test_a_message_of_a_megabyte_is_read() -> None:
    lines = [f"OBX|{i}|NM|T{i}^Chỉ số^L||{i}.5|mmol/L|1-9|N|||F|||20261124080000" for i in range(1, 13_501)]
    raw = write(msh("ORU^R01"), pid(), PV1, OBR, *lines)
    assert 900_000 < len(raw) < 1 << 20
    assert 13_500 == len(Telling().tell(raw).body["results"])


def test_many_repetitions_are_read_once() -> None:
    """Splitting a field anew for each of its repetitions would take minutes."""
    made = Telling().tell(adt("A01", pid(f3="BN1^^^01003^MR~" + "1^~" * 19_000), PV1))
    assert "BN1" == made.patient_number
    assert not Telling().tell(adt("A01", pid(f13="~" * 19_000), PV1)).identity.get("phone")
    for kind in ("ST", "TX", "CE", "SN", "NM"):
        obx = f"OBX|1|{kind}|A||{'1^~' * 19_000}"
        (line,) = Telling().tell(write(msh("ORU^R01"), pid(), PV1, OBR, obx, f"NTE|1||{'x~' * 9_000}")).body["results"]
        assert line["value_text"] is None
    obr = segment("OBR", f3="F1", f31="1^~" * 19_000)
    assert "normal" == Telling().tell(write(msh("ORU^R01"), pid(), PV1, obr)).sensitivity


def test_a_message_does_not_grow_to_many_times_its_size() -> None:
    large = pid(f10="x" * 100_000)
    assert "too_large" == Telling().refused(write(msh("ORU^R01"), large, PV1, *[f"OBR|1||F{i}|X" for i in range(400)]))
    assert "too_large" == Telling().refused(
        write(msh("ORU^R01"), pid(), PV1, *[f"OBR|1||F{i}|X" for i in range(5_001)])
    )
    good = Telling().translate(write(msh("ORU^R01"), pid(), PV1, *[f"OBR|1||F{i}|X" for i in range(5_000)]))
    assert 5_000 == len(good.outcomes)
    assert isinstance(good.outcomes[0], Document)


def test_what_is_kept_of_a_visit_is_bounded() -> None:
    telling = Telling()
    for name in ("ZAA", "ZBB"):
        telling.tell(adt("A01", pid(), PV1, f"{name}|{'x' * 400_000}"))
    assert "too_large" == telling.refused(adt("A08", pid(), PV1, f"ZCC|{'x' * 400_000}"))
    assert "ZCC" not in telling.states["V1"]["segments"]
    assert "too_large" != telling.tell(adt("A08", pid(), PV1)).kind


def test_a_message_says_nothing_in_its_repr() -> None:
    made = parse(adt("A01", pid(), PV1))
    assert isinstance(made, Message)
    assert not any(word in repr(made) + repr(list(made)) for word in ("Nguyễn", "BN1", "V1"))
