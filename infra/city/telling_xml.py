"""A visit told by insurance XML: one file when it ends, then what is mended, added, repeated or left out."""

from dataclasses import replace
from datetime import datetime, timedelta

from infra.city import insurance_xml, xml_lines
from infra.city.care import stamp
from infra.city.insurance_xml import FOLDED, KINDS
from infra.city.message import REFUSED, REJECTED, Expected, Message, Said
from infra.city.names import respelled
from infra.city.telling import Office, Telling, Told
from infra.city.visits import LOCAL, Visit

DIALECT = "insurance_xml"
SYSTEM = "HIS-XML"
PAPERS = frozenset(("XML7", "XML8"))
"""Of those who stayed: giấy ra viện and tóm tắt hồ sơ bệnh án."""


class XmlTelling(Telling):
    """Decides at its start what will go wrong; at most one thing that changes content goes wrong with a visit."""

    def __init__(self, office: Office, visit: Visit) -> None:
        super().__init__()
        self._office = office
        self._visit = visit
        self._identity = visit.identity
        self._name = respelled(office.random, visit.identity.name)
        self._changes: dict[str, str] = {}
        self._pending = 0
        self._left_out: set[str] = set()
        self._broken = ""
        self._cut = 1.0
        self._told = Told()
        self._exports = 0
        self._inner: dict[str, str] | None = None
        self._encoded: dict[str, str] = {}
        self._plan()

    def _plan(self) -> None:
        office, flaws, visit = self._office, self._office.flaws, self._visit
        self.then(0, self._export)
        if visit.inpatient and office.chance(flaws.no_discharge_paper):
            self._left_out |= PAPERS
        if office.chance(flaws.malformed):
            ways = ("truncated", "no_visit", "base64") if visit.drugs else ("truncated", "no_visit")
            self._broken = office.random.choice(ways)
            self._cut = 0.3 + 0.6 * office.random.random()
            if office.chance(flaws.repaired):
                self.then(office.later(), self._mended)
        elif office.chance(flaws.discharge_before_arrival):
            # What repeats the wrong time would be refused with it (X14).
            self._left_out |= PAPERS
            self._visit = replace(visit, referred_to="", revisit=None, leaving="1")
            self._changes["NGAY_RA"] = stamp(visit.arrival - timedelta(days=1))
            if office.chance(flaws.repaired):
                self.then(office.later(), self._mended)
        elif office.chance(flaws.corrections):
            self._correction()
        elif visit.drugs and office.chance(flaws.missing_part):
            self.then(office.later(), self._without_drugs)
        elif office.chance(flaws.quality):
            self._careless()

    def _correction(self) -> None:
        """A correction later on: of the number alone, of a result that was late, or of something in XML1."""
        office, visit = self._office, self._visit
        if office.chance(office.flaws.number_only) and office.desk.tier(visit.identity) == "verified":
            self._identity = office.desk.wrong(visit.identity)
            self.then(office.later(), self._numbered)
        elif visit.orders and office.chance(0.5):
            self._pending = 1 + int(office.random.random() * xml_lines.values(visit.orders))
            self.then(office.later(), self._resulted)
        else:
            self.then(office.later(), self._revised)

    def _careless(self) -> None:
        """What only lowers quality."""
        way = self._office.random.choice(("occupation", "code", "days", "number"))
        if way == "occupation":
            self._changes["MA_NGHE_NGHIEP"] = ""
        elif way == "code":
            self._changes["MA_BENH_CHINH"] = "Q99.99X"
        elif way == "days":
            self._changes["SO_NGAY_DTRI"] = str(self._visit.days + 3)
        else:
            self._identity = self._office.desk.malformed(self._identity)

    def _mended(self, now: datetime) -> Message:
        self._broken = ""
        self._changes.clear()
        return self._again(now)

    def _numbered(self, now: datetime) -> Message:
        self._identity = self._visit.identity
        return self._again(now)

    def _resulted(self, now: datetime) -> Message:
        self._pending = 0
        return self._again(now)

    def _revised(self, now: datetime) -> Message:
        """Fields of XML1 that no other table repeats, but for the result, which XML8 repeats."""
        self._changes["GHI_CHU"] = "Đã bổ sung thông tin theo yêu cầu của cơ quan giám định"
        self._changes["KET_QUA_DTRI"] = "3" if self._visit.result != "3" else "2"
        return self._again(now)

    def _without_drugs(self, now: datetime) -> Message:
        self._left_out.add("XML2")
        return self._again(now)

    def _again(self, now: datetime) -> Message:
        self._inner = None
        return self._export(now)

    def _export(self, now: datetime) -> Message:
        office, visit, local = self._office, self._visit, now.astimezone(LOCAL)
        if self._inner is None:
            self._inner = self._tables()
        self._exports += 1
        expected, stands = self._expect(self._inner)
        if office.chance(office.flaws.duplicates):
            self.next(office.later(), self._export)
        return Message(
            facility=visit.hospital.code,
            dialect=DIALECT,
            name=f"{local:%Y.%m.%d_%H.%M.%S}_{visit.number}-{self._exports}.xml",
            payload=self._file(local),
            expected=expected,
            visit=visit.number,
            stands=stands,
        )

    def _tables(self) -> dict[str, str]:
        """The dossier as it now stands, encoded anew only where a table changed."""
        made = insurance_xml.inner(self._visit, self._identity, self._name, self._changes, self._pending)
        for table in self._left_out:
            made.pop(table, None)
        self._encoded = {table: insurance_xml.encode(text) for table, text in made.items()}
        return made

    def _file(self, local: datetime) -> bytes:
        parts = dict(self._encoded)
        if self._broken == "base64":
            parts["XML2"] = "Lỗi mã hóa: không đọc được bảng thuốc"
        elif self._broken == "no_visit" and self._inner is not None:
            named = f"<MA_LK>{self._visit.number}</MA_LK>"
            parts = {t: insurance_xml.encode(x.replace(named, "<MA_LK></MA_LK>")) for t, x in self._inner.items()}
        whole = insurance_xml.envelope(self._visit.hospital.code, local, parts.items())
        if self._broken == "truncated":
            return whole[: int(len(whole) * self._cut)]
        return whole

    def _expect(self, inner: dict[str, str]) -> tuple[tuple[Expected, ...], bool | None]:
        """(what each part must come to, whether the visit stands by it)."""
        if self._broken in ("truncated", "no_visit"):
            return REFUSED, None
        tier = self._office.desk.tier(self._identity)
        person = (self._identity, self._name)
        parts: list[Expected] = []
        stands: bool | None = True
        for table, kind in KINDS.items():
            if table not in inner:
                if (document := f"{self._visit.number} {table}") in self._told:
                    parts.append(self._told.withdraw(document, kind, tier))
            elif table == "XML1" and "NGAY_RA" in self._changes:
                parts.append(Expected(kind, REJECTED))
                stands = None
            elif table == "XML2" and self._broken == "base64":
                parts.append(Expected(kind, REJECTED))
            else:
                also = inner.get(FOLDED.get(table, ""), "")
                parts.append(self._told.say(kind, (person, inner[table], also), tier, self._said(table)))
        return tuple(parts), stands

    def _said(self, table: str) -> Said:
        visit = self._visit
        main = self._changes.get("MA_BENH_CHINH", visit.disease.code) if table == "XML1" else visit.disease.code
        return Said(
            SYSTEM,
            f"{visit.number} {table}",
            visit,
            self._identity,
            diagnoses=(main, *(code for code, _ in visit.others)),
            ended=visit.end,
            pending=self._pending if table == "XML4" else 0,
        )
