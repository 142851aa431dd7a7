"""Faust's Kafka transport, chunk by chunk, with a commit position of our own.

As it comes, Faust wraps and acknowledges each event (70-100 µs), acknowledges when the agent raises, on cancellation
and on decode errors, and its gap accounting is off by one. Here `getmany` yields one message per fetch, whose value is
the records of every partition in it; Faust keeps membership, assignment, rebalance and flow control. What is committed
is what `done` was told, and nothing else: acknowledgements by Faust's own machinery change no position.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from runtime import logs, loop

REVOKE_SECONDS: Final = 5.0
FETCH_WAIT_MS: Final = 50

log = logs.get("transport")


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition in a row. `after` is the next offset after the run handed out before, None for the
    first since the last seek."""

    tp: TP
    records: tuple[Any, ...]
    after: int | None

    @property
    def next_offset(self) -> int:
        return int(self.records[-1].offset) + 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one fetch brought. `epoch` changes with each seek and rebalance: an older chunk moves no position."""

    epoch: int
    runs: tuple[Run, ...]

    def records(self) -> Iterator[Any]:
        for run in self.runs:
            yield from run.records


class HoleError(RuntimeError):
    """A chunk was handed out and never finished, and a later one was: stop before anything past it is committed."""


class ChunkThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc] # faust gives no types
    """Faust asks brokers to hold an empty fetch for 1.5 s and has no setting for it. A real broker answers as soon as
    something comes; the embedded one waits the time out, and every record with it."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        made = super()._create_worker_consumer(transport)
        made._fetch_max_wait_ms = FETCH_WAIT_MS  # read once, when the consumer starts
        return made


class ChunkConsumer(driver.Consumer):  # type: ignore[misc] # faust gives no types
    """One message per fetch; our own commit position."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._epoch = 0
        self._handed: dict[TP, int] = {}
        self._positions: dict[TP, int] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    # Reading

    def _new_consumer_thread(self) -> ChunkThread:
        made = ChunkThread(self, loop=self.loop, beacon=self.beacon, thread_loop=loop.new())
        made._close_thread_loop_on_stop = True  # it leaves open what it did not make
        return made

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        runs = tuple(self._run(tp, run) for tp, run in records.items() if self._wanted(tp, active) and run)
        if runs:
            yield runs[0].tp, self._message(Chunk(self._epoch, runs))

    def _wanted(self, tp: TP, active: set[TP] | None) -> bool:
        return active is None or tp in active or tp in self._buffered_partitions

    def _run(self, tp: TP, records: Iterable[Any]) -> Run:
        run = Run(tp, tuple(records), self._handed.get(tp))
        self._handed[tp] = run.next_offset
        return run

    def _message(self, chunk: Chunk) -> ConsumerMessage:
        first = chunk.runs[0].records[0]
        return ConsumerMessage(
            first.topic,
            first.partition,
            first.offset,
            (first.timestamp or 0) / 1000.0,
            first.timestamp_type,
            (),
            None,
            chunk,
            None,
            0,
            0,
            chunk.runs[0].tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def perform_seek(self) -> None:
        """Back to what is committed: what was handed out before counts no more."""
        self._forget()
        await super().perform_seek()

    @property
    def caught_up(self) -> bool:
        """Partitions are assigned and all that was handed out is done: having nothing to do is progress too.

        A fetch that is stuck is not seen here; the lag, measured outside, shows it.
        """
        return self._handed == self._positions and bool(self.assignment())

    # Finishing

    def begin(self, chunk: Chunk) -> bool:
        """False where the chunk is of an older epoch and must not be worked on."""
        if chunk.epoch != self._epoch:
            return False
        self._idle.clear()
        return True

    def done(self, chunk: Chunk) -> None:
        """Every record of the chunk has its outcome on the broker. HoleError where one before it has not."""
        if chunk.epoch == self._epoch:
            for run in chunk.runs:
                if run.after is not None and self._positions.get(run.tp) != run.after:
                    raise HoleError(f"{run.tp.topic}/{run.tp.partition}")
                self._positions[run.tp] = run.next_offset
        self._idle.set()

    def ack(self, message: ConsumerMessage) -> bool:
        """Faust's acknowledgement: releases the message, moves nothing."""
        message.acked = True
        self._unacked_messages.discard(message)
        return False

    # Committing

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter([tp for tp in self._positions if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: TP) -> int | None:
        return self._positions.get(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps in the log (markers, retention) need no account: a position is the last record's offset + 1."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002 faust calls it so
        """Commit for partitions still owned; what the broker refused is not counted as committed (#316)."""
        owned = self.assignment()
        offsets = {tp: offset for tp, offset in offsets.items() if tp in owned}
        if not offsets or not await self._commit(offsets):
            return False
        self._committed_offset.update(offsets)
        return True

    # Rebalance

    async def wait_empty(self) -> None:
        """On revoke and stop: wait for the chunk in flight, then commit what is whole."""
        try:
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.warning("revoked_with_chunk_in_flight")
        await self.commit()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        self._forget()

    def _forget(self) -> None:
        self._epoch += 1
        self._handed.clear()
        self._positions.clear()
        self._idle.set()


class ChunkTransport(driver.Transport):  # type: ignore[misc] # faust gives no types
    Consumer: ClassVar[Any] = ChunkConsumer
