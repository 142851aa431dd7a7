"""Insurance XML -> documents (QĐ 130/4750/3176). Pure; never raises on any bytes.

A message is one HOSO; its documents are its tables: XML1 with XML5 the encounter, XML2 the prescription, XML3 the
services, XML4 the results, XML13 the referral, XML14 the appointment. The key of each is MA_LK, which is unique inside
a facility only. NGAYLAP is a date and of the file: it orders nothing, and is in no document.
"""

from producers.adapter import Feed, Parsed, Refusal, State, Translation
from producers.insurance_xml.bounds import Limits, Problem
from producers.insurance_xml.envelope import DEFAULT, Dossier, read, read_dossier
from producers.insurance_xml.fold import fold
from producers.insurance_xml.visit import Visit, gather


class InsuranceXml:
    """The translator (`adapter.Translator`). The content of its `Parsed` is a `Visit`."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        """`raw` is one HOSO element, or a whole file that holds exactly one."""
        dossier: Dossier | Problem = read_dossier(raw, self._limits)
        if isinstance(dossier, Problem) and dossier.reason == "xml_root":
            dossier = self._only(raw, feed)
        if isinstance(dossier, Problem):
            return Refusal(dossier.reason, dossier.place, dossier.detail)
        return parse_dossier(dossier, feed)

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:  # noqa: ARG002 - as the plug asks
        visit: Visit = parsed.content
        return fold(state, visit)

    def _only(self, raw: bytes, feed: Feed) -> Dossier | Problem:
        envelope = read(raw, self._limits)
        if isinstance(envelope, Problem):
            return envelope
        if feed.facility and envelope.facility != feed.facility:
            return Problem("xml_facility", FACILITY)
        if len(envelope.dossiers) != 1:
            return Problem("xml_count", "GIAMDINHHS", f"{len(envelope.dossiers)} HOSO where one is expected")
        return envelope.dossiers[0]


FACILITY = "GIAMDINHHS/THONGTINDONVI/MACSKCB"


def parse_dossier(dossier: Dossier, feed: Feed, message_id: str = "", marks: tuple[str, ...] = ()) -> Parsed | Refusal:
    """The same for a HOSO that is already opened. `message_id` is MA_LK where the file's name is not known.

    `marks` are of the file, for each document in it.
    """
    visit = gather(dossier, feed.facility)
    if isinstance(visit, Refusal):
        return visit
    visit.marks = marks
    return Parsed(message_id or visit.number, visit.number or None, visit)


TRANSLATOR = InsuranceXml()
