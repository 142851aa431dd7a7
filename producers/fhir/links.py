"""Patient.link: other Patients of the same source that are this person (R4 and R5, value set link-type). Pure.

`replaced-by` and `refer` point to the one who stays, `replaces` from it. `seealso` is of equals: the number that sorts
first stays, whichever of the two says it. A link that stood in the Patient before and is not told any more is taken
back, as the resource is whole each time.
"""

from collections.abc import Iterator
from typing import Final

from producers.adapter import Link
from producers.fhir.datatypes import NONE, Element
from producers.fhir.telling import Telling
from producers.fhir.times import to_the_second

_STAYS: Final = frozenset(("replaced-by", "refer"))
_Pair = tuple[str, str, str]
"""Number, number of the one who stays, type."""


def links(now: Element, before: Element | None, told: Telling) -> Iterator[Link]:
    """What is told of a Patient that was not told `before`."""
    at = to_the_second(now.get("meta", NONE).get("lastUpdated"))
    said, known = (list(dict.fromkeys(_pairs(each or NONE, told))) for each in (now, before))
    for number, into, type_ in said:
        if (number, into, type_) not in known:
            yield Link(number, into, f"fhir.{type_}", "merge", at)
    still = {pair[:2] for pair in said}
    for number, into, type_ in known:
        if (number, into) not in still:
            yield Link(number, into, f"fhir.{type_}", "unmerge", at)


def _pairs(patient: Element, told: Telling) -> Iterator[_Pair]:
    """Links to a RelatedPerson are none of these: that is another record of the person's, not another patient."""
    own = told.patient_number(patient) if patient else None
    for link in patient.get("link", ()):
        name = told.index.key_of(link.get("other"), "Patient")
        other = told.person(link.get("other")).number if name and name.startswith("Patient") else None
        if not own or not other or own == other:
            continue
        type_ = link.get("type", "")
        if type_ in _STAYS:
            yield own, other, type_
        elif type_ == "replaces":
            yield other, own, type_
        elif type_ == "seealso":
            first, second = sorted((own, other))
            yield second, first, type_
