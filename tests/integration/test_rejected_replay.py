"""Messages broken on purpose, mended and sent again: the ledger balances, twice changes nothing, nothing is shown."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.workbench import rejections
from producers import replay_send
from producers.adapter import Document, Feed, Refusal, Replay, Rows
from producers.event import Keys, Number, compose
from runtime import keyring
from runtime.clock import now_ms
from runtime.pseudonyms import pseudonym
from sinks.clickhouse.client import Away, ClickHouse
from stream_processors.receive import Source
from tests.servers import Servers
from tests.unit.hl7v2.telling import adt, msh, pid, segment, write
from tests.workbench import CANARY, FACILITY, City, small_city

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def running(
    servers: Servers, clickhouse_url: str, migrated: ClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[City]:
    assert migrated is not None
    with small_city(servers, clickhouse_url, tmp_path_factory.mktemp("city")) as made:
        yield made


@pytest.fixture
def city(running: City) -> Iterator[City]:
    """Afterwards: every number has its outcome, and no patient was named anywhere."""
    yield running
    running.wait_until(running.balanced, "a balanced ledger")
    assert CANARY not in "".join(running.printed)


def person() -> str:
    return pid(f5=CANARY.replace(" ", "^", 1), f3=f"BN{next(_NUMBERS)}^^^{FACILITY}^MR")


def wrong_version(visit: str) -> bytes:
    """An admission whose MSH-12 no HL7 has: the adapter refuses it."""
    head = msh("ADT^A01", f"M{visit}", version="9.9")
    return write(head, "EVN|A01|20261124093000", person(), segment("PV1", f2="I", f19=visit, f44="20261124080000"))


def ended_before(visit: str) -> bytes:
    """A discharge before the admission: rule X01 blocks it at the worker."""
    times = {"f44": "20261124080000", "f45": "20261123080000"}
    return adt("A03", person(), segment("PV1", f2="I", f19=visit, f36="01", **times), control_id=f"M{visit}")


def refused(city: City, message: bytes, reason: str) -> str:
    """Send it; the number under which it is refused."""
    known = {row["number"] for row in city.rows("SELECT number FROM rejected_parts")}
    city.send(message)
    return city.rejected("", reason, known)


def rules(folder: Path, **body: object) -> str:
    path = folder / "mend.yaml"
    path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    return str(path)


VERSION = {"source": [{"replace": "|P|9.9|", "with": "|P|2.5|"}]}
TIMES = {"rules": [{"kinds": ["encounter"], "field": "discharged_at", "clear": True}]}


def test_a_message_that_the_adapter_refused_is_mended_in_its_bytes(city: City, tmp_path: Path) -> None:
    number = refused(city, wrong_version("A1"), "hl7_version")
    assert 0 == (told := city.replay(number, "--mend", rules(tmp_path, **VERSION), "--dry-run", "--json")).code
    assert [{"outcome": "accepted", "reason": "", "rules": [], "parts": 1}] == told.lines[0]["outcomes"]
    assert "open" == city.state(number)

    assert 1 == (told := city.replay(number, "--json")).code, "unmended it stays refused"
    assert [("rejected", "hl7_version")] == [(one["outcome"], one["reason"]) for one in told.lines[0]["outcomes"]]

    assert 0 == (told := city.replay(number, "--mend", rules(tmp_path, **VERSION), "--json")).code, told.err
    assert 1 == told.lines[0]["sent"]
    city.wait_for_state(number, "mended")
    row = city.one("SELECT * FROM encounter_history FINAL WHERE replay_of = {number:String}", number=number)
    before = city.one("SELECT * FROM rejected_parts WHERE number = {number:String}", number=number)
    assert ("replay.01003", 1, "HIS", "hl7v2") == tuple(
        row[name] for name in ("adapter_id", "replay_count", "source_system", "source_format")
    )
    assert before["captured_at"] == row["captured_at"]
    outcome = city.one(
        "SELECT outcome FROM ledger WHERE adapter_id = {a:String} AND sequence = {s:Int64}",
        a=before["adapter_id"], s=before["sequence"],
    )  # fmt: skip
    assert "rejected" == outcome["outcome"], "the old number stays rejected"


def test_the_document_is_the_hospitals_own(city: City, tmp_path: Path) -> None:
    """What the hospital sends later of the same visit amends the mended document, and wins over it."""
    number = refused(city, wrong_version("A2"), "hl7_version")
    assert 0 == city.replay(number, "--mend", rules(tmp_path, **VERSION)).code
    city.wait_for_state(number, "mended")
    before = city.one("SELECT document_id FROM encounter_history WHERE replay_of = {n:String}", n=number)
    city.send(adt("A08", person(), segment("PV1", f2="I", f19="A2", f44="20261124080000"), at="20261124100000"))
    rows = city.wait_for(
        "SELECT outcome, replay_of FROM encounter_history FINAL WHERE document_id = {id:String} ORDER BY version",
        2,
        id=before["document_id"],
    )
    assert [number, None] == [row["replay_of"] for row in rows]
    city.wait_for(
        "SELECT 1 FROM encounters WHERE document_id = {id:String} AND replay_of IS NULL", id=before["document_id"]
    )


def test_a_document_that_the_worker_refused_is_mended_field_by_field(city: City, tmp_path: Path) -> None:
    number = refused(city, ended_before("B1"), "rule")
    assert 0 == (told := city.replay(number, "--mend", rules(tmp_path, **TIMES), "--json")).code
    assert {"1": 1} == told.lines[0]["rules_used"]
    city.wait_for_state(number, "mended")
    row = city.one("SELECT * FROM encounter_history FINAL WHERE replay_of = {number:String}", number=number)
    refused_row = city.one("SELECT * FROM rejected_parts WHERE number = {number:String}", number=number)
    assert row["discharged_at"] is None
    assert refused_row["captured_at"] == row["captured_at"]
    assert row["version"] >> 20 < row["captured_at"].timestamp() * 1000 + 1


def test_sending_twice_changes_nothing(city: City, tmp_path: Path) -> None:
    number = refused(city, ended_before("C1"), "rule")
    mend = rules(tmp_path, **TIMES)
    assert 0 == city.replay(number, "--mend", mend).code
    city.wait_for_state(number, "mended")
    taken = city.rows("SELECT count() AS n FROM ledger WHERE startsWith(adapter_id, 'replay.')")
    told = city.replay(number, "--mend", mend)
    assert (0, True) == (told.code, "no open part" in told.err)
    assert taken == city.rows("SELECT count() AS n FROM ledger WHERE startsWith(adapter_id, 'replay.')")
    assert 1 == city.one("SELECT replays FROM rejected_parts WHERE number = {n:String}", n=number)["replays"]


def test_a_run_that_broke_off_before_it_wrote_down_what_it_sent(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker had it, the decision was not written: once more, and it is one message all the same."""
    number = refused(city, ended_before("D1"), "rule")
    mend = rules(tmp_path, **TIMES)

    def broken(*_: object, **__: object) -> None:
        raise Away("code 0 in a test")

    with monkeypatch.context() as patch:
        patch.setattr(rejections, "decide", broken)
        assert 1 == city.replay(number, "--mend", mend).code
    assert 0 == city.replay(number, "--mend", mend).code
    city.wait_for_state(number, "mended")
    sent = city.rows("SELECT DISTINCT sequence FROM encounter_history WHERE replay_of = {n:String}", n=number)
    assert 1 == len(sent)


