"""DG1 as the lines of `schemas.kinds.common.DIAGNOSES`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from producers.hl7v2 import coded
from producers.hl7v2.clear import code, left
from producers.hl7v2.message import NULL, Segment

ICD_10: Final = "ICD-10"
_SYSTEMS: Final = dict.fromkeys(("I10", "ICD10", "ICD-10"), ICD_10)
_UNSTATED: Final = "local"
_USED: Final = frozenset((1, 2, 3, 4, 6, 15))
_RESTRICTED: Final = re.compile(r"B2[0-4]|Z21")
"""HIV (Luật phòng, chống HIV, art. 30)."""
_DELETED: Final = "D"


def read(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """All diagnoses of a message as lines, each with what is left of its segment under `left`.

    The main one is of priority 1 (DG1-15), else the first final one (DG1-6 F), else the first. DG1-21 D and a deleted
    code (`""`) leave the line out, so a list of nothing else empties the list.
    """
    kept = [s for s in segments if s.field(3) != NULL and s.text(21) != _DELETED and (s.field(3) or s.field(4))]
    main = _main(kept)
    return [_line(segment, "main" if segment is main else "other") for segment in kept]


def _main(segments: Sequence[Segment]) -> Segment | None:
    first = [s for s in segments if s.text(15) == "1"] or [s for s in segments if s.text(6) == "F"] or segments
    return first[0] if first else None


def _line(segment: Segment, role: str) -> dict[str, Any]:
    found = coded.read(segment.texts(3), _rank)
    return {
        "code": found.code,
        "system": _system(found.system or segment.text(2)),
        **coded.alternate(found, _system(found.alternate_system)),
        "role": role,
        "text": found.text or segment.text(4) or None,
        "left": {name: value for name, value in _left(segment) if value},
    }


def _rank(system: str) -> int:
    return 0 if system.upper() in _SYSTEMS else 1


def _system(said: str) -> str:
    return _SYSTEMS.get(said.upper()) or code(said.upper()) or _UNSTATED


def _left(segment: Segment) -> Iterator[tuple[str, str]]:
    yield from left(segment, _USED)
    if len(segment.components(3)) > 3:
        yield "DG1-3", segment.field(3)


def main_code(lines: Sequence[dict[str, Any]]) -> str | None:
    """The main diagnosis where it is of ICD-10 or its system is not said."""
    for line in lines:
        if line["role"] == "main":
            found: str | None = line["code"]
            return found if line["system"] in (ICD_10, _UNSTATED) else None
    return None


def sensitivity(codes: Sequence[str | None]) -> str:
    return "restricted" if any(found and _RESTRICTED.match(found) for found in codes) else "normal"
