"""Acknowledgements, original and enhanced."""

from datetime import UTC, datetime

import pytest

from producers.adapter import Receipt, Refusal
from producers.hl7v2.answer import answers
from producers.hl7v2.message import Message, parse
from schemas.reasons import REASONS
from tests.unit.hl7v2.telling import adt, pid, segment

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
TAKEN = Receipt(7, documents=("encounter",))
FAULTY = Receipt(7, (Refusal("hl7_no_visit", "PV1[1]-19"), Refusal("hl7_no_order", "OBR[2]-3.1")))
REJECTED = Receipt(7, (Refusal("hl7_unsupported_event", "MSH[1]-9"),))
FULL = Receipt(None, full=True)


def message(accept: str = "", application: str = "", version: str = "2.5") -> Message:
    raw = adt("A01", pid(), segment("PV1", f19="V1"))
    raw = raw.replace(b"|P|2.5||||||", f"|P|{version}|||{accept}|{application}||".encode())
    made = parse(raw)
    assert isinstance(made, Message)
    return made


def replies(to: Message | None, receipt: Receipt, *, enhanced: bool = True) -> list[list[list[str]]]:
    made = answers(to, receipt, now=NOW, control_id="C1", enhanced=enhanced)
    return [[line.split("|") for line in one.decode().strip("\r").split("\r")] for one in made]


def codes(accept: str, application: str, receipt: Receipt, *, enhanced: bool = True) -> list[str]:
    return [lines[1][1] for lines in replies(message(accept, application), receipt, enhanced=enhanced)]


def test_the_header_turns_round_and_says_when() -> None:
    ((msh, msa),) = replies(message(), TAKEN)
    assert ["LD", "SYT", "HIS", "01003", "20261124093000+0700", "", "ACK^A01^ACK", "C1", "P", "2.5"] == msh[2:12]
    assert "UNICODE UTF-8" == msh[17]
    assert ["MSA", "AA", "M1"] == msa


def test_every_fault_has_its_place_condition_and_way_to_mend() -> None:
    ((_, msa, first, second),) = replies(message(), FAULTY)
    assert ["MSA", "AE", "M1"] == msa[:3]
    assert ["PV1^1^19^1", "101^Required field missing^HL70357", "E", "hl7_no_visit", "", "PV1[1]-19"] == first[2:8]
    assert "OBR^2^3^1^1" == second[2]
    reason = REASONS["hl7_no_visit"]
    assert f"{reason.vi}. {reason.mend_vi} / {reason.en}. {reason.mend_en}" == first[8] == msa[3]


def test_msa_3_is_gone_since_2_7() -> None:
    ((_, msa, *_),) = replies(message(version="2.7"), FAULTY)
    assert ["MSA", "AE", "M1"] == msa


def test_without_a_header_there_is_still_an_answer() -> None:
    ((msh, msa, err),) = replies(None, Receipt(7, (Refusal("hl7_no_msh", "segment[1]"),)))
    assert "ACK" == msh[8]
    assert ["MSA", "AR", ""] == msa[:3]
    assert "hl7_no_msh" == err[5]


@pytest.mark.parametrize("reason", [name for name, row in REASONS.items() if row.stage == "adapter"])
def test_only_what_may_go_better_later_asks_for_another_try(reason: str) -> None:
    ((_, _, err),) = replies(message(), Receipt(7, (Refusal(reason),)))
    assert "207" != err[3].split("^")[0]
    ((_, _, busy),) = replies(message(), FULL)
    assert "207" == busy[3].split("^")[0]


@pytest.mark.parametrize(
    ("accept", "application", "taken", "faulty", "rejected", "full"),
    [
        ("", "", ["AA"], ["AE"], ["AR"], ["AE"]),
        ("AL", "NE", ["CA"], ["CE"], ["CR"], ["CE"]),
        ("AL", "", ["CA"], ["CE"], ["CR"], ["CE"]),
        ("NE", "AL", ["AA"], ["AE"], ["AR"], ["AE"]),
        ("AL", "AL", ["CA", "AA"], ["CE"], ["CR"], ["CE"]),
        ("ER", "AL", ["AA"], ["CE"], ["CR"], ["CE"]),
        ("SU", "ER", ["CA"], ["AE"], ["AR"], ["AE"]),
        ("NE", "NE", [], [], [], []),
    ],
)
def test_enhanced_mode(
    accept: str, application: str, taken: list[str], faulty: list[str], rejected: list[str], full: list[str]
) -> None:
    receipts = (TAKEN, FAULTY, REJECTED, FULL)
    assert [taken, faulty, rejected, full] == [codes(accept, application, receipt) for receipt in receipts]


def test_a_feed_may_keep_to_the_original_mode() -> None:
    assert ["AA"] == codes("AL", "AL", TAKEN, enhanced=False)


def test_two_replies_have_two_control_ids() -> None:
    first, second = replies(message("AL", "AL"), TAKEN)
    assert ["C1", "C1A"] == [first[0][9], second[0][9]]


def test_a_reply_gets_no_reply() -> None:
    raw = adt("A01", "MSA|AA|X").replace(b"ADT^A01", b"ACK^A01")
    made = parse(raw)
    assert isinstance(made, Message)
    assert [] == replies(made, Receipt(8, silence="no_event"))


def test_texts_keep_the_messages_own_separators() -> None:
    made = parse(adt("A01", pid()).replace(b"|", b"#").replace(b"^~\\&", b"/*?!").replace(b"ADT^A01", b"ADT/A01"))
    assert isinstance(made, Message)
    (reply,) = answers(made, FAULTY, now=NOW, control_id="C1")
    assert reply.startswith(b"MSH#/*?!#LD#SYT#HIS#01003#")
    assert b"\rERR##PV1/1/19/1#101/Required field missing/HL70357#E#" in reply
