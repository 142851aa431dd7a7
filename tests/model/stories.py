"""Short stories of one fault each, told to a world: what the machine may find in any order, found at once."""

from collections.abc import Callable
from typing import Final

from tests.model.books import Said
from tests.model.store import REFUSED
from tests.model.world import MANY, World

Story = Callable[[World], None]
FIRST: Final = Said("D1", "A00")
OTHER: Final = Said("D1", "A01")


def publish(world: World, *said: Said, which: int = 0) -> None:
    for one in said:
        world.send(which, [(one,)])
    world.adapters[which].publish(["told"] * MANY)


def work(world: World, steps: int = 3) -> None:
    for worker in world.workers:
        worker.fetch(MANY)
        for _ in range(steps):
            worker.work()


def commit(world: World) -> None:
    for worker in world.workers:
        worker.commit()


def die(world: World, produced: int = 0) -> None:
    for worker in world.workers:
        worker.crash(produced)


def store(world: World) -> None:
    while world.sink.read(MANY):
        world.sink.flush()


def dies_between_claim_and_produce(world: World) -> None:
    publish(world, FIRST)
    work(world, 2)
    die(world)


def amended_then_read_again(world: World) -> None:
    publish(world, FIRST, OTHER)
    work(world, 2)
    die(world)


def repeated_then_read_again(world: World) -> None:
    publish(world, FIRST, FIRST)
    work(world, 2)
    die(world)


def published_twice(world: World) -> None:
    publish(world, FIRST, OTHER)
    work(world)
    commit(world)
    world.adapters[0].crash()
    world.adapters[0].publish(["told"] * MANY)


def the_agent_raises(world: World) -> None:
    publish(world, FIRST)
    work(world, 2)
    for worker in world.workers:
        worker.fail()


def dies_after_it_began(world: World) -> None:
    publish(world, FIRST)
    work(world, 1)
    commit(world)
    die(world)


def refused_then_sent_again(world: World) -> None:
    refused = Said("D1", REFUSED)
    publish(world, refused)
    world.drain()
    world.store.strict = False
    publish(world, refused)
    world.drain()
    world.books.must_stand(refused.document, REFUSED)


def an_older_correction_after_a_repeat(world: World) -> None:
    """Said: A00, corrected to A01, corrected back to A00; the middle one comes last."""
    publish(world, Said("D1", "A00", corrected=1), Said("D1", "A00", corrected=3))
    publish(world, Said("D1", "A01", corrected=2), which=1)
    work(world)


def refused_repeated_and_an_older_one(world: World) -> None:
    """What was refused and forgotten holds nothing up: what then comes stands, though its version is lower."""
    publish(world, Said("D1", REFUSED, corrected=1), Said("D1", REFUSED, corrected=3))
    world.drain()
    publish(world, Said("D1", "A01", corrected=2), which=1)


STORIES: Final[tuple[Story, ...]] = (
    dies_between_claim_and_produce,
    amended_then_read_again,
    repeated_then_read_again,
    published_twice,
    the_agent_raises,
    dies_after_it_began,
    refused_then_sent_again,
    an_older_correction_after_a_repeat,
    refused_repeated_and_an_older_one,
)
