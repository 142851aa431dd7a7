"""Which checks there are, by name, and how one is made from a rule's parameters."""

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from schemas.rules import Rule, RuleError

Event = Mapping[str, Any]
Identity = Mapping[str, str | None]
Narrative = Mapping[str, str]
Check = Callable[[Event, Identity, Narrative], str | None]
LineCheck = Callable[[Event], str | None]

Factory = TypeVar("Factory", bound=Callable[..., Any])

CHECKS: Final[dict[str, Callable[..., Check]]] = {}
LINE_CHECKS: Final[dict[str, Callable[..., LineCheck]]] = {}
VISIT_CHECKS: Final[dict[str, Callable[..., Any]]] = {}
DAY: Final = "day"
"""A factory with this parameter is given the first day of the span that the plan is for."""


def check(factory: Factory) -> Factory:
    """Register what makes a document check."""
    CHECKS[factory.__name__] = factory
    return factory


def line_check(factory: Factory) -> Factory:
    """Register what makes a line check. Its name may be that of a document check: the rule's `each` decides."""
    LINE_CHECKS[factory.__name__.removeprefix("line_")] = factory
    return factory


def visit_check(factory: Factory) -> Factory:
    """Register what makes a check of the documents of a visit."""
    VISIT_CHECKS[factory.__name__] = factory
    return factory


def make(rule: Rule, day: date) -> Any:
    """The check of a rule as it is on `day`; RuleError where the rule names no check or wrong parameters."""
    known: Mapping[str, Callable[..., Any]] = LINE_CHECKS if rule.each else CHECKS
    if rule.scope == "visit":
        known = VISIT_CHECKS
    factory = known.get(rule.check)
    if factory is None:
        raise RuleError(f"{rule.id}: there is no {'line' if rule.each else rule.scope} check `{rule.check}`")
    given = dict(rule.parameters)
    signature = inspect.signature(factory)
    if DAY in signature.parameters:
        given[DAY] = day
    try:
        signature.bind(**given)
    except TypeError as error:
        raise RuleError(f"{rule.id}: {error}") from None
    try:
        return factory(**given)
    except (LookupError, ValueError, TypeError, AttributeError, re.error) as error:
        raise RuleError(f"{rule.id}: {error}") from None
