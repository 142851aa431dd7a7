"""The role `livingdata adapter run`: listeners -> outbox -> Kafka, all feeds of one process."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from producers.adapter import Desk, Dialect, Feed, Listener
from producers.adapters import dialect
from producers.feeds import feeds, keys
from producers.outbox import Outbox, OutboxInUse
from producers.serve import Server
from runtime import keyring, logs, loop
from runtime.settings import AdapterSettings, SettingsError
from runtime.window import Window
from schemas import topics

log = logs.get("adapter")


def run(settings: AdapterSettings, stop: threading.Event, ready: Path | None = None) -> None:
    """Until `stop`. Raises SettingsError before anything is opened; touches `ready` when senders can be served."""
    made = feeds(settings.feeds)
    try:
        ring = keyring.load(settings.keyring)
    except keyring.KeyringError as error:
        raise SettingsError(f"settings are wrong or missing:\n  keyring: {error}") from None
    dialects = {name: dialect(name) for name in dict.fromkeys(feed.dialect for feed in made)}
    try:
        outbox = Outbox(
            settings.data,
            keys(made, ring),
            {name: one.translator for name, one in dialects.items()},
            limit=topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES,
            max_bytes=settings.outbox_bytes,
        )
    except OutboxInUse as error:
        raise SettingsError(f"settings are wrong or missing:\n  data: {error}") from None
    served = [replace(feed, desk=Desk(settings.data, ring.only([feed.facility]))) for feed in made]
    loop.run(_serve(settings, served, dialects, outbox, stop, ready))


async def _serve(
    settings: AdapterSettings,
    made: list[Feed],
    dialects: dict[str, Dialect],
    outbox: Outbox,
    stop: threading.Event,
    ready: Path | None,
) -> None:
    window = Window(settings.kafka) if settings.embedded_kafka else None
    server = Server(outbox, made, settings.kafka, "adapter", window)
    server.start()
    listeners: list[Listener] = []
    try:
        for name, one in dialects.items():
            for listener in one.listen([feed for feed in made if feed.dialect == name], server):
                await listener.start()
                listeners.append(listener)
        if ready is not None:
            ready.touch()
        log.info("started", feeds=len(made), listeners=len(listeners), incarnation=outbox.incarnation)
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(asyncio.to_thread(stop.wait)), server.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stop.set()  # where a thread failed, the waiting one must end too
        if server.failed.done():
            server.failed.result()
    finally:
        # Nobody is left waiting for an answer: listeners end first, what they took is stored and sent, then the outbox.
        await asyncio.gather(*(listener.stop() for listener in listeners), return_exceptions=True)
        await server.stop()
