"""History's turn comes when nothing live waits any more, and waiting counts as progress."""

from runtime import telemetry
from stream_processors.give_way import ROLE, GiveWay


async def test_it_waits_for_its_turn() -> None:
    said: list[tuple[bool, float]] = []
    answers = iter([True, True, False, True, False])

    def over() -> bool:
        behind = next(answers)
        said.append((behind, telemetry.GIVING_WAY._value.get()))
        return behind

    telemetry.PROGRESS.labels(ROLE).set(0)
    made = GiveWay(over, pause=0)
    await made.turn()
    assert [True, True, False] == [behind for behind, _ in said]
    assert [0, 1, 1] == [shown for _, shown in said]
    assert telemetry.PROGRESS.labels(ROLE)._value.get() > 0
    assert 0 == telemetry.GIVING_WAY._value.get()
    await made.turn()
    assert 5 == len(said)
