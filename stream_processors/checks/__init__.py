"""The checks that rules are made of: named functions, their parameters given by the rule book.

A check is made once, when a plan is compiled, and then asked of many documents. It answers with the place of the first
fault (a field's path, never a value) or None. A document check sees header and body, identity and narrative; a line
check sees one line of an array.
"""

from stream_processors.checks import codes, diagnoses, money, person, presence, repeats, times, visits
from stream_processors.checks.register import CHECKS, Check, Identity, LineCheck, Narrative, make

__all__ = ["CHECKS", "Check", "Identity", "LineCheck", "Narrative", "codes", "diagnoses", "make", "money", "person",
           "presence", "repeats", "times", "visits"]  # fmt: skip
