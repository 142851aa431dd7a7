"""`make bench-processor`: one worker, in memory (records in, bytes to produce out, on a fake store) and with Kafka and
Redis, beside the bare loop and two ways to write the same in plain Faust. `bench-peers` has the other engines.

Processor seconds, not those of the clock: other work on the machine counts less. What is compared over time are the
ratios, each against a yardstick of the same run.
"""

import argparse
import asyncio
import hmac
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from runtime import collector
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import key_id, unseal
from schemas import codec, registry, topics
from stream_processors import account, claims, enrich, identify
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Opened, Source, receive
from stream_processors.rules import BOOK
from stream_processors.validate import validate
from tests.bench import bench_peers
from tests.bench.mix import Mix, machine
from tests.bench.peers import engine, house
from tests.fakes import FakeStore

EVENTS: Final = 3_000
CHUNK: Final = 500
ROUNDS: Final = 4
TARGET: Final = 4_500
"""Events a second of one worker."""
OUT: Final = Path("build/bench/processor.json")
WITH_KAFKA: Final = ("ours", bench_peers.LIMIT, "faust_take", "faust_events")
"""Those of `bench_peers` that are ours, no framework, and Faust as it comes; here all in our own environment."""


def forget() -> None:
    """What is remembered of persons goes: each round meets them for the first time, as a worker does."""
    identify._ask.cache_clear()
    BOOK.forget_persons()


def seconds(work: Callable[[], Any]) -> float:
    """The least processor time of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        forget()
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def each(function: Callable[[Any], Any], items: Sequence[Any]) -> float:
    """Microseconds of processor time for one item."""

    def work() -> None:
        for item in items:
            function(item)

    return seconds(work) / len(items) * 1e6


def yardstick() -> float:
    """Microseconds of one HMAC-SHA-256 of 32 bytes: what this machine gives today."""
    data = [bytes([n % 256]) * 32 for n in range(20_000)]
    return each(lambda text: hmac.digest(b"k" * 32, text, sha256), data)


def stages(mix: Mix, sources: Sequence[Source]) -> dict[str, float]:
    """Microseconds per event, stage by stage."""
    key = mix.ring.citizen
    assert key is not None
    opened = [
        made for source in sources if isinstance(made := receive(source, mix.ring, topics.MAX_EVENT_BYTES), Opened)
    ]
    assert len(sources) == len(opened)
    claim, now = claims.Claim("accepted", False, 20_600), 1_780_000_000_000

    def decode(source: Source) -> Any:
        framed = codec.unframe(source.value)
        made = registry.codec(framed[0]) if framed else None
        return made.decode(framed[1]) if made and framed else None

    def open_seal(one: Opened) -> Any:
        sealed = dict(one.source.headers)[SEAL_HEADER]
        return registry.SEALED.decode(unseal(mix.ring.seal[key_id(sealed)], sealed, one.datum))

    outcomes = [(one.source, one.event, "accepted") for one in opened]
    return {
        "decode": each(decode, sources),
        "seal open": each(open_seal, opened),
        "receive (both, with header)": each(lambda s: receive(s, mix.ring, topics.MAX_EVENT_BYTES), sources),
        "validate": each(lambda one: validate(one.event, one.identity, one.narrative), opened),
        "identify hashes": each(lambda one: identify.ask(key, one.identity), opened),
        "claims asked": each(lambda one: (claims.key(one.event), claims.ask(one.event, 20_600)), opened),
        "enrich": each(lambda one: enrich.accepted(one, claim, identify.UNMATCHED, (), (), now), opened),
        "account": seconds(lambda: account.outcomes("bench", outcomes, now)) / len(opened) * 1e6,
    }


def whole(mix: Mix, sources: Sequence[Source]) -> float:
    """Microseconds per event of the pipeline, records in, bytes out."""

    async def run() -> None:
        pipeline = Pipeline(mix.ring, FakeStore(), "bench", topics.MAX_EVENT_BYTES)
        for at in range(0, len(sources), CHUNK):
            await pipeline(sources[at : at + CHUNK])

    return seconds(lambda: asyncio.run(run())) / len(sources) * 1e6


def with_kafka(events: int, turns: int, *, embedded: bool) -> dict[str, dict[str, Any]]:
    """What each way took to read filled topics to their end, in turns; the best turn of each."""
    load, found = house.load(events, 0), {way: list[dict[str, Any]]() for way in WITH_KAFKA}
    with tempfile.TemporaryDirectory() as name, house.open_house(Path(name), embedded=embedded) as servers:
        for way in WITH_KAFKA * turns:
            row = engine.measure(way, bench_peers.OWN.absolute(), servers, load, Path(name), rate=0, kills=0)
            if not row["whole"]:
                raise RuntimeError(f"{way} did not come to the end")
            found[way].append(row)
    return {way: bench_peers.best(rows) for way, rows in found.items()}


def compared(best: dict[str, dict[str, Any]], turns: int) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows and ratios of `with_kafka`, by processor time."""
    rows: list[dict[str, Any]] = []
    for way, found in best.items():
        rows += [
            {
                "what": f"with Kafka: {bench_peers.ENGINES[way]}",
                "value": 1e6 / found["cpu_us"],
                "unit": "events/s",
                "runs": turns,
            },
            {
                "what": "  of it outside the pure functions",
                "value": found["outside_us"],
                "unit": "us/event",
                "runs": turns,
            },
        ]
    ours = best["ours"]["cpu_us"]
    others = {name: best[name]["cpu_us"] / ours for name in WITH_KAFKA if name != "ours"}
    return rows, {f"with Kafka: ours / {bench_peers.ENGINES[name]}": ratio for name, ratio in others.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=8_000, help="in the topics when a way starts; 0: in memory only")
    parser.add_argument("--turns", type=int, default=2, help="of each way, in turn; the best counts")
    parser.add_argument("--embedded", action="store_true", help="the embedded broker, even where Java is")
    chosen = parser.parse_args()
    mix = Mix()
    sources = mix.sources(EVENTS)
    collector.spare()  # as the role does
    measure, per_stage, total = yardstick(), stages(mix, sources), whole(mix, sources)
    results = [{"what": name, "value": value, "unit": "us/event", "runs": ROUNDS} for name, value in per_stage.items()]
    results += [
        {"what": "pipeline", "value": total, "unit": "us/event", "runs": ROUNDS},
        {"what": "one worker", "value": 1e6 / total, "unit": "events/s", "runs": ROUNDS},
        {"what": "yardstick: one HMAC", "value": measure, "unit": "us", "runs": ROUNDS},
        {
            "what": "mean value",
            "value": sum(len(s.value or b"") for s in sources) / len(sources),
            "unit": "bytes",
            "runs": 1,
        },
    ]
    ratios = {"pipeline / HMAC": total / measure, "events/s / target": 1e6 / total / TARGET}
    if chosen.events:
        rows, more = compared(with_kafka(chosen.events, chosen.turns, embedded=chosen.embedded), chosen.turns)
        results, ratios = results + rows, ratios | more
    versions = {name: version(name) for name in ("fastavro", "cryptography", "faust-streaming")}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(
        orjson.dumps({"machine": machine(), "versions": versions, "results": results, "ratios": ratios}, option=2)
    )
    table = Table("what", "value", "unit")
    for row in results:
        table.add_row(str(row["what"]), f"{row['value']:,.1f}", str(row["unit"]))
    for name, value in ratios.items():
        table.add_row(name, f"{value:.2f}", "ratio")
    Console().print(table)


if __name__ == "__main__":
    main()
