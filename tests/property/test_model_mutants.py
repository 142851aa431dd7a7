"""The model finds what it is there to find: stories that hold, and break as soon as one known mistake is built in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from structlog.testing import capture_logs

from stream_processors.transport import ChunkConsumer
from tests.fakes import FakeStore
from tests.model import mutants, stories
from tests.model.machine import Machine
from tests.model.stories import STORIES, Story
from tests.model.world import World


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


def tell(
    folder: Path, story: Story, claims: type[FakeStore] = FakeStore, consumer: type[ChunkConsumer] = ChunkConsumer
) -> None:
    world = World(folder, claims(), consumer)
    try:
        story(world)
        world.drain()
        world.check()
    finally:
        world.close()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends_well(tmp_path: Path, story: Story) -> None:
    tell(tmp_path, story)


@pytest.mark.parametrize(
    ("story", "mutant"),
    [
        (stories.dies_between_claim_and_produce, mutants.SetNx),
        (stories.amended_then_read_again, mutants.OneNumber),
        (stories.repeated_then_read_again, mutants.ForgetsItsNumber),
        (stories.refused_then_sent_again, mutants.NeverForgets),
    ],
)
def test_wrong_claims_are_found_out(tmp_path: Path, story: Story, mutant: type[FakeStore]) -> None:
    with pytest.raises(AssertionError, match=r"absent|duplicate|history|sent again"):
        tell(tmp_path, story, claims=mutant)


@pytest.mark.parametrize(
    ("story", "mutant"),
    [
        (stories.the_agent_raises, mutants.FaustCommits),
        (stories.dies_after_it_began, mutants.CommitsWhatItFetched),
    ],
)
def test_wrong_commits_are_found_out(tmp_path: Path, story: Story, mutant: type[ChunkConsumer]) -> None:
    with pytest.raises(AssertionError, match="absent"):
        tell(tmp_path, story, consumer=mutant)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "mutant",
    [
        mutants.SetNx,
        mutants.OneNumber,
        mutants.ForgetsItsNumber,
        mutants.NeverForgets,
        mutants.FaustCommits,
        mutants.CommitsWhatItFetched,
    ],
)
def test_chance_finds_each_mistake_too(mutant: type[FakeStore] | type[ChunkConsumer]) -> None:
    """Most within 200 examples; no story helps here."""
    part = "claims" if issubclass(mutant, FakeStore) else "consumer"
    mistaken = type("Mistaken", (Machine,), {part: mutant})
    chosen = settings(
        max_examples=3_000,
        stateful_step_count=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(Exception):  # noqa: B017, PT011 an invariant, or the transport's own HoleError
        run_state_machine_as_test(mistaken, settings=chosen)
