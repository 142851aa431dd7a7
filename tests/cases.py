"""The golden cases: `tests/golden/<dialect>/<case>/`, each the life of one message."""

from pathlib import Path
from typing import Any, Final

import yaml

from producers.adapters import DIALECTS

HERE: Final = Path(__file__).parent / "golden"
CASES: Final = sorted(
    f"{path.parent.name}/{path.name}" for name in DIALECTS for path in (HERE / name).glob("*") if path.is_dir()
)


def options_of(folder: Path) -> dict[str, Any]:
    """A mapping is named from the case's own folder."""
    given = folder / "options.yaml"
    made: dict[str, Any] = yaml.safe_load(given.read_text(encoding="utf-8")) if given.exists() else {}
    return made | ({"mapping": folder / made["mapping"]} if "mapping" in made else {})
