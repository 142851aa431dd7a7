"""What a look at one thing found, in Vietnamese and English. No key, password or value of a setting stands in one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    ok = "ok"
    unknown = "unknown"
    """It cannot be told from here."""
    warning = "warning"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is the sort of look, `subject` what was looked at; the mends are empty where all is well."""

    check: str
    subject: str
    level: Level
    vi: str
    en: str
    mend_vi: str = ""
    mend_en: str = ""


def ok(check: str, subject: str, vi: str, en: str) -> Finding:
    return Finding(check, subject, Level.ok, vi, en)


def unknown(check: str, subject: str, vi: str, en: str) -> Finding:
    return Finding(check, subject, Level.unknown, vi, en)


def warning(check: str, subject: str, vi: str, en: str, mend_vi: str, mend_en: str) -> Finding:
    return Finding(check, subject, Level.warning, vi, en, mend_vi, mend_en)


def failed(check: str, subject: str, vi: str, en: str, mend_vi: str, mend_en: str) -> Finding:
    return Finding(check, subject, Level.failed, vi, en, mend_vi, mend_en)


MOST_NAMED: Final = 5


def named(names: list[str]) -> str:
    """A few of many names."""
    more = f" … (+{len(names) - MOST_NAMED})" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
