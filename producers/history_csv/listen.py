"""CSV's I/O: files, and a watched folder where a feed has one. `DIALECT` is what the list of adapters takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from producers.adapter import Dialect, Feed, Listener, Read, Taker
from producers.folder import Folder, FolderOptions
from producers.history_csv.answer import answer
from producers.history_csv.bounds import LIMITS
from producers.history_csv.mapping import MappingError
from producers.history_csv.plan import ready
from producers.history_csv.translate import TRANSLATOR, reads


class CsvOptions(FolderOptions):
    """Of a feed of CSV files."""

    mapping: Path = Field(description="the mapping file, see docs/adapters/history_csv.md")

    @field_validator("mapping")
    @classmethod
    def _can_be_read(cls, path: Path) -> Path:
        try:
            ready(path)
        except MappingError as error:
            raise ValueError(str(error)) from None
        except OSError as error:
            raise ValueError(f"the mapping cannot be read: {error.strerror}") from None
        return path


def read(path: Path, feed: Feed) -> Iterator[Read]:
    """A row is one message."""
    with path.open("rb") as file:
        yield from reads(iter(lambda: file.read(LIMITS.block), b""), ready(feed.options["mapping"]), feed.facility)


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    """A folder per feed."""
    made = []
    for feed in feeds:
        chosen = {name: feed.options[name] for name in FolderOptions.model_fields if name in feed.options}
        made.append(Folder(feed, DIALECT, FolderOptions.model_validate(chosen), taker))
    return made


DIALECT: Final = Dialect(
    name="history_csv",
    translator=TRANSLATOR,
    options=CsvOptions,
    read=read,
    answer=answer,
    listen=listen,
    suffixes=(".csv", ".tsv", ".txt"),
    history=True,
)