def test_a_replay_that_is_refused_again_stands_for_what_it_was_to_mend(city: City, tmp_path: Path) -> None:
    number = refused(city, ended_before("E1"), "rule")
    other = rules(tmp_path, rules=[{"field": "identity.phone", "default": "0900000000"}])
    assert 1 == city.replay(number, "--mend", other).code, "not sent: it would be refused again"
    assert "open" == city.state(number)
    known = {row["number"] for row in city.rows("SELECT number FROM rejected_parts")}
    assert 0 == city.replay(number, "--mend", other, "--anyway").code
    again = city.rejected("", "rule", known)
    assert again.startswith("replay.01003/")
    city.wait_for_state(number, "replayed")
    shown = city.command("show", again, "--json").lines[0]
    assert (number, 1) == (shown["replay_of"], shown["replay_count"])
    assert 0 == city.replay(again, "--mend", rules(tmp_path, **TIMES)).code
    city.wait_for_state(again, "mended")
    city.wait_for_state(number, "mended")
    row = city.one("SELECT replay_of, replay_count FROM encounter_history FINAL WHERE replay_of = {n:String}", n=again)
    assert 2 == row["replay_count"]


def test_a_corrected_file_stands_for_what_cannot_be_mended_by_rule(city: City, tmp_path: Path) -> None:
    number = refused(city, b"no HL7 at all\r", "hl7_no_msh")
    corrected = tmp_path / "corrected.hl7"
    corrected.write_bytes(wrong_version("F1").replace(b"|P|9.9|", b"|P|2.5|"))
    assert 0 == (told := city.replay(number, "--file", str(corrected))).code, told.err
    city.wait_for_state(number, "mended")


