"""DICOM's I/O: files, folders, C-STORE and DICOMweb of each feed. `DIALECT` is what the list of adapters takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from producers.adapter import Dialect, Feed, Listener, Read, Refusal, Taker
from producers.dicom import file, study
from producers.dicom.answer import answer
from producers.dicom.collect import Collector
from producers.dicom.dicomweb import DicomWeb
from producers.dicom.folder import DicomFolder
from producers.dicom.options import DicomOptions
from producers.dicom.spool import Spool
from producers.dicom.store import StoreScp
from producers.dicom.translate import TRANSLATOR, asked, instance, parsed


def read(path: Path, feed: Feed) -> Iterator[Read]:
    """A file is one message: the snapshot of a study that has one instance. Of a refused file its head is the message."""
    header = file.read_path(path, asked(feed))
    made = header if isinstance(header, Refusal) else instance(header, feed)
    raw = study.to_bytes(made) if isinstance(made, dict) else file.head_of(path)
    yield Read(raw, parsed(made))


class DicomFeed:
    """The listener of one feed: its sources, and the collector they hand instances to."""

    def __init__(self, feed: Feed, taker: Taker) -> None:
        options = DicomOptions.model_validate(feed.options)
        if feed.desk is None:
            raise ValueError("a DICOM feed that is served needs a desk")
        if options.port is None and options.folder is None and options.dicomweb is None:
            raise ValueError(f"{feed.adapter_id}: a DICOM feed needs a folder, a port or dicomweb")
        spool = Spool(feed, feed.desk, options.spool_bytes)
        self._collector = Collector(feed, options, spool, taker)
        self.store = StoreScp(options.port, options, self._collector) if options.port is not None else None
        folder = DicomFolder(options.folder, options, self._collector) if options.folder is not None else None
        web = DicomWeb(options.dicomweb, options, self._collector) if options.dicomweb is not None else None
        self._sources: list[Listener] = [source for source in (self.store, folder, web) if source is not None]

    async def start(self) -> None:
        await self._collector.start()
        for source in self._sources:
            await source.start()

    async def stop(self) -> None:
        for source in self._sources:
            await source.stop()
        await self._collector.stop()


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    """One listener per feed; a feed without any source is a ValueError."""
    return [DicomFeed(feed, taker) for feed in feeds]


DIALECT: Final = Dialect(
    name="dicom",
    translator=TRANSLATOR,
    options=DicomOptions,
    read=read,
    answer=answer,
    listen=listen,
    suffixes=("",),
)
"""Any file name is taken: what is in the file decides."""
