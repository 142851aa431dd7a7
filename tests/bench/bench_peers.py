"""`make bench-peers`: the same job on ours, on other engines and on none; writes build/bench/peers.json.

Processor time of the engine's process is the figure to trust on a machine that does other things too.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.mix import machine
from tests.bench.peers import engine, house, stores

OUT: Final = Path("build/bench/peers.json")
OWN: Final = Path(".venv/bin/python")
PEERS: Final = Path("build/peers/venv/bin/python")
ENGINES: Final = {
    "ours": "ours: Faust, whole fetches",
    "plain": "plain confluent-kafka loop (the limit)",
    "bytewax_flow": "Bytewax, flat_map_batch",
    "faust_take": "Faust, noack_take(500)",
    "quix": "Quix Streams",
    "faust_events": "Faust, event by event",
}
LIMIT: Final = "plain"
LIBRARIES: Final = ("bytewax", "quixstreams", "faust-streaming", "confluent-kafka", "aiokafka", "redis", "fastavro")


def python_of(name: str) -> Path:
    """The limit runs in our own environment: it differs from ours in nothing but the framework."""
    return (OWN if name in ("ours", LIMIT) else PEERS).absolute()


def versions(python: Path) -> dict[str, str]:
    ask = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    names = LIBRARIES if python == PEERS else [name for name in LIBRARIES if name not in ("bytewax", "quixstreams")]
    said = subprocess.run([str(python), "-c", ask, *names], check=True, capture_output=True)
    found: dict[str, str] = orjson.loads(said.stdout)
    return found


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    made = house.load(chosen.events, int(chosen.rate * chosen.seconds))
    rows: list[dict[str, Any]] = []
    ways: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, house.open_house(Path(name), embedded=chosen.embedded) as servers:
        broker = "Apache Kafka" if servers.real else "embedded"
        for turn in range(chosen.turns):
            for one in chosen.engines:
                started = time.monotonic()
                kills = 0 if turn else chosen.kills
                try:
                    row = engine.measure(one, python_of(one), servers, made, Path(name), chosen.rate, kills)
                except Exception as error:  # an engine that fails is a result, too
                    row = {"engine": one, "failed": f"{type(error).__name__}: {error}"}
                rows.append(row | {"turn": turn, "seconds": time.monotonic() - started})
                tell(rows[-1])
        turns, rows = rows, [best([row for row in rows if row["engine"] == one]) for one in chosen.engines]
        if chosen.rows:

            def heard(way: dict[str, Any]) -> None:
                ways.append(way)
                tell(way)

            stores.run(servers, made, Path(name), chosen.rows, heard)
    return {
        "machine": machine(),
        "broker": broker,
        "versions": {"ours": versions(OWN), "peers": versions(PEERS)},
        "events": made.drained,
        "rate": chosen.rate,
        "engines": rows,
        "turns": turns,
        "rows": chosen.rows,
        "stores": ways,
        "ratios": ratios(rows) | store_ratios(ways),
    }


def best(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """The turn in which least processor time went beside the shared functions, with its least p99; what a kill cost."""
    whole = [row for row in turns if "cpu_us" in row]
    if not whole:
        return turns[0]
    found = {**turns[0], **min(whole, key=lambda row: float(row["outside_us"]))}
    return found | {
        name: min(row[name] for row in whole if name in row) for name in ("p50_ms", "p99_ms") if name in found
    }


def tell(row: dict[str, Any]) -> None:
    Console(stderr=True).print({k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()})


def store_ratios(ways: list[dict[str, Any]]) -> dict[str, float]:
    """By processor time of program and server together."""
    cost = {row["way"]: row["program_us"] + row["server_us"] for row in ways if "failed" not in row}
    names = (("decode", "decode and insert"), (stores.LIMIT, "ClickHouse's own engine"))
    return {
        f"store: ours / {said}, rows per processor second": cost[other] / cost["ours"]
        for other, said in names
        if "ours" in cost and other in cost
    }


def ratios(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Ours against the limit and the best of the others, by processor time."""
    by = {row["engine"]: row for row in rows if "cpu_us" in row}
    found = {}
    if "ours" in by and LIMIT in by:
        found["ours / limit, events per processor second"] = by[LIMIT]["cpu_us"] / by["ours"]["cpu_us"]
    others = [row for name, row in by.items() if name not in ("ours", LIMIT)]
    if "ours" in by and others:
        best = min(others, key=lambda row: float(row["cpu_us"]))
        found["ours / best other engine, time outside the shared functions"] = (
            by["ours"]["outside_us"] / best["outside_us"]
        )
    if "ours" in by and "faust_events" in by:
        found["ours / Faust event by event, events per processor second"] = (
            by["faust_events"]["cpu_us"] / by["ours"]["cpu_us"]
        )
    return found


def show(made: dict[str, Any]) -> None:
    table = Table(title=f"{made['events']} events, {made['broker']}, {made['machine']['cpus']} CPUs")
    for name in ("engine", "CPU µs/event", "outside shared", "events/s", "p99 ms", "lost", "repeated"):
        table.add_column(name, justify="left" if name == "engine" else "right")
    for row in made["engines"]:
        if "failed" in row:
            table.add_row(ENGINES[row["engine"]], "failed: see the JSON")
            continue
        cells = [f"{row[k]:,.0f}" if k in row else "" for k in ("cpu_us", "outside_us", "events_per_second", "p99_ms")]
        table.add_row(ENGINES[row["engine"]], *cells, *(f"{row[k]}" if k in row else "" for k in ("lost", "repeated")))
    ways = Table(title=f"{made['rows']} rows of each kind into ClickHouse")
    for name in ("way", "CPU µs/row", "of it the program", "rows/s", "lost", "counted twice"):
        ways.add_column(name, justify="left" if name == "way" else "right")
    for row in made["stores"]:
        if "failed" in row:
            ways.add_row(stores.WAYS[row["way"]], "failed: see the JSON")
            continue
        figures = (row["program_us"] + row["server_us"], row["program_us"], row["rows_per_second"])
        kept = [row.get(name, "does not start again") for name in ("lost", "counted_twice")]
        ways.add_row(stores.WAYS[row["way"]], *(f"{cell:,.0f}" for cell in figures), *(f"{cell}" for cell in kept))
    compared = Table("ratio", "")
    for name, value in made["ratios"].items():
        compared.add_row(name, f"× {value:.2f}")
    console = Console(width=140)
    for one in (table, ways, compared):
        if one.row_count:
            console.print(one)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=8_000, help="in the topics when an engine starts")
    parser.add_argument("--rate", type=float, default=200.0, help="events a second while p99 is measured")
    parser.add_argument("--seconds", type=float, default=5.0, help="for how long")
    parser.add_argument("--kills", type=int, default=2, help="SIGKILLs while draining, each engine; 0: none")
    parser.add_argument("--turns", type=int, default=3, help="of each engine, in turn; the best counts")
    parser.add_argument("--embedded", action="store_true", help="the embedded broker, even where Java is")
    parser.add_argument("--engines", nargs="*", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--rows", type=int, default=15_000, help="of each kind, into ClickHouse; 0: leave that out")
    made = run(parser.parse_args())
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    show(made)


if __name__ == "__main__":
    main()
