"""Checks that something is there. Missing is None, an empty text or an empty list; a zero is there."""

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from schemas.fields import walk
from schemas.kinds import KINDS
from stream_processors.checks.register import Check, Event, Identity, LineCheck, Narrative, check, line_check

_TEXTS: Final = frozenset({"string", "code", "strings", "record"})
NUMBERS: Final = frozenset(f.name for body in KINDS.values() for _, f in walk(body) if f.type not in _TEXTS)
"""Fields of which a zero is there: names that are a number in some kind."""


def _getter(names: Sequence[str]) -> Any:
    """Name(s) -> a function that always gives a tuple."""
    if len(names) == 1:
        only = names[0]
        return lambda event: (event[only],)
    return itemgetter(*names)


def _first(names: Sequence[str], values: Sequence[Any]) -> str | None:
    return next((name for name, value in zip(names, values, strict=True) if value is None or value in ("", [])), None)


def _missing(names: Sequence[str]) -> LineCheck:
    """The first of the fields that is missing."""
    names = tuple(names)
    texts, numbers = [n for n in names if n not in NUMBERS], [n for n in names if n in NUMBERS]
    get_texts = _getter(texts) if texts else lambda _: ()
    get_numbers = _getter(numbers) if numbers else lambda _: ()

    def found(event: Event) -> str | None:
        if all(get_texts(event)) and None not in get_numbers(event):
            return None
        return _first(names, [event[name] for name in names])

    return found


def _sealed(names: Sequence[str], texts: Any, prefix: str) -> str | None:
    return next((prefix + name for name in names if not texts.get(name)), None)


@check
def present(fields: Sequence[str] = (), identity: Sequence[str] = (), narrative: Sequence[str] = ()) -> Check:
    """Fields of the body, of the identity and texts of the narrative are there."""
    missing = _missing(fields) if fields else lambda _: None

    def found(event: Event, who: Identity, said: Narrative) -> str | None:
        place = missing(event)
        if place is None and identity:
            place = _sealed(identity, who, "identity.")
        if place is None and narrative:
            place = _sealed(narrative, said, "")
        return place

    return found


@check
def present_when(
    when: Mapping[str, Collection[str]],
    fields: Sequence[str] = (),
    identity: Sequence[str] = (),
    narrative: Sequence[str] = (),
) -> Check:
    """As `present`, of documents whose fields (field -> values) each have one of these values."""
    wanted = tuple((field, frozenset(values)) for field, values in when.items())
    asked = present(fields, identity, narrative)

    def found(event: Event, who: Identity, said: Narrative) -> str | None:
        for field, values in wanted:
            if event[field] not in values:
                return None
        return asked(event, who, said)

    return found


@check
def present_with_field(
    field: str, fields: Sequence[str] = (), identity: Sequence[str] = (), narrative: Sequence[str] = ()
) -> Check:
    """As `present`, of documents in which `field` is there."""
    asked = present(fields, identity, narrative)
    return lambda event, who, said: asked(event, who, said) if event[field] else None


@check
def one_of_when(when: Mapping[str, Collection[str]], fields: Sequence[str]) -> Check:
    """Exactly one of the fields is there, in documents as in `present_when`."""
    wanted, names = tuple((field, frozenset(values)) for field, values in when.items()), tuple(fields)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        if any(event[field] not in values for field, values in wanted):
            return None
        return None if 1 == sum(1 for name in names if event[name]) else names[0]

    return found


@check
def present_with_card(fields: Sequence[str], narrative: Sequence[str]) -> Check:
    """Where the patient has cards, each of `fields` has as many values, and the texts are there."""

    def found(event: Event, who: Identity, said: Narrative) -> str | None:
        cards = [card for card in (who.get("cards") or "").split(";") if card.strip()]
        if not cards:
            return None
        wrong = next((name for name in fields if len(event[name]) != len(cards)), None)
        return wrong or _sealed(narrative, said, "")

    return found


@check
def together(fields: Sequence[str]) -> Check:
    """All of the fields are there, or none."""
    get, names = _getter(fields), tuple(fields)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        values = get(event)
        if not any(value is None or value in ("", []) for value in values):
            return None
        return None if all(value is None or value in ("", []) for value in values) else _first(names, values)

    return found


@check
def lines_say(each: str, narrative: Sequence[str]) -> Check:
    """Every line of `each` has these sealed texts."""

    def found(event: Event, _: Identity, said: Narrative) -> str | None:
        for number in range(1, len(event[each]) + 1):
            place = _sealed([f"{each}[{number}].{name}" for name in narrative], said, "")
            if place:
                return place
        return None

    return found


@line_check
def line_present(fields: Sequence[str]) -> LineCheck:
    """Fields of the line are there."""
    return _missing(fields)


@line_check
def line_present_when(field: str, values: Collection[str], fields: Sequence[str]) -> LineCheck:
    """As `present`, of lines whose `field` is one of `values`."""
    wanted, missing = frozenset(values), _missing(fields)

    def found(line: Event) -> str | None:
        return missing(line) if line[field] in wanted else None

    return found


@line_check
def line_present_unless(field: str, values: Collection[str], fields: Sequence[str]) -> LineCheck:
    """As `present`, of lines whose `field` is none of `values`."""
    spared, missing = frozenset(values), _missing(fields)

    def found(line: Event) -> str | None:
        return None if line[field] in spared else missing(line)

    return found


@line_check
def line_present_with(field: str, fields: Sequence[str]) -> LineCheck:
    """Where the line's `field` is there, one of `fields` is too."""
    names = tuple(fields)

    def found(line: Event) -> str | None:
        if not line[field]:
            return None
        return None if any(line[name] is not None for name in names) else names[0]

    return found


@line_check
def line_any_of(fields: Sequence[str]) -> LineCheck:
    """At least one of the fields is there."""
    names = tuple(fields)

    def found(line: Event) -> str | None:
        return None if any(line[name] for name in names) else names[0]

    return found
