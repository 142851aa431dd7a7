"""Which number of a message is the visit's, and which letters it is in, as the facility's configuration says.

A feed without a facility belongs to nobody (`adapter check` makes one to read other people's files): there, nobody has
said which number is the visit's, so any is taken, and where there is none, another stands in.
"""

from typing import Final, Literal

from producers.adapter import Feed
from producers.hl7v2.message import Message, Segment

VisitSource = Literal["PV1-19", "PV1-50", "PID-18"]
"""Visit number, alternate visit id, patient account number."""

_ANY: Final[tuple[VisitSource, ...]] = ("PV1-19", "PV1-50", "PID-18")


def nobodys(feed: Feed) -> bool:
    return not feed.facility


def charset(feed: Feed) -> str:
    """Of senders that declare none. Where nobody has said, what is not UTF-8 is read as Latin-1, HL7's own default
    before Unicode, if it can be that."""
    said: str = feed.options.get("charset", "utf-8")
    return "8859/1" if nobodys(feed) and said == "utf-8" else said


def visit(pid: Segment | None, pv1: Segment | None, feed: Feed) -> str:
    """The visit number, empty without."""
    sources = _ANY if nobodys(feed) else feed.options.get("visit_number") or _ANY[:1]
    for source in sources:
        segment = pid if source.startswith("PID") else pv1
        found = segment.text(int(source.partition("-")[2])) if segment is not None else ""
        if found:
            return found
    return ""


def visit_or_stand_in(message: Message, patient: str, feed: Feed) -> str:
    """For ADT. Where nobody has said which number is the visit's: patient and admission stand in."""
    pv1 = message.first("PV1")
    found = visit(message.first("PID"), pv1, feed)
    if found or not nobodys(feed):
        return found
    return f"{patient} {pv1.text(44) if pv1 else ''}"