def test_many_by_a_filter_each_with_its_own_fate(city: City, tmp_path: Path) -> None:
    numbers = [refused(city, ended_before(f"G{at}"), "rule") for at in range(3)]
    numbers.append(refused(city, wrong_version("G9"), "hl7_version"))
    told = city.replay(
        "--facility", FACILITY, "--since", "1h", "--mend", rules(tmp_path, **TIMES), "--dry-run", "--json"
    )
    outcomes = {(one["outcome"], one["reason"]): one["parts"] for one in told.lines[0]["outcomes"]}
    assert 3 <= outcomes["accepted", ""]
    assert 1 <= outcomes["rejected", "hl7_version"]
    told = city.replay("--facility", FACILITY, "--rule", "X01", "--mend", rules(tmp_path, **TIMES), "--rate", "50")
    assert 0 == told.code
    for number in numbers[:3]:
        city.wait_for_state(number, "mended")
    assert "open" == city.state(numbers[3])


def test_a_given_up_part_is_hidden_and_can_be_taken_up_again(city: City) -> None:
    number = refused(city, ended_before("H1"), "rule")
    assert 0 == city.command("discard", number, "--why", "thử máy / a test message").code
    assert "discarded" == city.state(number)
    listed = [row["number"] for row in city.command("list", "--numbers", "--json").lines]
    assert number not in listed
    assert "a test message" in city.command("show", number).out
    assert "no open part" in city.replay(number).err
    assert 0 == city.command("discard", number, "--why", "nhầm / mistaken", "--undo").code
    assert "open" == city.state(number)


def test_only_who_has_the_key_and_says_why_sees_an_original(city: City) -> None:
    for message, reason in ((wrong_version("I1"), "hl7_version"), (ended_before("I2"), "rule")):
        number = refused(city, message, reason)
        opened = ("show", number, "--unseal", "--keyring", str(city.keyring))
        assert 2 == city.command(*opened).code, "without a purpose"
        told = city.command(*opened, "--purpose", "gọi bệnh viện / calling the hospital")
        assert 0 == told.code
        assert CANARY.split()[-1] in told.out.replace("^", " ")
        city.printed[-2] = ""  # the one place where it may stand
        assert (True, False) == ("original_opened" in told.err, CANARY.split()[-1] in told.err)
        logged = city.one("SELECT * FROM original_accesses WHERE sequence = {s:Int64} AND adapter_id = '01003.HIS'",
                          s=int(number.split("/")[2]))  # fmt: skip
        assert "gọi bệnh viện / calling the hospital" == logged["purpose"]
        other = ("show", number, "--unseal", "--keyring", str(city.folder / "other.json"), "--purpose", "x")
        keyring.save(city.ring.only(["01004"]), city.folder / "other.json")
        assert (1, "") == ((told := city.command(*other)).code, told.out)


# What keeps its number


def hospitals(city: City, sequence: int, adapter: str, seal: str = FACILITY, **kept: Any) -> tuple[Source, str]:
    """A record as an adapter of the hospital would write it, past the adapter; and its number."""
    document = Document(
        "encounter", (adapter, str(sequence)), visit_number=f"{adapter}-{sequence}", patient_number=f"P-{adapter}",
        occurred_at=now_ms() - 60_000, body={"visit_type": "01"}, identity={"full_name": CANARY},
    )  # fmt: skip
    number = Number(adapter, "c" * 16, sequence, 1, 1)
    keys = Keys(city.ring.sealing(seal), city.ring.pseudonym_key(FACILITY))
    of = Replay("01003.HIS/x/1/1", 1, 1, kept) if kept else None
    made = compose(
        document, number, Feed(adapter, FACILITY, "HIS", "hl7v2"), keys,
        captured_at=now_ms(), last_version=0, message_id="m", rows=Rows(), replay=of,
    )  # fmt: skip
    assert not isinstance(made, Refusal)
    record = made[0]
    return Source(record.topic, 0, 0, record.key, record.value, record.headers), f"{adapter}/{'c' * 16}/{sequence}/1"


def test_unmended_the_same_record_is_published_again(city: City) -> None:
    """Refused for its Kafka key; that is made anew from its header."""
    record, number = hospitals(city, 1, "01003.wrongkey")
    city.produce(replace(record, key=b"wrong"))
    city.wait_for("SELECT 1 FROM rejected_parts WHERE number = {n:String}", n=number)
    assert 0 == (told := city.replay(number)).code, told.err
    city.wait_for_state(number, "mended")
    row = city.one("SELECT outcome FROM ledger WHERE adapter_id = '01003.wrongkey'")
    assert "accepted" == row["outcome"], "the number itself is accepted now"
    assert 0 == city.one("SELECT count() AS n FROM encounter_history WHERE replay_of = {n:String}", n=number)["n"]


