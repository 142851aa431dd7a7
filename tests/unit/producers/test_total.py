"""A translator made total: whatever it does, a message ends as outcomes."""

from dataclasses import replace
from typing import Any

import pytest

from producers.adapter import Document, Feed, Parsed, Refusal, State, Translation
from producers.total import attempt, tidy, translate
from tests.lines import FEED

PARSED = Parsed("m1", "V1", None)
DOCUMENT = Document("encounter", ("V1",))


class Does:
    """A translator that answers one thing, and keeps the state it was given."""

    def __init__(self, made: Translation | Exception) -> None:
        self.made = made
        self.given: State | None = None

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        raise NotImplementedError

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:  # noqa: ARG002
        self.given = state
        if isinstance(self.made, Exception):
            raise self.made
        return self.made


def run(made: Translation | Exception, state: bytes | None = None) -> tuple[Translation, bytes | None, list[Exception]]:
    failed: list[Exception] = []
    translation, new = translate(Does(made), state, PARSED, FEED, failed.append)
    return translation, new, failed


def test_state_comes_and_goes_as_json() -> None:
    does = Does(Translation((DOCUMENT,), {"said": ["đau"]}))
    _, new = translate(does, b'{"said": []}', PARSED, FEED, lambda _: None)
    assert {"said": []} == does.given
    assert '{"said":["đau"]}'.encode() == new
    assert (None, []) == run(Translation(()))[1:]


@pytest.mark.parametrize("state", [{1: "a"}, {"a": 1 << 70}, {"a": {1, 2}}, {"a": "\ud800"}, {"a": object()}])
def test_a_state_that_is_no_json_is_a_fault_of_this_message(state: Any) -> None:
    translation, new, failed = run(Translation((DOCUMENT,), state))
    assert (None, 1, "unforeseen") == (new, len(failed), translation.outcomes[0].reason)  # type: ignore[union-attr]


def test_a_fault_is_told_by_its_type_only() -> None:
    translation, _, failed = run(ValueError("CANARY"))
    assert (Refusal("unforeseen", "", "ValueError"),) == translation.outcomes
    assert ["CANARY"] == [str(error) for error in failed]


def test_of_repeats_the_last_stands_in_the_place_of_the_first() -> None:
    last = replace(DOCUMENT, partial=True)
    refusal = Refusal("charset")
    outcomes = (DOCUMENT, refusal, replace(DOCUMENT, kind="referral"), last, refusal)
    assert (last, refusal, outcomes[2], refusal) == run(Translation(outcomes))[0].outcomes


def test_an_attempt_names_the_kind() -> None:
    failed: list[Exception] = []
    assert 5 == attempt(lambda: 5, "encounter", failed.append)
    assert Refusal("unforeseen", "encounter", "ZeroDivisionError", "encounter") == attempt(
        lambda: 1 // 0, "encounter", failed.append
    )
    assert 1 == len(failed)


def test_a_refusal_is_of_the_table_bounded_and_can_be_written() -> None:
    assert Refusal("charset", "MSH-18", "x") == tidy(Refusal("charset", "MSH-18", "x"))
    made = tidy(Refusal("invented", "p" * 999, "d" * 999 + "\ud800"))
    assert ("unforeseen", 200, 500) == (made.reason, len(made.place), len(made.detail))
    assert "?" == tidy(Refusal("charset", "\ud800")).place
