"""The sealed archive: originals too large for Kafka, one file each, under the adapter's data folder."""

import os
from pathlib import Path
from typing import Final

from producers.event import Number
from runtime.seal import SealKey, seal_at_rest

LARGEST_ON_KAFKA: Final = 128 << 10
"""Originals above this many bytes lie here; the rejection carries their hash and place."""


def _sync(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def archived(folder: Path, place: str) -> bytes:
    """The sealed original that a rejection says lies at `place`; `folder` is the adapter's archive. Raises OSError."""
    return (folder / Path(place).name).read_bytes()


class Archive:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, key: SealKey, number: Number, original: bytes) -> str | None:
        """The place of a large original (durable when this returns), or None where it goes with the rejection."""
        if len(original) <= LARGEST_ON_KAFKA:
            return None
        name = f"{number.adapter_id}.{number.incarnation}.{number.sequence}.{number.part}"
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(seal_at_rest(key, name.encode(), original))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.sealed")
        _sync(self._folder)
        return f"archive/{name}.sealed"
