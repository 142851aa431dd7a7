"""Everything that can happen to a message, in any order: the rules of the model test."""

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stream_processors.transport import ChunkConsumer
from tests.fakes import FakeStore
from tests.lines import Crash, line
from tests.model.adapter import Fate
from tests.model.books import Said, Told
from tests.model.sink import TOPICS
from tests.model.store import REFUSED
from tests.model.world import World

MEMORY = Path("/dev/shm")  # noqa: S108 a folder of our own is made in it; the outbox's syncs cost nothing there
WHICH = st.integers(0, 1)
FEW = st.integers(1, 6)
FATES: st.SearchStrategy[list[Fate]] = st.lists(
    st.sampled_from(["told", "told", "told", "untold", "lost"]), min_size=1, max_size=6
)
ENDS = st.sampled_from(["stay", "commit", "die", "fail"])
SAID = st.builds(
    Said,
    st.sampled_from(["D1", "D1", "D2", "D3"]),
    st.sampled_from(["A00", "A00", "A01", "A01", "J18", REFUSED, "refuse", "block"]),
    st.sampled_from(["active", "active", "active", "cancelled"]),
    st.none() | st.integers(-5, 5),
)
TOLD: st.SearchStrategy[Told] = st.lists(SAID, max_size=2, unique_by=lambda said: said.document).map(tuple)


class Machine(RuleBasedStateMachine):
    """Variants give other claims or another consumer."""

    claims: ClassVar[type[FakeStore]] = FakeStore
    consumer: ClassVar[type[ChunkConsumer]] = ChunkConsumer

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))

    @initialize()
    def begin(self) -> None:
        self.world = World(self.folder, self.claims(), self.consumer)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.world.drain()
                self.world.check()
        finally:
            if hasattr(self, "world"):
                self.world.close()
            shutil.rmtree(self.folder)

    # Sender and adapter

    @rule(which=WHICH, told=st.lists(TOLD, min_size=1, max_size=4), fates=FATES)
    def send(self, which: int, told: list[Told], fates: list[Fate]) -> None:
        self.world.send(which, told)
        self.world.adapters[which].publish(fates)

    @rule(which=WHICH, chosen=st.integers(0, 20), fates=FATES)
    def say_again(self, which: int, chosen: int, fates: list[Fate]) -> None:
        """Word for word what was said before, as a new message."""
        said = self.world.books.said()
        if said:
            self.world.send(which, [(said[chosen % len(said)],)])
            self.world.adapters[which].publish(fates)

    @rule(which=WHICH)
    def refused_by_the_store_and_said_again(self, which: int) -> None:
        """The store is mended, and the hospital sends once more what it refused."""
        refused = [said for said in self.world.books.said() if said.content == REFUSED]
        if refused:
            self.world.drain()
            self.world.store.strict = False
            self.world.send(which, [(refused[-1],)])
            self.world.drain()
            self.world.books.must_stand(refused[-1].document, REFUSED)

    @rule(which=WHICH, chosen=st.integers(0, 20))
    def send_again(self, which: int, chosen: int) -> None:
        self.world.send_again(which, chosen)

    @rule(which=WHICH, told=st.lists(TOLD, max_size=3))
    def adapter_dies_before_its_commit(self, which: int, told: list[Told]) -> None:
        adapter = self.world.adapters[which]
        try:
            adapter.take([*map(self.world.books.raw, told), line("x", crash="now")], 0)
        except Crash:
            adapter.crash()

    @rule(which=WHICH)
    def adapter_dies(self, which: int) -> None:
        self.world.adapters[which].crash()

    @rule(which=WHICH, fates=FATES, settled=st.booleans())
    def publish(self, which: int, fates: list[Fate], settled: bool) -> None:
        self.world.adapters[which].publish(fates)
        if settled:
            self.world.settle(which)

    @rule(which=WHICH, fate=st.sampled_from(["told", "untold", "lost"]))
    def beat(self, which: int, fate: Fate) -> None:
        self.world.beat(which, fate)

    # Workers

    @rule(
        which=st.lists(WHICH, min_size=1, max_size=2),
        most=FEW,
        steps=st.integers(1, 3),
        end=ENDS,
        produced=st.integers(0, 4),
    )
    def workers_work(self, which: list[int], most: int, steps: int, end: str, produced: int) -> None:
        """Some way through a chunk: begun, claimed, produced and done; then perhaps a commit or a death."""
        for one in which:
            worker = self.world.workers[one]
            worker.fetch(most)
            for _ in range(steps):
                worker.work()
            if end == "commit":
                worker.commit()
            elif end == "die":
                worker.crash(produced)
            elif end == "fail":
                worker.fail()

    @rule(which=WHICH, produced=st.integers(0, 8))
    def worker_dies(self, which: int, produced: int) -> None:
        self.world.workers[which].crash(produced)

    @rule(turned=st.booleans())
    def workers_rebalance(self, turned: bool) -> None:
        self.world.rebalance(turned)

    @rule(most=FEW, commit=st.booleans())
    def worker_forgets(self, most: int, commit: bool) -> None:
        self.world.forget(most, commit=commit)

    # Sink

    @rule(most=st.integers(1, 12), away=st.integers(0, 2), refuse_commit=st.booleans())
    def sink_flushes(self, most: int, away: int, refuse_commit: bool) -> None:
        self.world.sink.read(most)
        self.world.sink.flush(away=away, refuse_commit=refuse_commit)

    @rule(most=st.integers(1, 12), inserts=st.integers(0, 4))
    def sink_dies(self, most: int, inserts: int) -> None:
        self.world.sink.read(most)
        self.world.sink.crash(inserts)

    @rule(most=st.integers(1, 12), chosen=st.sets(st.integers(0, 7), min_size=1), lost=st.booleans())
    def sink_rebalances(self, most: int, chosen: set[int], lost: bool) -> None:
        self.world.sink.read(most)
        places = self.world.broker.places(TOPICS)
        self.world.sink.rebalance([places[place] for place in chosen], lost)

    @rule()
    def the_store_is_mended(self) -> None:
        self.world.store.strict = False
