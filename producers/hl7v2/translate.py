"""The translator of HL7 v2: bytes -> message -> documents. Pure."""

from typing import Final

from producers.adapter import Feed, Parsed, Refusal, State, Translation, Translator
from producers.hl7v2 import encounter, observation, person
from producers.hl7v2.bounds import Problem
from producers.hl7v2.events import Route, route
from producers.hl7v2.message import Message, check_envelope
from producers.hl7v2.message import parse as parse_message


class Hl7Translator:
    """`feed.options`: `charset` (of senders that declare none), `check_facility` (whether MSH-4 must be the feed's;
    a feed without a facility, as `adapter check` makes one, cannot ask)."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        message = parse_message(raw, default_charset=feed.options.get("charset", "utf-8"))
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
        return _asked(message, chosen, feed)

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        message: Message = parsed.content
        chosen = route(message.code, message.trigger)
        if chosen == "visit" and parsed.state_key:
            new = encounter.fold(state, message, feed)
            document = encounter.document(new, message, parsed.state_key)
            return Translation((document,), new, encounter.rows(message))
        if chosen == "results":
            return Translation(observation.translate(message, feed), None, observation.rows(message))
        return Translation((), silence="no_event")


def refusal(problem: Problem) -> Refusal:
    return Refusal(problem.reason, problem.place, problem.detail, original=problem.original)


def _asked(message: Message, chosen: Route, feed: Feed) -> Parsed | Refusal:
    """Whether the message says of whom, of which visit or of which order it speaks."""
    if chosen == "silent":
        return Parsed(message.control_id, None, message)
    pids = message.segments("PID")
    kind = "encounter" if chosen == "visit" else observation.KIND
    if not any(person.patient_number(pid, feed.facility) for pid in pids):
        return Refusal("hl7_no_patient", pids[0].place(3) if pids else "PID[1]", kind=kind)
    if chosen == "visit":
        pv1 = message.first("PV1")
        visit = pv1.text(19) if pv1 else ""
        if not visit:
            return Refusal("hl7_no_visit", "PV1[1]-19", kind=kind)
        return Parsed(message.control_id, visit, message)
    if not message.segments("OBR"):
        return Refusal("hl7_no_order", "OBR[1]", kind=kind)
    return Parsed(message.control_id, None, message)


TRANSLATOR: Final[Translator] = Hl7Translator()
