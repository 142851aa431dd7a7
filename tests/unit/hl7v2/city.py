"""The simulated city's HL7 v2 messages, and what claims would make of the documents that follow from them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from infra.city.city import City
from infra.city.flaws import Flaws
from infra.city.message import Message
from infra.city.visits import LOCAL
from producers.adapter import Feed

START: Final = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)


def messages(count: int, seed: int, flaws: Flaws = Flaws(), facilities: int = 3) -> list[Message]:  # noqa: B008 - frozen
    """Only of dialect hl7v2; time goes on by 0.2 s a message."""
    now = [START]

    def clock() -> datetime:
        now[0] += timedelta(milliseconds=200)
        return now[0]

    alone = replace(flaws, told_by_both=0.0, told_by_xml=0.0)
    city = City(seed, facilities, start=START, flaws=alone, people=600)
    return list(islice((m for m in city.messages(clock) if m.dialect == "hl7v2"), count))


def feed(facility: str, system: str = "HIS", **options: Any) -> Feed:
    return Feed(f"{facility}.{system.lower()}", facility, system, "hl7v2", options=options)


class Claims:
    """As the worker's script decides: never seen is accepted, the content of the current version a duplicate."""

    def __init__(self) -> None:
        self._current: dict[str, tuple[int, str]] = {}

    def claim(self, event: Mapping[str, Any]) -> str:
        id_, version, content = event["document_id"], event["version"], event["content_hash"]
        current = self._current.get(id_)
        if current is not None and current[1] == content:
            return "duplicate"
        if current is None or version > current[0]:
            self._current[id_] = (version, content)
        return "accepted" if current is None else "amended"
