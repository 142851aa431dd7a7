"""How fast HL7 v2 is read, translated, sealed, and answered over MLLP: `python -m tests.bench.hl7v2 [FILE.json]`.

All but MLLP in CPU seconds of one thread, the best of three; take the ratios, not the digits.
"""

import asyncio
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from producers.adapter import Document, Parsed, State
from producers.event import Keys, Number, compose
from producers.hl7v2 import message
from producers.hl7v2.listen import listen
from producers.hl7v2.server import MllpServer
from producers.hl7v2.translate import TRANSLATOR
from producers.outbox import Outbox
from producers.serve import Server
from runtime import collector, keyring, loop
from tests.unit.hl7v2.city import START, feed, messages

RUNS: Final = 3
CONNECTIONS: Final = 20
NOW: Final = int(START.timestamp() * 1000)
LINE: Final = "OBX|%d|NM|WBC%d^Bạch cầu^L^6690-2^^LN||7.%d|G/L|4.0-10.0|N|||F|||20261124080000||BS1|||20261124083000\r"


def told(count: int) -> list[tuple[str, str, bytes]]:
    """(facility, visit, good message) of the city mix."""
    made = messages(count * 2, 5)
    good = [(m.facility, m.visit, m.payload) for m in made if m.answer == "AA" and not m.retransmission]
    return good[:count]


def padded(payloads: Sequence[bytes], size: int) -> list[bytes]:
    made = []
    for payload in payloads:
        line = 0
        while len(payload) < size:
            line += 1
            payload += (LINE % (line, line, line)).encode()
        made.append(payload)
    return made


def best(count: int, run: Callable[[], None]) -> list[float]:
    """Messages a CPU second, of each run."""
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        found.append(round(count / (time.process_time() - began)))
    return sorted(found)


def read_all(payloads: Sequence[bytes]) -> None:
    for payload in payloads:
        made = message.parse(payload)
        assert isinstance(made, message.Message)
        assert message.check_envelope(made) is None


def translate_all(told_: Sequence[tuple[str, str, bytes]], keys: dict[str, Keys] | None) -> None:
    """Parse, fold and translate; with `keys` compose the sealed events too."""
    states: dict[tuple[str, str], State] = {}
    feeds = {facility: feed(facility) for facility, _, _ in told_}
    for sequence, (facility, _, payload) in enumerate(told_, 1):
        one = feeds[facility]
        parsed = TRANSLATOR.parse(payload, one)
        assert isinstance(parsed, Parsed)
        key = (facility, parsed.state_key or "")
        made = TRANSLATOR.translate(states.get(key), parsed, one)
        if made.state is not None:
            states[key] = made.state
        for part, outcome in enumerate(made.outcomes, 1):
            if keys is not None and isinstance(outcome, Document):
                number = Number(one.adapter_id, "0" * 16, sequence, part, len(made.outcomes))
                compose(
                    outcome, number, one, keys[facility],
                    captured_at=NOW, last_version=0, message_id=parsed.message_id, rows=made.rows,
                )  # fmt: skip


def senders(port: int, queues: Sequence[Sequence[bytes]], result: "multiprocessing.Queue[float]") -> None:
    """A process of its own: each connection sends its queue, one message after another."""

    async def one(payloads: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for payload in payloads:
            writer.write(b"\x0b" + payload + b"\x1c\r")
            assert b"MSA|AA" in await reader.readuntil(b"\x1c\r")
        writer.close()

    async def every() -> None:
        began = time.perf_counter()
        await asyncio.gather(*(one(payloads) for payloads in queues))
        result.put(time.perf_counter() - began)

    asyncio.run(every())


async def over_mllp(told_: Sequence[tuple[str, str, bytes]], folder: Path) -> float:
    """Messages a second on 20 connections, each answered after the durable write. No broker: all stays in the outbox."""
    facilities = sorted({facility for facility, _, _ in told_})
    ring = keyring.create(facilities)
    feeds = [
        feed(facility, system, listen="127.0.0.1:0", sending_application=system)
        for facility in facilities
        for system in ("HIS", "LIS")
    ]
    keys = {facility: Keys.of(ring, facility) for facility in facilities}
    server = Server(
        Outbox(folder, keys, {"hl7v2": TRANSLATOR}, limit=900_000, max_bytes=1 << 30), feeds, "127.0.0.1:1", "bench"
    )
    server.start()
    (listener,) = listen(feeds, server)
    assert isinstance(listener, MllpServer)
    await listener.start()
    visits = sorted({visit for _, visit, _ in told_})
    place = {visit: index % CONNECTIONS for index, visit in enumerate(visits)}
    queues = [[payload for _, visit, payload in told_ if place[visit] == index] for index in range(CONNECTIONS)]
    context = multiprocessing.get_context("spawn")
    result: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=senders, args=(listener.port, queues, result))
    process.start()
    seconds = await asyncio.to_thread(result.get)
    process.join()
    await listener.stop()
    await server.stop(1)
    return round(len(told_) / seconds)


def measure() -> dict[str, Any]:
    mix = told(1_500)
    payloads = [payload for _, _, payload in mix]
    ring = keyring.create({facility for facility, _, _ in mix})
    keys = {facility: Keys.of(ring, facility) for facility, _, _ in mix}
    collector.spare()  # as the role does, whose loop is used below too
    small, large = padded(payloads, 1_400), padded(payloads, 3_600)
    runs = {
        "parse and envelope, 1.4 kB": best(len(mix), lambda: read_all(small)),
        "parse and envelope, 3.6 kB": best(len(mix), lambda: read_all(large)),
        "to documents, city mix": best(len(mix), lambda: translate_all(mix, None)),
        "to sealed events, city mix": best(len(mix), lambda: translate_all(mix, keys)),
    }
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop.new) as runner:
        runs["over MLLP, 20 connections (wall time)"] = [runner.run(over_mllp(mix, Path(folder)))]
    sealed = runs["to sealed events, city mix"][-1]
    return {
        "machine": {"cpus": os.cpu_count(), "platform": platform.platform()},
        "versions": {"python": platform.python_version()},
        "results": [{"what": what, "value": of[-1], "unit": "messages/s", "runs": of} for what, of in runs.items()],
        "ratios": {f"{what} / to sealed events": round(of[-1] / sealed, 2) for what, of in runs.items()},
    }


if __name__ == "__main__":
    report = measure()
    for row in report["results"]:
        print(f"{row['value']:>8,} {row['unit']}  {row['what']}")
    if sys.argv[1:]:
        Path(sys.argv[1]).write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
