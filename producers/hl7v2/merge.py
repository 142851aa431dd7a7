"""Two patient numbers that are one person's: ADT of merges, of changed numbers, and of links between two patients. Pure.

Merges (A18, A30, A34, A36, A39, A40) and changed numbers (A46, A47) give MRG after the PID that stays; A24 links two
patients of two PIDs, A37 takes that back (HL7 v2.9 chapter 3.3). HL7 has no event that takes a merge back: that is a
person's decision (`livingdata identity unlink --merge`).
"""

from collections.abc import Iterator
from typing import Final, Literal

from producers.adapter import Feed, Link
from producers.hl7v2 import person
from producers.hl7v2.clear import to_the_second
from producers.hl7v2.message import Message, Segment

_OF_TWO: Final[dict[str, Literal["merge", "unmerge"]]] = {"A24": "merge", "A37": "unmerge"}


def is_of_two(message: Message) -> bool:
    """Whether two PIDs tell it, not PID and MRG."""
    return message.trigger in _OF_TWO


def links(message: Message, feed: Feed) -> tuple[Link, ...]:
    """One per pair of numbers that differ; each pair once."""
    at = to_the_second(message.first("EVN"), 2)
    said = at if at is not None else to_the_second(message.header, 7)
    action = _OF_TWO.get(message.trigger, "merge")
    pairs = _linked(message, feed) if is_of_two(message) else _merged(message, feed)
    rule = f"hl7.{message.trigger}"
    return tuple(Link(prior, into, rule, action, said) for prior, into in dict.fromkeys(pairs) if prior != into)


def _linked(message: Message, feed: Feed) -> Iterator[tuple[str, str]]:
    first, second = (person.patient_number(pid, feed.facility) for pid in message.segments("PID")[:2])
    if first and second:
        yield first, second


def _merged(message: Message, feed: Feed) -> Iterator[tuple[str, str]]:
    """A message may merge several: each MRG belongs to the PID before it."""
    stays: Segment | None = None
    for segment in message:
        if segment.name == "PID":
            stays = segment
        elif segment.name == "MRG":
            into, prior = person.patient_number(stays, feed.facility), person.prior_number(segment, feed.facility)
            if into and prior:
                yield prior, into