def test_what_the_store_refused_is_read_from_kafka_again(city: City) -> None:
    city.store.command("ALTER TABLE encounter_history ADD CONSTRAINT no_tests CHECK adapter_id != '01003.store'")
    record, number = hospitals(city, 1, "01003.store")
    try:
        city.produce(record)
        city.wait_for("SELECT 1 FROM rejected_parts WHERE number = {n:String} AND stage = 'sink'", n=number)
    finally:
        city.store.command("ALTER TABLE encounter_history DROP CONSTRAINT no_tests")
    assert 1 == city.command("replay", number, "--dry-run", "--keyring", str(city.keyring), "--json").lines[0]["parts"]
    assert 0 == (told := city.replay(number)).code, told.err
    city.wait_for_state(number, "mended")


def test_the_replay_key_in_the_name_of_a_hospitals_own_adapter_is_refused(city: City) -> None:
    record, number = hospitals(city, 1, "01003.forged", seal="replay")
    other, other_number = hospitals(city, 1, "replay.01003", seal=FACILITY, purpose="care")
    city.produce(record, other)
    for each in (number, other_number):
        (row,) = city.wait_for("SELECT reason FROM rejected_parts WHERE number = {n:String}", n=each)
        assert "seal_key" == row["reason"]
        told = city.replay(
            each, "--mend", rules(city.folder, rules=[{"field": "visit_type", "default": "02"}]), "--json"
        )
        assert (1, 0, "seal_key") == (told.code, told.lines[0]["sent"], told.lines[0]["outcomes"][0]["reason"])


# What is not sent


def test_a_partial_document_does_not_take_the_place_of_a_whole_one(city: City, tmp_path: Path) -> None:
    """Sent again alone, what was said before is not known: the hospital has to send it again."""
    who = person()
    admitted = segment("PV1", f2="I", f3="K01", f19="J1", f44="20261124080000")
    city.send(adt("A01", who, admitted, "DG1|1||J18.9^Viêm phổi^I10|||A", control_id="MJ1"))
    key = city.ring.pseudonym_key(FACILITY)
    visit = pseudonym(key, "visit", FACILITY, "J1")
    city.wait_for("SELECT 1 FROM encounters WHERE visit_key = {v:String}", v=visit)
    head = msh("ADT^A03", "MJ2", "20261124103000", version="9.9")
    number = refused(
        city, write(head, "EVN|A03|20261124103000", who, segment("PV1", f19="J1", f36="01")), "hl7_version"
    )
    told = city.replay(number, "--mend", rules(tmp_path, **VERSION), "--json")
    assert (1, 0, "partial_over_whole") == (told.code, told.lines[0]["sent"], told.lines[0]["outcomes"][0]["reason"])
    assert (
        "J18.9"
        == city.one("SELECT main_diagnosis FROM encounters WHERE visit_key = {v:String}", v=visit)["main_diagnosis"]
    )


def test_who_was_erased_does_not_come_back(city: City) -> None:
    record, number = hospitals(city, 1, "01003.erased")
    city.produce(replace(record, key=b"wrong"))
    city.wait_for("SELECT 1 FROM rejected_parts WHERE number = {n:String}", n=number)
    patient = pseudonym(city.ring.pseudonym_key(FACILITY), "patient", FACILITY, "P-01003.erased")
    city.store.insert_rows("erased_persons", ["patient_key", "facility", "action"], [[patient, FACILITY, "erased"]])
    told = city.replay(number, "--json")
    assert (1, "erased") == (told.code, told.lines[0]["outcomes"][0]["reason"])
    assert "open" == city.state(number)


def test_while_kafka_is_away_nothing_is_written_down(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken waits in the outbox, and goes first the next time."""
    number = refused(city, ended_before("K1"), "rule")
    mend = rules(tmp_path, **TIMES)
    monkeypatch.setattr(replay_send.ReplaySender.deliver, "__defaults__", (0.2,))
    away = ("--kafka", "127.0.0.1:1", "--keyring", str(city.keyring), "--data", str(city.folder / "replay"))
    told = city.command("replay", number, "--mend", mend, *away)
    assert (1, True) == (told.code, "not_delivered" in told.err)
    assert "open" == city.state(number)
    assert (
        0
        == city.one(
            "SELECT count() AS n FROM rejection_decisions WHERE why = '' AND sequence = {s:Int64} AND adapter_id = '01003.HIS'",
            s=int(number.split("/")[2]),
        )["n"]
    )
    monkeypatch.undo()
    assert 0 == city.replay(number, "--mend", mend).code
    city.wait_for_state(number, "mended")
    sent = city.rows("SELECT DISTINCT sequence FROM encounter_history WHERE replay_of = {n:String}", n=number)
    assert 1 == len(sent)
