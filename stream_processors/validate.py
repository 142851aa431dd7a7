"""Validation: which rules fail, and do any block? Pure and total."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stream_processors.rules import plan


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ids of the rules that failed: those that block, and those that lower quality."""

    blocking: tuple[str, ...]
    quality: tuple[str, ...]


def validate(event: Mapping[str, Any], identity: Mapping[str, str | None]) -> Verdict:
    blocking: list[str] = []
    quality: list[str] = []
    for rule, fails in plan(event["kind"], event["status"] == "active"):
        if fails(event, identity):
            (blocking if rule.mode == "block" else quality).append(rule.id)
    return Verdict(tuple(blocking), tuple(quality))
