"""The insurance XML that the city writes: well-formed, in the order of QĐ 3176, with exact money and ordered times."""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import islice
from xml.etree import ElementTree as ET

from infra.city import xml_tables
from infra.city.city import City
from infra.city.flaws import NONE, Flaws
from infra.city.message import Message
from infra.city.visits import LOCAL
from schemas.codes import COST_GROUPS, NO_TREATMENT_DAYS, PATIENT_CATEGORIES, PROVINCES_63, VISIT_TYPES

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
CENT = Decimal("0.01")
FIELDS = {
    "XML1": xml_tables.XML1,
    "XML2": xml_tables.XML2,
    "XML3": xml_tables.XML3,
    "XML4": xml_tables.XML4,
    "XML5": xml_tables.XML5,
    "XML7": xml_tables.XML7,
    "XML8": xml_tables.XML8,
    "XML13": xml_tables.XML13,
    "XML14": xml_tables.XML14,
}
Row = dict[str, str]


def files(count: int, flaws: Flaws) -> list[Message]:
    alone = replace(flaws, told_by_both=0.0, told_by_xml=1.0)
    city = City(4, start=START, flaws=alone, people=800)
    return list(islice(city.messages(lambda: START), count))


def tables(message: Message) -> dict[str, list[Row]]:
    """Table -> rows, each field name -> text, read as a receiver would."""
    found = {}
    for part in ET.fromstring(message.payload).iter("FILEHOSO"):  # noqa: S314 - made here
        kind = part.findtext("LOAIHOSO") or ""
        root = ET.fromstring(b64decode(part.findtext("NOIDUNGFILE") or "", validate=True))  # noqa: S314 - made here
        lists = list(root)
        rows = [root] if kind in ("XML1", "XML7", "XML8", "XML13", "XML14") else list(lists[0])
        found[kind] = [{field.tag: field.text or "" for field in row} for row in rows]
        assert all(FIELDS[kind] == tuple(row) for row in found[kind])
    return found


@cache
def dossiers() -> tuple[dict[str, list[Row]], ...]:
    return tuple(tables(message) for message in files(250, NONE))


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def lines() -> Iterator[tuple[Row, Row, str]]:
    for dossier in dossiers():
        for table in ("XML2", "XML3"):
            for line in dossier.get(table, []):
                yield dossier["XML1"][0], line, table


def test_field_counts_of_the_tables() -> None:
    assert [66, 39, 47, 12, 9, 26, 22, 37, 22] == [len(names) for names in FIELDS.values()]


def test_the_tables_have_realistic_numbers_of_lines() -> None:
    def mean(table: str) -> float:
        return sum(len(d.get(table, [])) for d in dossiers()) / len(dossiers())

    assert 3 <= mean("XML2") <= 5
    assert 5 <= mean("XML3") <= 9
    assert 10 <= mean("XML4") <= 25
    assert 1 <= mean("XML5") <= 3
    assert FIELDS.keys() == {t for d in dossiers() for t in d}


def test_x11_x12_each_line_is_exact() -> None:
    for _, line, table in lines():
        count = Decimal(line["SO_LUONG"])
        price = Decimal(line["DON_GIA" if table == "XML2" else "DON_GIA_BV"])
        insured = Decimal(line["DON_GIA" if table == "XML2" else "DON_GIA_BH"])
        hospital, covered = Decimal(line["THANH_TIEN_BV"]), Decimal(line["THANH_TIEN_BH"])
        rate = Decimal(line["TYLE_TT_BH"]) * Decimal(line.get("TYLE_TT_DV", "100")) / 100
        assert rounded(count * price) == hospital
        assert rounded(count * insured * rate / 100) == covered
        assert rounded(covered * Decimal(line["MUC_HUONG"]) / 100) == Decimal(line["T_BHTT"])
        assert covered - Decimal(line["T_BHTT"]) == Decimal(line["T_BNCCT"])
        assert max(Decimal(0), hospital - covered - Decimal(line["T_NGUONKHAC"])) == Decimal(line["T_BNTT"])
        assert line["MA_NHOM"] in COST_GROUPS


def test_x13_the_summary_adds_up_the_lines() -> None:
    for dossier in dossiers():
        summary, drugs, services = dossier["XML1"][0], dossier.get("XML2", []), dossier["XML3"]

        def total(rows: list[Row], name: str) -> Decimal:
            return sum((Decimal(row[name]) for row in rows), Decimal(0))

        assert total(drugs + services, "THANH_TIEN_BV") == Decimal(summary["T_TONGCHI_BV"])
        assert total(drugs + services, "THANH_TIEN_BH") == Decimal(summary["T_TONGCHI_BH"])
        assert total(drugs, "THANH_TIEN_BV") == Decimal(summary["T_THUOC"])
        supplies = [row for row in services if row["MA_NHOM"] in ("10", "11")]
        assert total(supplies, "THANH_TIEN_BV") == Decimal(summary["T_VTYT"])
        for name in ("T_BNTT", "T_BNCCT", "T_BHTT", "T_NGUONKHAC"):
            assert total(drugs + services, name) == Decimal(summary[name])


