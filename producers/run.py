"""The role `livingdata adapter run`: listeners -> outbox -> Kafka, all feeds of one process.

History has an outbox and a publisher of its own beside those of live data: neither a big file nor what of it waits for
Kafka stands before a live message.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from producers.adapter import Desk, Dialect, Feed, Listener, Translator
from producers.adapters import dialect
from producers.feeds import feeds, keys
from producers.history import History
from producers.outbox import Outbox, OutboxInUse
from producers.serve import Server
from runtime import collector, keyring, logs, loop
from runtime.settings import AdapterSettings, SettingsError
from runtime.window import Window
from schemas import topics
from schemas.numbers import is_history

HISTORY: Final = "history"
"""Folder of history's outbox below the data folder, and what metrics call it."""

log = logs.get("adapter")


def run(settings: AdapterSettings, stop: threading.Event, ready: Path | None = None) -> None:
    """Until `stop`. Raises SettingsError before anything is opened; touches `ready` when senders can be served."""
    made = feeds(settings.feeds)
    try:
        ring = keyring.load(settings.keyring)
    except keyring.KeyringError as error:
        raise SettingsError(f"settings are wrong or missing:\n  keyring: {error}") from None
    dialects = {name: dialect(name) for name in dict.fromkeys(feed.dialect for feed in made)}
    served = [replace(feed, desk=Desk(settings.data, ring.only([feed.facility]))) for feed in made]
    lanes = {history: [feed for feed in served if is_history(feed.adapter_id) is history] for history in (False, True)}
    outboxes = {history: _outbox(settings, ring, lane, dialects, history) for history, lane in lanes.items() if lane}
    collector.spare()
    loop.run(_serve(settings, lanes, dialects, outboxes, stop, ready))


def _outbox(
    settings: AdapterSettings, ring: keyring.Keyring, made: list[Feed], dialects: Mapping[str, Dialect], history: bool
) -> Outbox:
    def translator(one: Dialect) -> Translator:
        return History(one.translator) if history else one.translator

    try:
        return Outbox(
            settings.data / HISTORY if history else settings.data,
            keys(made, ring),
            {feed.dialect: translator(dialects[feed.dialect]) for feed in made},
            limit=topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES,
            max_bytes=settings.outbox_bytes,
        )
    except OutboxInUse as error:
        raise SettingsError(f"settings are wrong or missing:\n  data: {error}") from None


async def _serve(
    settings: AdapterSettings,
    lanes: Mapping[bool, Sequence[Feed]],
    dialects: Mapping[str, Dialect],
    outboxes: Mapping[bool, Outbox],
    stop: threading.Event,
    ready: Path | None,
) -> None:
    servers = {history: _server(settings, outbox, lanes[history], history) for history, outbox in outboxes.items()}
    for server in servers.values():
        server.start()
    listeners: list[Listener] = []
    try:
        for history, server in servers.items():
            for name in dict.fromkeys(feed.dialect for feed in lanes[history]):
                for listener in dialects[name].listen(
                    [feed for feed in lanes[history] if feed.dialect == name], server
                ):
                    await listener.start()
                    listeners.append(listener)
        if ready is not None:
            ready.touch()
        log.info(
            "started",
            feeds=sum(map(len, lanes.values())),
            listeners=len(listeners),
            incarnations=[outbox.incarnation for outbox in outboxes.values()],
        )
        failures = [server.failed for server in servers.values()]
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(asyncio.to_thread(stop.wait)), *failures]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stop.set()  # where a thread failed, the waiting one must end too
        for failed in failures:
            if failed.done():
                failed.result()
    finally:
        # Nobody is left waiting for an answer: listeners end first, what they took is stored and sent, then the outbox.
        await asyncio.gather(*(listener.stop() for listener in listeners), return_exceptions=True)
        await asyncio.gather(*(server.stop() for server in servers.values()))


def _server(settings: AdapterSettings, outbox: Outbox, made: Sequence[Feed], history: bool) -> Server:
    window = Window(settings.kafka) if settings.embedded_kafka else None
    name, lane = ("adapter-history", HISTORY) if history else ("adapter", "outbox")
    return Server(outbox, made, settings.kafka, name, window, lane, 0 if history else settings.most_a_second)
