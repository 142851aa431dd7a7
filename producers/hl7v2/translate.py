"""The translator of HL7 v2: bytes -> message -> documents. Pure."""

from collections.abc import Callable
from typing import Any, Final

from producers.adapter import Document, Feed, Parsed, Refusal, Rows, State, Translation, Translator
from producers.hl7v2 import appointment, encounter, folding, merge, numbers, observation, person, referral
from producers.hl7v2.bounds import Problem
from producers.hl7v2.events import Route, route
from producers.hl7v2.message import Message, check_envelope
from producers.hl7v2.message import parse as parse_message

_MOST_KEPT: Final = 1 << 20
"""Characters kept of one visit, appointment or referral beside what is mapped."""
_FOLDED: Final[dict[Route, Any]] = {"appointment": appointment, "referral": referral}


class Hl7Translator:
    """`feed.options`: `charset` (of senders that declare none), `check_facility` (whether MSH-4 must be the feed's;
    a feed without a facility cannot ask), `visit_number` (where it is looked for)."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        message = parse_message(raw, default_charset=numbers.charset(feed))
        if isinstance(message, Problem):
            return refusal(message)
        wrong = check_envelope(message)
        if wrong:
            return refusal(wrong)
        header = message.header
        asked = feed.facility and feed.options.get("check_facility", True)
        if asked and feed.facility not in (header.text(4), header.text(4, 0, 2)):
            return Refusal("hl7_facility", header.place(4))
        chosen = route(message.code, message.trigger)
        if chosen is None:
            return Refusal("hl7_unsupported_event", header.place(9))
        key = _KEYS[chosen](message, feed)
        return key if isinstance(key, Refusal) else Parsed(message.control_id, key, (message, chosen))

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        message: Message
        chosen: Route
        message, chosen = parsed.content
        key = parsed.state_key
        if chosen == "results" and message.segments("PID"):
            return Translation(observation.translate(message, feed), None, observation.rows(message))
        if chosen == "merge":
            return _merged(message, feed)
        if key is None or chosen == "silent":
            return _silent(message, _SILENCE.get(chosen, "no_event"))
        if chosen in _FOLDED:
            kind = _FOLDED[chosen]
            new = kind.fold(state, message, feed)
            document = kind.document(new, message, key.partition("\x1f")[2])
            return _told(document, new, kind.rows(message))
        if chosen == "person" and (state is None or state["planned"]):
            return _silent(message, "person")  # nothing is known of this visit: it says nothing of it either
        new = encounter.fold(state, message, feed)
        if new["planned"]:
            return _silent(message, "planned", new)
        return _told(encounter.document(new, message, key), new, encounter.rows(message))


def _told(document: Document, new: State, rows: Rows) -> Translation:
    """A state that has grown out of bounds is not kept: what was known before stands."""
    size = sum(map(len, document.narrative.values()))
    if size > _MOST_KEPT:
        return Translation((Refusal("too_large", "", f"{size} characters kept of it", document.kind),), None, rows)
    return Translation((document,), new, rows)


def _silent(message: Message, why: str, state: State | None = None) -> Translation:
    return Translation((), state, folding.rows(message, folding.HEADERS), why)


def _merged(message: Message, feed: Feed) -> Translation:
    links = merge.links(message, feed)
    rows = folding.rows(message, folding.HEADERS | {"PID", "MRG"})
    return Translation(links, None, rows) if links else _silent(message, "same_number")


def refusal(problem: Problem) -> Refusal:
    return Refusal(problem.reason, problem.place, problem.detail, original=problem.original)


# What a message must say of whom it speaks, by route: the key of what is known, None where nothing is, or a Refusal.


def _nothing(_message: Message, _feed: Feed) -> str | Refusal | None:
    return None


def _patient(message: Message, feed: Feed, kind: str | None) -> str | Refusal:
    """Of the first PID that has a number."""
    pids = message.segments("PID")
    found = next(filter(None, (person.patient_number(pid, feed.facility) for pid in pids)), None)
    return found or Refusal("hl7_no_patient", pids[0].place(3) if pids else "PID[1]", kind=kind)


def _visit(message: Message, feed: Feed) -> str | Refusal | None:
    patient = _patient(message, feed, encounter.KIND)
    if isinstance(patient, Refusal):
        return patient
    return numbers.visit_or_stand_in(message, patient, feed) or Refusal(
        "hl7_no_visit", "PV1[1]-19", kind=encounter.KIND
    )


def _person(message: Message, feed: Feed) -> str | Refusal | None:
    patient = _patient(message, feed, None)
    if isinstance(patient, Refusal):
        return patient
    return numbers.visit(message.first("PID"), message.first("PV1"), feed) or None


def _merge(message: Message, feed: Feed) -> str | Refusal | None:
    patient = _patient(message, feed, None)
    if isinstance(patient, Refusal):
        return patient
    if merge.is_of_two(message):
        pids = message.segments("PID")
        numbers_ = [person.patient_number(pid, feed.facility) for pid in pids[:2]]
        return None if len(numbers_) == 2 and all(numbers_) else Refusal("hl7_no_patient", "PID[2]-3")
    mrgs = message.segments("MRG")
    wanting = next((mrg for mrg in mrgs if not person.prior_number(mrg, feed.facility)), None)
    if not mrgs or wanting is not None:
        return Refusal("hl7_no_patient", wanting.place(1) if wanting is not None else "MRG[1]-1")
    return None


def _results(message: Message, feed: Feed) -> str | Refusal | None:
    if not message.segments("PID") and (message.code == "OUL" or numbers.nobodys(feed)):
        return None  # control material has no patient, and gives no document
    patient = _patient(message, feed, observation.KIND)
    if isinstance(patient, Refusal):
        return patient
    return None if message.segments("OBR") else Refusal("hl7_no_order", "OBR[1]", kind=observation.KIND)


def _numbered(kind: Any, segment: str) -> Callable[[Message, Feed], str | Refusal | None]:
    def key(message: Message, feed: Feed) -> str | Refusal | None:
        if kind is appointment and not message.segments("PID"):
            return None  # time set aside for nobody
        patient = _patient(message, feed, kind.KIND)
        if isinstance(patient, Refusal):
            return patient
        number = kind.number(message) or (message.control_id if numbers.nobodys(feed) else "")
        return f"{kind.KIND}\x1f{number}" if number else Refusal("hl7_no_number", f"{segment}[1]", kind=kind.KIND)

    return key


_KEYS: Final[dict[Route, Callable[[Message, Feed], str | Refusal | None]]] = {
    "visit": _visit,
    "planned": _visit,
    "person": _person,
    "merge": _merge,
    "results": _results,
    "appointment": _numbered(appointment, "SCH"),
    "referral": _numbered(referral, "RF1"),
    "silent": _nothing,
}
_SILENCE: Final[dict[Route, str]] = {"person": "person", "appointment": "no_patient", "results": "no_patient"}

TRANSLATOR: Final[Translator] = Hl7Translator()