def test_x01_to_x04_times_are_in_order_and_not_in_the_future() -> None:
    now = f"{START:%Y%m%d%H%M}"
    for dossier in dossiers():
        summary = dossier["XML1"][0]
        came, left = summary["NGAY_VAO"], summary["NGAY_RA"]
        assert came <= (summary["NGAY_VAO_NOI_TRU"] or came) <= left <= now
        for row in dossier.get("XML2", []) + dossier["XML3"]:
            assert came <= row["NGAY_YL"] <= row["NGAY_TH_YL"] <= left
            assert row["NGAY_YL"] <= (row.get("NGAY_KQ") or left) <= left
        for row in dossier.get("XML4", []):
            assert came <= row["NGAY_KQ"] <= left
        for row in dossier.get("XML5", []):
            assert came <= row["THOI_DIEM_DBLS"] <= left
        for row in dossier.get("XML14", []):
            assert left <= row["NGAY_HEN_KL"]
        days = (datetime.strptime(left[:8], "%Y%m%d") - datetime.strptime(came[:8], "%Y%m%d")).days + 1  # noqa: DTZ007
        kind = summary["MA_LOAI_KCB"]
        assert kind in VISIT_TYPES
        if kind in NO_TREATMENT_DAYS:
            assert summary["SO_NGAY_DTRI"] == "0"
        elif kind == "03":
            assert str(days) == summary["SO_NGAY_DTRI"]


def test_what_other_rules_ask_for_is_there() -> None:
    for dossier in dossiers():
        summary = dossier["XML1"][0]
        assert summary["MA_DOITUONG_KCB"] in PATIENT_CATEGORIES
        assert summary["MA_NGHE_NGHIEP"]
        assert bool(summary["MA_THE_BHYT"]) == bool(summary["MA_DKBD"]) == bool(summary["GT_THE_TU"])
        assert not summary["MA_THE_BHYT"] or re.fullmatch(r"[A-Z]{2}[1-5]\d{12}", summary["MA_THE_BHYT"])
        assert all(row["TT_THAU"] for row in dossier.get("XML2", []))
        assert all(row["NGUOI_THUC_HIEN"] for row in dossier["XML3"] if row["MA_NHOM"] in ("1", "2", "3", "8", "18"))
        for table in ("XML7", "XML8", "XML13", "XML14"):
            for row in dossier.get(table, []):
                assert all(row[name] == summary[name] for name in row if name in summary and name != "PP_DIEUTRI")


def test_numbers_have_the_form_of_a_cccd_and_agree_with_sex_and_birth() -> None:
    for dossier in dossiers():
        summary = dossier["XML1"][0]
        number, year = summary["SO_CCCD"], int(summary["NGAY_SINH"][:4])
        assert re.fullmatch(r"0\d{11}", number)
        assert number[1:3] in PROVINCES_63
        assert (int(number[3]) % 2 == 0) == (summary["GIOI_TINH"] == "1")
        assert (year // 100 - 19) * 2 == int(number[3]) // 2 * 2
        assert f"{year % 100:02d}" == number[4:6]


def test_visit_numbers_and_file_names_are_unique_and_sort_in_order() -> None:
    names: dict[str, str] = {}
    for message in files(600, replace(Flaws(), corrections=0.5, duplicates=0.3)):
        if message.retransmission:
            continue
        assert re.fullmatch(r"\d{4}\.\d\d\.\d\d_\d\d\.\d\d\.\d\d_\w+-\d+\.xml", message.name)
        assert names.get(message.visit, "") < message.name
        names[message.visit] = message.name


def readable(message: Message) -> dict[str, list[Row]] | None:
    try:
        return tables(message)
    except (ET.ParseError, ValueError):
        return None


def test_broken_files_are_broken_as_stated() -> None:
    for message in files(150, replace(NONE, malformed=1.0, repaired=0.0)):
        kinds = [part.kind for part in message.expected if part.outcome == "rejected"]
        read = readable(message)
        if kinds == [None]:
            assert read is None or read["XML1"][0]["MA_LK"] == ""
        else:
            assert ["prescription"] == kinds
            assert read is None
            assert ET.fromstring(message.payload).tag == "GIAMDINHHS"  # noqa: S314 - made here


def test_what_is_expected_follows_from_what_changed() -> None:
    """Read the files as a receiver does, and compare the tables of each visit with the last ones."""
    before: dict[str, dict[str, object]] = {}
    kinds = {"XML1": "encounter", "XML2": "prescription", "XML3": "service", "XML4": "observation",
             "XML7": "discharge", "XML13": "referral", "XML14": "appointment"}  # fmt: skip
    beside = {"XML1": "XML5", "XML7": "XML8"}
    flaws = replace(Flaws(), malformed=0.0, discharge_before_arrival=0.0, corrections=0.5, missing_part=0.3)
    for message in files(600, flaws):
        if message.retransmission:
            continue
        read = tables(message)
        person = [read["XML1"][0][n] for n in ("HO_TEN", "SO_CCCD", "NGAY_SINH", "GIOI_TINH", "MA_THE_BHYT", "MA_BN")]
        now: dict[str, object] = {
            kind: (person, read[table], read.get(beside.get(table, "")))
            for table, kind in kinds.items()
            if table in read
        }
        last = before.get(message.visit, {})
        derived = {
            k: "accepted" if k not in last else "duplicate" if last[k] == v else "amended" for k, v in now.items()
        }
        derived |= {kind: "amended" for kind in last if kind not in now}
        assert derived == {part.kind: part.outcome for part in message.expected}
        before[message.visit] = now


def test_a_discharge_before_arrival_is_refused_until_it_is_mended() -> None:
    seen = set()
    for message in files(200, replace(NONE, discharge_before_arrival=1.0)):
        summary = tables(message)["XML1"][0]
        wrong = summary["NGAY_RA"] < summary["NGAY_VAO"]
        outcomes = {part.kind: part.outcome for part in message.expected}
        assert wrong == (outcomes["encounter"] == "rejected")
        assert wrong == (message.stands is None)
        assert message.visit in seen or wrong
        seen.add(message.visit)
