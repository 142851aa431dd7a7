"""All looks: what is here first, then each server. One look never stops another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from infra.doctor import broker, claims, keys, machine, progress, register, schema, store
from infra.doctor.finding import Finding, failed
from infra.doctor.places import Places

LOOKS: Final[tuple[tuple[str, Callable[[Places], list[Finding]]], ...]] = (
    ("machine", machine.examine),
    ("keys", keys.examine),
    ("register", register.examine),
    ("kafka", broker.examine),
    ("registry", schema.examine),
    ("redis", claims.examine),
    ("clickhouse", store.examine),
    ("progress", progress.examine),
)


def examine(places: Places) -> list[Finding]:
    """Side by side: of several servers that are away each keeps its question waiting."""
    with ThreadPoolExecutor(len(LOOKS)) as at_once:
        found = at_once.map(lambda one: _look(one[0], one[1], places), LOOKS)
        return [finding for of_one in found for finding in of_one]


def _look(name: str, look: Callable[[Places], list[Finding]], places: Places) -> list[Finding]:
    try:
        return look(places)
    except Exception as error:  # whatever is broken there, the others are to be looked at
        said = type(error).__name__
        return [
            failed(
                name,
                "doctor",
                f"không xem được: {said}",
                f"could not be looked at: {said}",
                "đây là lỗi của livingdata: hãy báo lại",
                "this is a mistake in livingdata: please report it",
            )
        ]
