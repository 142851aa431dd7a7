"""Checks against code lists (the list in force on the document's date) and against the form of codes."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from schemas import catalogues
from schemas.codes import in_force
from stream_processors.checks import communes
from stream_processors.checks.register import Check, Event, Identity, LineCheck, Narrative, check, line_check

_MOST_GOOD: Final = 20_000


def _of_lists(lists: Mapping[str, str], day: date) -> LineCheck:
    wanted = tuple((field, in_force(name, day) | {None, ""}) for field, name in lists.items())

    def found(event: Event) -> str | None:
        for field, codes in wanted:
            if event[field] not in codes:
                return field
        return None

    return found


@check
def in_list(lists: Mapping[str, str], day: date) -> Check:
    """Each field (field -> name of a list) is empty or a code of its list."""
    of_lists = _of_lists(lists, day)
    return lambda event, _, __: of_lists(event)


@line_check
def line_in_list(lists: Mapping[str, str], day: date) -> LineCheck:
    """The same within a line."""
    return _of_lists(lists, day)


@check
def one_of_values(field: str, values: Collection[str]) -> Check:
    """The field is empty or one of these values."""
    wanted = frozenset(values) | {None, ""}
    return lambda event, _, __: field if event[field] not in wanted else None


def _of_pattern(fields: Sequence[str], pattern: str) -> LineCheck:
    """Each code of the fields (texts or lists of texts) has the form. Codes of good form are remembered."""
    fullmatch = re.compile(pattern).fullmatch
    names = tuple(fields)
    good: set[str] = {""}

    def fits(code: str) -> bool:
        if code in good:
            return True
        if fullmatch(code) is None:
            return False
        if len(good) >= _MOST_GOOD:
            good.clear()
        good.add(code)
        return True

    def found(event: Event) -> str | None:
        for name in names:
            value = event[name]
            if not value:
                continue
            if isinstance(value, str):
                if not fits(value):
                    return name
            elif not good.issuperset(value) and not all(map(fits, value)):
                return name
        return None

    return found


@check
def of_form(fields: Sequence[str], pattern: str) -> Check:
    """Each code of the fields has the form of a regular expression."""
    of_pattern = _of_pattern(fields, pattern)
    return lambda event, _, __: of_pattern(event)


@line_check
def line_of_form(fields: Sequence[str], pattern: str) -> LineCheck:
    """The same within a line."""
    return _of_pattern(fields, pattern)


@line_check
def line_code_when(field: str, values: Collection[str], code: str, list_: str, day: date) -> LineCheck:
    """In lines whose `field` is one of `values`, `code` is there and of the list."""
    wanted, codes = frozenset(values), in_force(list_, day)

    def found(line: Event) -> str | None:
        return code if line[field] in wanted and line[code] not in codes else None

    return found


def _of_catalogue(catalogue: str, fields: Sequence[str], day: date) -> LineCheck:
    version = catalogues.of(catalogue, day)
    known = None if version is None else version.codes.keys()
    names = tuple(fields)

    def found(event: Event) -> str | None:
        if known is None:
            return None
        for name in names:
            value = event[name]
            said = (value,) if isinstance(value, str) else value or ()
            if any(code and code not in known for code in said):
                return name
        return None

    return found


@check
def in_catalogue(catalogue: str, fields: Sequence[str], day: date) -> Check:
    """Each code of the fields stands in the catalogue's version of that day; nothing is said where there is none."""
    of_catalogue = _of_catalogue(catalogue, fields, day)
    return lambda event, _, __: of_catalogue(event)


@line_check
def line_in_catalogue(catalogue: str, fields: Sequence[str], day: date) -> LineCheck:
    """The same within a line."""
    return _of_catalogue(catalogue, fields, day)


@check
def commune_of_province(province: str, commune: str, day: date) -> Check:
    """The commune (5 digits) is one of the province, where the list of communes is installed."""
    known = communes.of(day)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        said = event[commune]
        if not said:
            return None
        if len(said) != 5 or not said.isdigit():
            return commune
        if known is None or event[province] is None:
            return None
        return commune if said not in known.get(event[province].zfill(2), frozenset()) else None

    return found
