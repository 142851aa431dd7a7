"""ClickHouse over HTTP: the only door to clickhouse-connect.

Since 26.2/26.3 `async_insert` and deduplication are on by default; both would lose rows here in silence, so every such
setting is given explicitly on every insert. A repeat is harmless by the tables' shape, a deduplication token is not.
"""

import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import clickhouse_connect
import orjson
from clickhouse_connect.driver.exceptions import ClickHouseError

from runtime.settings import ClickHouseSettings
from schemas.clickhouse import columns_of
from schemas.fields import walk
from schemas.kinds import KINDS
from schemas.ledger import LEDGER

SERVER_SECONDS: Final = 60
CLIENT_SECONDS: Final = 75
"""Both far below `max.poll.interval.ms` (300 s): an insert in doubt ends before the group gives our partitions away."""

# `optimize_on_insert` collapses repeats while inserting, which FINAL does anyway; without it an insert takes a third less.
INSERT_SETTINGS: Final[Mapping[str, Any]] = {
    "async_insert": 0,
    "insert_deduplicate": 0,
    "optimize_on_insert": 0,
    "input_format_avro_allow_missing_fields": 1,
    "max_partitions_per_insert_block": 0,
    "wait_end_of_query": 1,
    "max_execution_time": SERVER_SECONDS,
}
WHERE_KNOWN: Final[Mapping[str, Any]] = {"deduplicate_insert": "disable", "distributed_foreground_insert": 1}
"""The latter for a cluster: a row that waits on one server's disk for another is not in yet."""

SMALL_BYTES: Final = 2 << 20
"""An insert below this is one thread's work: making a second one ready costs a quarter of it (measured, 60 documents)."""

ROW_CODES: Final = frozenset(
    # Parse and range errors, type and constraint violations, sizes; 1001 is an exception of the Avro library.
    (6, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 353, 395, 407, 469, 1001)
)
"""Codes that a row may be the cause of; any other refusal is trouble of the server and is waited out."""

TOO_MUCH_CODES: Final = frozenset((241,))

_CODE: Final = re.compile(r"\b[Cc]ode:\s*(\d+)")
_NAMED: Final = re.compile(r"(?:column|field|Column|Field)\s+[`'\"]?([a-z][a-z0-9_.]{0,63})")


class Away(RuntimeError):
    """ClickHouse cannot take it now, through no fault of a row. Holds the error's code and name, never its text."""


class Unanswered(Away):
    """The answer to a question typed by a person: the server's own text, for that person's screen only, never a log."""


class TooMuch(Away):
    """ClickHouse lacks the memory for an insert of this size; a smaller one may do."""


class Refused(ValueError):
    """ClickHouse refuses the data. `place` is the field, where the error names one; the error's text may quote values
    and is not kept."""

    def __init__(self, code: int, place: str) -> None:
        super().__init__(f"refused, code {code}")
        self.code, self.place = code, place


@cache
def _field_names() -> frozenset[str]:
    tables = [columns_of(kind) for kind in KINDS] + list(LEDGER.values())
    return frozenset(path for fields in tables for path, _ in walk(fields))


def _code(error: Exception) -> int:
    known = getattr(error, "code", None)
    if isinstance(known, int):
        return known
    found = _CODE.search(str(error))
    return int(found.group(1)) if found else 0


def _place(error: Exception) -> str:
    """The field that the error names; only names of the field table leave this function."""
    names = (match.rstrip(".") for match in _NAMED.findall(str(error)))
    return next((name for name in names if name in _field_names()), "")


def _away(error: Exception) -> Away:
    return Away(f"code {_code(error)} {getattr(error, 'name', None) or type(error).__name__}")


def _said(error: Exception) -> str:
    """The server's words without the driver's around them."""
    text = str(error)
    start, end = text.find("DB::Exception: "), text.rfind(" (for url")
    return text[start + 15 if start >= 0 else 0 : end if end > 0 else None].strip() or type(error).__name__


class ClickHouse:
    """One server and database. May be shared by threads when made by `connect`."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        known = driver.server_settings
        self._insert_settings = {**INSERT_SETTINGS, **{k: v for k, v in WHERE_KNOWN.items() if k in known}}
        self._small_settings = {**self._insert_settings, "max_threads": 1}

    def insert(self, table: str, container: bytes) -> None:
        """Insert an Avro object container and wait for the answer. Raises Refused or Away.

        After Away the rows may be in all the same: insert them again, the tables collapse repeats.
        """
        try:
            chosen = self._small_settings if len(container) < SMALL_BYTES else self._insert_settings
            self._driver.raw_insert(table, insert_block=container, fmt="Avro", settings=chosen)
        except (ClickHouseError, OSError) as error:
            code = _code(error)
            if code in ROW_CODES:
                raise Refused(code, _place(error)) from None
            if code in TOO_MUCH_CODES:
                raise TooMuch(f"code {code}") from None
            raise _away(error) from None

    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None:
        """A few rows of our own (the facility register). Raises Away.

        As JSON: the driver's own insert loads pandas where it is installed, which takes a second and 60 MB.
        """
        settings = {k: v for k, v in self._insert_settings.items() if k != "input_format_avro_allow_missing_fields"}
        settings |= {"date_time_input_format": "best_effort"}
        lines = b"\n".join(orjson.dumps(dict(zip(columns, row, strict=True))) for row in rows)
        try:
            self._driver.raw_insert(table, columns, insert_block=lines, fmt="JSONEachRow", settings=settings)
        except (ClickHouseError, OSError) as error:
            raise _away(error) from None

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query, by column name; `{name:Type}` in `sql` is bound by the server. Raises Away."""
        try:
            result = self._driver.query(sql, parameters=dict(parameters or {}))
            return list(result.named_results())
        except (ClickHouseError, OSError) as error:
            raise _away(error) from None

    def ask(self, sql: str, settings: Mapping[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """A person's question: column names and rows. Raises Unanswered, which holds the server's text for its asker."""
        try:
            result = self._driver.query(sql, settings=dict(settings))
            return list(result.column_names), [tuple(row) for row in result.result_rows]
        except (ClickHouseError, OSError) as error:
            raise Unanswered(_said(error)) from None

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """A statement without a result; `{name:Type}` is bound by the server. Raises Away."""
        try:
            self._driver.command(sql, parameters=dict(parameters or {}))
        except (ClickHouseError, OSError) as error:
            raise _away(error) from None

    def close(self) -> None:
        self._driver.close()


def connect(settings: ClickHouseSettings) -> ClickHouse:
    """A client without a session (so that threads may share it). Raises Away where the server does not answer."""
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # its warnings may quote a server's text
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    url = urlsplit(settings.clickhouse)
    try:
        driver = clickhouse_connect.get_client(
            interface=url.scheme,
            host=url.hostname,
            port=url.port or (8443 if url.scheme == "https" else 8123),
            username=settings.clickhouse_user,
            password=settings.clickhouse_password,
            database=settings.database,
            client_name="livingdata",
            connect_timeout=5,
            send_receive_timeout=CLIENT_SECONDS,
            query_retries=0,
            compress=False,
            autogenerate_session_id=False,
        )
    except (ClickHouseError, OSError) as error:
        raise _away(error) from None
    return ClickHouse(driver)
