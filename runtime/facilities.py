"""The facility register: what is expected from whom. Without it a hospital that never connected is invisible.

A YAML list, an entry per facility code: `code`, `name`, `organisation`, `synthetic`, `unit_responsible`, `since`,
`systems` (each `system`, `dialect`, `kinds`, `vendor`), `source_of_record` (kind -> systems, the source of record first).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Source:
    """One expected feed of a kind; precedence 0 is the source of record."""

    facility: str
    name: str
    organisation: str
    synthetic: bool
    unit_responsible: str
    kind: str
    source_system: str
    source_format: str
    precedence: int
    since: str
    vendor: str = ""


def sources(entries: list[dict[str, Any]]) -> list[Source]:
    """The register flattened: a row per facility, kind and system."""
    rows = []
    for entry in entries:
        for system in entry["systems"]:
            for kind in system["kinds"]:
                ranking = entry.get("source_of_record", {}).get(kind, [])
                name = system["system"]
                rows.append(
                    Source(
                        facility=entry["code"],
                        name=entry["name"],
                        organisation=entry.get("organisation", entry["name"]),
                        synthetic=bool(entry.get("synthetic", False)),
                        unit_responsible=entry.get("unit_responsible", ""),
                        kind=kind,
                        source_system=name,
                        source_format=system["dialect"],
                        precedence=ranking.index(name) if name in ranking else len(ranking),
                        since=str(entry.get("since", "2026-01-01")),
                        vendor=system.get("vendor", ""),
                    )
                )
    return rows


def load(path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return entries
