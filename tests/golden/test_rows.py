"""The life of one message to its end: `<dialect>/<case>/input*` through outbox and worker -> `rows.json`, what ClickHouse
is given. Beside it lies `events.json`, what the adapter made of it.

After a wanted change run with LIVINGDATA_GOLDEN=write and read the difference.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from producers.adapter import Feed, Incoming
from producers.adapters import dialect
from producers.event import Keys
from producers.outbox import Outbox, unpack
from runtime.keyring import WORKER, Keyring
from runtime.seal import SealKey
from schemas import codec, registry, topics
from schemas.clickhouse import table_name
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Source
from tests.cases import CASES, HERE, options_of
from tests.fakes import FakeStore

FACILITY: Final = "01999"
CAPTURED: Final = 1_795_500_000_000
"""2026-11-24T06:00:00Z; a minute later for each message."""
_SEAL: Final = SealKey.make("01999-1", FACILITY, b"s" * 32)
_RING: Final = Keyring(
    {"01999-1": _SEAL, "worker-1": SealKey.make("worker-1", WORKER, b"w" * 32)}, {FACILITY: b"p" * 32}, b"c" * 32
)
_LEFT_OUT: Final = frozenset({"incarnation", "trace_id", "original", "original_hash"})
"""Different in every run, or sealed."""


def taken(case: str, folder: Path) -> Outbox:
    """Every message of the case, in one outbox."""
    name, _, _ = case.partition("/")
    one = dialect(name)
    options = one.options.model_validate(options_of(HERE / case)).model_dump()
    feed = Feed("01999.his", FACILITY, "HIS", name, options=options)
    keys = {FACILITY: Keys(_SEAL, b"p" * 32)}
    outbox = Outbox(folder, keys, {name: one.translator}, limit=topics.MAX_EVENT_BYTES, max_bytes=1 << 30)
    for at, path in enumerate(sorted((HERE / case).glob("input*"))):
        for index, read in enumerate(one.read(path, feed)):
            origin = (path.name, str(index))
            outbox.take([Incoming(feed, read.parsed, read.raw, origin, CAPTURED + (60 * at + index) * 60_000)])
    return outbox


async def rows(outbox: Outbox) -> list[dict[str, Any]]:
    """What the worker and the adapter hand to the sink, in order."""
    made: list[dict[str, Any]] = []
    pipeline = Pipeline(_RING, FakeStore(), "worker-1", topics.MAX_EVENT_BYTES, clock=lambda: CAPTURED)
    for offset, (topic, key, value, headers) in enumerate(outbox.waiting()):
        if topic in (topics.REJECTED, topics.LINKS):
            made.append(shown(topic, value))
            continue
        produced = await pipeline([Source(topic, 0, offset, key, value, unpack(headers))])
        made += [shown(to, out) for to, _, out, _ in produced if to != topics.OUTCOMES]
    return made


def shown(topic: str, value: bytes) -> dict[str, Any]:
    """A row as JSON, without what is null, empty, or of this run only."""
    framed = codec.unframe(value)
    assert framed is not None
    made = registry.codec(framed[0])
    assert made is not None
    row = made.decode(framed[1])
    kept = {name: field for name, field in row.items() if name not in _LEFT_OUT and field not in (None, [])}
    return {
        "table": f"{kind}_history" if (kind := topic.removeprefix("accepted.")) != topic else table_name(topic),
        **kept,
    }


@pytest.mark.parametrize("case", CASES)
async def test_what_reaches_clickhouse(case: str, tmp_path: Path) -> None:
    made = json.loads(json.dumps(await rows(taken(case, tmp_path))))

    golden = HERE / case / "rows.json"
    if os.environ.get("LIVINGDATA_GOLDEN") == "write":
        golden.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(golden.read_text(encoding="utf-8")) == made
