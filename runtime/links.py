"""What a person or the resolver says of who is who, as a record for `identity.links`. Pseudonyms only."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runtime import kafka
from runtime.clock import now_ms
from schemas import codec, registry, topics
from schemas.ledger import CITIZEN_ACTIONS, MERGE_ACTIONS

MOST_WHY: Final = 500
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_NUMBERS: Final = re.compile(r"[0-9][0-9 .-]{6,}[0-9]")
"""What could be a citizen's, card's or telephone number."""
_SECONDS: Final = 30.0
_VERSION_BITS: Final = 20


class NotDelivered(RuntimeError):
    """The broker has not taken a record in time, or refuses it. Holds the error's code only."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`action` of `schemas.ledger`. `decided_by` and `why` where a person decided: that goes before what a service
    answered. ValueError where it says too little, or `why` seems to hold a number of a person."""

    patient_key: str
    facility: str
    action: str
    rule: str
    citizen_key: str | None = None
    into_key: str | None = None
    decided_by: str | None = None
    why: str | None = None

    def __post_init__(self) -> None:
        if self.action not in (*CITIZEN_ACTIONS, *MERGE_ACTIONS):
            raise ValueError("no such action")
        if (self.action == "link") != (self.citizen_key is not None):
            raise ValueError("a link, and only a link, names a citizen")
        if (self.action in MERGE_ACTIONS) != (self.into_key is not None) or self.into_key == self.patient_key:
            raise ValueError("a merge names another patient")
        for key in (self.patient_key, self.citizen_key, self.into_key):
            if key is not None and _KEY.fullmatch(key) is None:
                raise ValueError("a key is 32 hex characters")
        if self.why is not None and not 0 < len(self.why.strip()) <= MOST_WHY:
            raise ValueError(f"a reason has 1 to {MOST_WHY} characters")
        if self.why is not None and _NUMBERS.search(self.why):
            raise ValueError("a reason holds no number of a person")

    def record(self, at: int) -> tuple[str, bytes, bytes]:
        """(topic, key, value) as said at `at` (epoch ms)."""
        schema_id, made = registry.latest(topics.LINKS)
        datum = made.encode(
            {
                "patient_key": self.patient_key,
                "action": self.action,
                "citizen_key": self.citizen_key,
                "into_key": self.into_key,
                "facility": self.facility,
                "version": at << _VERSION_BITS,
                "rule": self.rule,
                "linked_at": at,
                "decided_by": self.decided_by,
                "why": self.why,
                **dict.fromkeys(("adapter_id", "incarnation"), ""),
                **dict.fromkeys(("sequence", "part", "parts"), 0),
            }
        )
        return topics.LINKS, self.patient_key.encode(), codec.frame(schema_id, datum)


class Teller:
    """Sends statements and waits until the broker has them. Raises NotDelivered."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self._producer: Any = kafka.producer(bootstrap, name, **{"message.timeout.ms": int(_SECONDS * 1000)})

    def __call__(self, statements: Sequence[Statement], clock: Callable[[], int] = now_ms) -> None:
        failed: list[str] = []

        def report(error: Any, _message: object) -> None:
            if error is not None:
                failed.append(error.name())

        for topic, key, value in records(statements, clock()):
            self._producer.produce(topic, value, key, on_delivery=report)
        left = self._producer.flush(_SECONDS + 5)
        if failed or left:
            raise NotDelivered(failed[0] if failed else "timed out")


def records(statements: Iterable[Statement], at: int) -> list[tuple[str, bytes, bytes]]:
    return [statement.record(at) for statement in statements]
