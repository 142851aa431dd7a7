"""Checks of amounts. All are in thousandths; an amount has 2 decimals, so half a cent of rounding is 5 thousandths,
and hospitals round twice. What is missing says nothing (that it is missing, another rule says)."""

from collections.abc import Mapping, Sequence
from typing import Final

from stream_processors.checks.register import Check, Event, Identity, LineCheck, Narrative, check, line_check

CENT: Final = 10
_MOST_LINES: Final = 200
"""Each line of a visit may round by a cent."""


@line_check
def line_product(factors: Sequence[str], percents: Sequence[str], amount: str, unless: str | None = None) -> LineCheck:
    """`amount` = both `factors` × the `percents` (whole percent each). Not asked where `unless` is above 0."""
    one, other = factors
    rates = tuple(percents)
    scale = 1000 * 100 ** len(rates)
    slack = CENT * scale

    def found(line: Event) -> str | None:
        a, b, said = line[one], line[other], line[amount]
        if a is None or b is None or said is None or (unless is not None and line[unless]):
            return None
        product = a * b
        for rate in rates:
            percent = line[rate]
            if percent is None:
                return None
            product *= percent
        return amount if not -slack <= product - said * scale <= slack else None

    return found


@line_check
def line_not_more(parts: Sequence[str], whole: str) -> LineCheck:
    """The parts together are not more than the whole."""
    names = tuple(parts)

    def found(line: Event) -> str | None:
        total = line[whole]
        if total is None:
            return None
        said = 0
        for name in names:
            said += line[name] or 0
        return names[0] if said > total + CENT else None

    return found


@line_check
def line_outside(amount: str, hospital: str, insured: str, other: str) -> LineCheck:
    """What the patient pays outside the scope = hospital price - insured - other sources, down to 0."""

    def found(line: Event) -> str | None:
        said, whole, covered = line[amount], line[hospital], line[insured]
        if said is None or whole is None or covered is None:
            return None
        expected = max(whole - covered - (line[other] or 0), 0)
        return amount if not -CENT <= said - expected <= CENT else None

    return found


@line_check
def line_share(amount: str, whole: str, percent: str) -> LineCheck:
    """`amount` = `whole` × `percent` (percent in thousandths: 80 % is 80,000)."""
    slack = CENT * 100_000

    def found(line: Event) -> str | None:
        said, total, rate = line[amount], line[whole], line[percent]
        if said is None or total is None or rate is None:
            return None
        return amount if not -slack <= total * rate - said * 100_000 <= slack else None

    return found


@check
def sum_is(whole: str, parts: Sequence[str]) -> Check:
    """The whole is the sum of its parts, up to the rounding of a visit's lines."""
    names, slack = tuple(parts), CENT * _MOST_LINES

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        total = event[whole]
        if total is None:
            return None
        said = 0
        for name in names:
            part = event[name]
            if part is None:
                return None
            said += part
        return whole if not -slack <= total - said <= slack else None

    return found


@check
def between(field: str, above: int, most: int) -> Check:
    """Above `above` and at most `most` (in the field's unit: thousandths for quantities)."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        value = event[field]
        return field if value is not None and not above < value <= most else None

    return found


@line_check
def line_at_most(fields: Mapping[str, int]) -> LineCheck:
    """Each field (field -> its most, in its own unit) is between 0 and its most."""
    spans = tuple(fields.items())

    def found(line: Event) -> str | None:
        for name, most in spans:
            value = line[name]
            if value is not None and not 0 <= value <= most:
                return name
        return None

    return found
