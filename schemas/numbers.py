"""The number of a part as text: `adapter_id/incarnation/sequence/part`, as people quote it and `replay_of` holds it.

A record without a readable header is named by its place on Kafka instead: an empty adapter, `topic/partition` for the
incarnation, and the offset: `/received.encounter/3/177/1`.
"""

import re
from typing import Final, NamedTuple

REPLAY: Final = "replay"
"""The adapter that sends mended documents again, as `replay.FACILITY`; its key speaks for every facility."""

MOST_REPLAYS: Final = 5
"""A document that has been mended and sent so often and is still refused needs a person, not another turn."""

BACKFILL: Final = ".backfill"
"""How the adapter_id of a feed of history ends."""

_TEXT: Final = re.compile(
    r"(?P<adapter_id>[A-Za-z0-9._-]{0,80})/(?P<incarnation>[A-Za-z0-9._/-]{1,80})/(?P<sequence>[0-9]{1,18})/(?P<part>[0-9]{1,9})"
)


class PartNumber(NamedTuple):
    """The number of one part."""

    adapter_id: str
    incarnation: str
    sequence: int
    part: int

    def __str__(self) -> str:
        return f"{self.adapter_id}/{self.incarnation}/{self.sequence}/{self.part}"


def parse(text: str) -> PartNumber | None:
    """The number, or None where the text is none."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    return PartNumber(found["adapter_id"], found["incarnation"], int(found["sequence"]), int(found["part"]))


def replay_adapter(facility: str) -> str:
    """The adapter that speaks for a facility in a mended replay: a feed of its own, so that its numbers have no holes."""
    return f"{REPLAY}.{facility}"


def is_replay(adapter_id: str) -> bool:
    return adapter_id == REPLAY or adapter_id.startswith(f"{REPLAY}.")


def history_adapter(adapter_id: str) -> str:
    """The name of a feed's history in the ledger: numbered and balanced by itself, beside what is said live."""
    return adapter_id if is_history(adapter_id) else adapter_id + BACKFILL


def is_history(adapter_id: str) -> bool:
    """Whether a feed tells of the past: the one mark of it, from the outbox to the store."""
    return adapter_id.endswith(BACKFILL)
