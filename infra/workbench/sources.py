"""Which dialect and feed a rejected part came by: as the adapters' settings say, else with the dialect's own defaults."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from infra.workbench.candidates import FeedOf
from producers.adapter import Dialect, Feed
from producers.adapters import DIALECTS, dialect


def feed_finder(configured: Sequence[Feed]) -> FeedOf:
    """`configured` are the feeds of the adapters' settings (their options decide how a message is read)."""
    by_adapter = {feed.adapter_id: feed for feed in configured}
    by_system = {(feed.facility, feed.source_system): feed for feed in configured}

    def find(row: Mapping[str, Any]) -> tuple[Dialect, Feed] | None:
        name = row["source_format"]
        if name not in DIALECTS:
            return None
        known = by_adapter.get(row["adapter_id"]) or by_system.get((row["facility"], row["source_system"]))
        if known is not None and (known.facility, known.dialect) == (row["facility"], name):
            return dialect(name), known
        options = _defaults(name)
        if options is None:
            return None
        return dialect(name), Feed(row["adapter_id"], row["facility"], row["source_system"], name, options=options)

    return find


@lru_cache(maxsize=16)
def _defaults(name: str) -> dict[str, Any] | None:
    """None for a dialect that cannot do without options (a CSV's mapping)."""
    try:
        return dialect(name).options().model_dump()
    except ValidationError:
        return None
