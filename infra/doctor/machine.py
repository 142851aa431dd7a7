"""This machine: Python, the libraries and their versions, room on the disks."""

import platform
import shutil
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from infra.doctor.finding import Finding, failed, named, ok, warning
from infra.doctor.places import Places
from stream_processors.app import UnsafeFaustError, refuse_unsafe_faust

_GIB: Final = 1 << 30
FULL_BYTES: Final = _GIB
"""Below this SQLite, Kafka and ClickHouse soon cannot write."""
LOW_SHARE: Final = 0.1


def examine(places: Places) -> list[Finding]:
    folders = {name: role.data for name, role in places.roles.items()}
    return [_python(), *libraries(requires("livingdata") or ()), _faust(), *disks(folders), *_outbox(places)]


def _python() -> Finding:
    found = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 14):
        return ok("version", "python", f"Python {found}", f"Python {found}")
    return failed(
        "version",
        "python",
        f"Python {found} chưa được hỗ trợ",
        f"Python {found} is not supported",
        "dùng Python 3.11 đến 3.14",
        "use Python 3.11 to 3.14",
    )


def libraries(wanted: Iterable[str]) -> list[Finding]:
    """The installed versions against what the release asks for (`name>=version; marker`)."""
    count, wrong = 0, []
    for line in wanted:
        need = Requirement(line)
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        count += 1
        try:
            found = version(need.name)
        except PackageNotFoundError:
            found = ""
        if not found or not need.specifier.contains(found, prereleases=True):
            wrong.append(_library(need, found))
    good = ok("version", "libraries", f"{count} thư viện đúng phiên bản", f"{count} libraries of the right versions")
    return wrong or [good]


def _library(need: Requirement, found: str) -> Finding:
    return failed(
        "version",
        need.name,
        f"cần {need.specifier}, đang có {found or 'không gì cả'}",
        f"{need.specifier} is needed, found {found or 'none'}",
        "cài lại bản phát hành: make setup (hoặc pip install livingdata)",
        "install the release again: make setup (or pip install livingdata)",
    )


def _faust() -> Finding:
    try:
        refuse_unsafe_faust()
    except UnsafeFaustError as error:
        return failed(
            "version",
            "faust",
            f"Faust này làm mất sự kiện: {error}",
            f"this Faust loses events: {error}",
            "cài faust-streaming từ wheel dựng sẵn",
            "install faust-streaming from a built wheel",
        )
    return ok("version", "faust", "Faust có luồng Cython", "Faust has its Cython stream")


def disks(folders: dict[str, Path]) -> list[Finding]:
    found = []
    for name, folder in folders.items():
        place = next((one for one in (folder, *folder.absolute().parents) if one.exists()), Path("/"))
        usage = shutil.disk_usage(place)
        found.append(room(name, usage.free, usage.total))
    return found


def room(subject: str, free: int, total: int) -> Finding:
    """Free space as a finding; shared with the store's own disks."""
    said = f"{free / _GIB:.1f} GiB / {total / _GIB:.1f} GiB"
    mends = ("giải phóng đĩa hoặc thêm đĩa", "free the disk or add one")
    if free < FULL_BYTES:
        return failed("disk", subject, f"đĩa gần đầy: còn {said}", f"the disk is nearly full: {said} free", *mends)
    if free < LOW_SHARE * total:
        return warning("disk", subject, f"đĩa sắp đầy: còn {said}", f"the disk is filling up: {said} free", *mends)
    return ok("disk", subject, f"còn {said}", f"{said} free")


def _outbox(places: Places) -> list[Finding]:
    if places.adapter is None:
        return []
    file = places.adapter.data / "outbox.sqlite"
    size = file.stat().st_size if file.exists() else 0
    share = size / places.adapter.outbox_bytes
    if share < 0.8:
        said = named([f"{size / 2**20:.0f} MiB, {share:.0%}"])
        return [ok("disk", "outbox", f"hộp thư đi {said}", f"outbox {said} of its limit")]
    return [
        warning(
            "disk",
            "outbox",
            f"hộp thư đi đã tới {share:.0%} giới hạn",
            f"the outbox is at {share:.0%} of its limit",
            "đưa Kafka trở lại; khi đầy, bệnh viện sẽ bị từ chối",
            "bring Kafka back; once it is full hospitals are refused",
        )
    ]
