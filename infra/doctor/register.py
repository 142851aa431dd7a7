"""The facility register's file against the feeds of the adapter."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from infra.doctor.finding import Finding, failed, named, ok, warning
from infra.doctor.places import Places
from producers.adapter import Feed
from runtime.facilities import Source, load, sources
from sinks.clickhouse.sink import REGISTER


def examine(places: Places) -> list[Finding]:
    if places.sink is None:
        return []
    return _file(places.sink.data / REGISTER, places.feeds)


def _file(path: Path, feeds: Sequence[Feed]) -> list[Finding]:
    mends = (f"viết {REGISTER} vào thư mục dữ liệu của sink", f"write {REGISTER} into the sink's data folder")
    try:
        known = sources(load(path))
    except FileNotFoundError:
        return [failed("register", REGISTER, "không có danh bạ cơ sở", "there is no facility register", *mends)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        said = type(error).__name__
        return [failed("register", REGISTER, f"danh bạ sai dạng: {said}", f"the register is malformed: {said}", *mends)]
    return compare(known, feeds)


def compare(known: Sequence[Source], feeds: Sequence[Feed]) -> list[Finding]:
    """Feeds that nobody expects are stored, but no card counts them as expected."""
    expected = {(source.facility, source.source_system) for source in known}
    strangers = sorted(
        {f"{f.facility}.{f.source_system}" for f in feeds if (f.facility, f.source_system) not in expected}
    )
    count = len({source.facility for source in known})
    found = [ok("register", REGISTER, f"{count} cơ sở", f"{count} facilities")]
    if strangers:
        found.append(
            warning(
                "register",
                "feeds",
                f"nguồn không có trong danh bạ: {named(strangers)}",
                f"feeds that the register does not expect: {named(strangers)}",
                f"thêm hệ thống này vào {REGISTER}",
                f"add the system to {REGISTER}",
            )
        )
    return found
