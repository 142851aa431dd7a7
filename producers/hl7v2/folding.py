"""What documents that are folded share: a source's words about the person, diagnoses and everything not mapped.

An empty field is unchanged, `""` deletes, a segment that is absent is unchanged, a list (DG1, NK1, Z segments) that is
there replaces the list.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from producers.adapter import Feed, Rows, State
from producers.hl7v2 import diagnoses, person
from producers.hl7v2.clear import left, line
from producers.hl7v2.datatypes import timestamp
from producers.hl7v2.message import Message, Segment
from runtime.clock import DAY_MS

HEADERS: Final = frozenset(("MSH", "EVN", "SFT", "UAC", "MSA", "ERR", "DSC"))
"""They tell of the message, not of the patient."""
BASE: Final = HEADERS | {"PID", "PD1", "PV1", "PV2", "DG1"}
_USED: Final = {"PV1": frozenset((1, 2, 3, 19, 36, 44, 45)), "PV2": frozenset((1,)), "PD1": frozenset[int]()}
_UNREADABLE: Final = frozenset(("PID-7", "PID-8", "PV1-44", "PV1-45"))
"""Of these, what is kept as extra is what could not be read."""


def start(state: State | None) -> State:
    """A copy to fold into; empty where nothing is known."""
    known = state or {}
    return {
        "status": known.get("status", "active"),
        "identity": dict(known.get("identity", ())),
        "fields": dict(known.get("fields", ())),
        "diagnoses": known.get("diagnoses", []),
        "extra": dict(known.get("extra", ())),
        "segments": dict(known.get("segments", ())),
    }


def put(known: dict[str, Any], said: Mapping[str, Any]) -> None:
    """An empty value deletes."""
    for name, value in said.items():
        if value in ("", None):
            known.pop(name, None)
        else:
            known[name] = value


def fold(new: State, message: Message, feed: Feed, mapped: Collection[str] = BASE) -> None:
    """Person, diagnoses and what is not `mapped`; of PV1, PV2 and PD1 what has no field here."""
    for pid in message.segments("PID")[:1]:
        put(new["identity"], person.said(pid, feed.facility))
        put(new["extra"], dict(person.extras(pid)))
    for name, used in _USED.items():
        for segment in message.segments(name)[:1]:
            put(new["extra"], dict(left(segment, used)))
    if message.segments("DG1"):
        new["diagnoses"] = diagnoses.read(message.segments("DG1"))
    new["segments"] |= _others(message, mapped)


def _others(message: Message, mapped: Collection[str]) -> dict[str, list[str]]:
    """Segments that are not mapped, each list whole. A second PID and the like are such too."""
    found: dict[str, list[str]] = {}
    for segment in message:
        if segment.name not in mapped or (segment.occurrence > 1 and segment.name in ("PID", "PV1", "PV2", "PD1")):
            found.setdefault(segment.name, []).append(line(segment))
    return found


def fold_time(new: State, segment: Segment, n: int, name: str) -> None:
    """A time of the visit; one that cannot be read stays as extra. An end given as a day is not before the arrival of
    that day."""
    said = segment.said(n)
    if said is None:
        return
    at = timestamp(said)
    millis = at.millis if at else None
    came = new["fields"].get("admitted_at")
    if at and at.precision == "day" and came is not None and at.millis <= came < at.millis + DAY_MS:
        millis = came
    put(new["fields"], {name: millis})
    put(new["extra"], {f"{segment.name}-{n}": segment.field(n) if said and not at else None})


def narrative(state: State) -> dict[str, str]:
    """Everything not mapped, to be sealed as it stands, by the place where it stood."""
    found = {f"extra.{name}": text for name, text in state["extra"].items()}
    for name, lines in state["segments"].items():
        found |= {f"extra.{name}[{i}]": text for i, text in enumerate(lines, 1)}
    for i, diagnosis in enumerate(state["diagnoses"], 1):
        found |= {f"diagnoses[{i}].extra.{name}": text for name, text in diagnosis["left"].items()}
    return found


def diagnosed(state: State) -> dict[str, Any]:
    """The body's diagnoses."""
    lines = state["diagnoses"]
    return {
        "main_diagnosis": diagnoses.main_code(lines),
        "diagnoses": [{k: v for k, v in diagnosis.items() if k != "left"} for diagnosis in lines],
    }


def sensitivity(state: State) -> str:
    said = [diagnosis.get(name) for diagnosis in state["diagnoses"] for name in ("code", "alternate_code")]
    return diagnoses.sensitivity(said)


def marks(state: State) -> tuple[str, ...]:
    """M03 as long as a value that could not be read stands."""
    return () if _UNREADABLE.isdisjoint(state["extra"]) else ("M03",)


def rows(message: Message, mapped: Collection[str]) -> Rows:
    """Segments read, used and kept sealed without being understood."""
    unmapped: dict[str, int] = {}
    for segment in message:
        if segment.name not in mapped:
            unmapped[segment.name] = unmapped.get(segment.name, 0) + 1
    return Rows(len(message), len(message) - sum(unmapped.values()), unmapped)
