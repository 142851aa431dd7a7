"""The engine itself: chdb on one folder, one statement at a time on a connection of its own.

A new connection to a running engine costs about 0.2 ms and carries settings, database and nothing else, so each
statement gets a fresh one: nothing of one request can reach the next, and statements run side by side.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.embedded.clickhouse_config import MEMORY_MIB, write_config
from infra.embedded.clickhouse_statement import Arguments, Statement
from infra.embedded.memory import release_code_pages

_CODE = re.compile(r"Code: (\d+)")
_UNKNOWN_CODE = 1002


class EngineError(Exception):
    """ClickHouse refused or failed; `code` is its error code, the text is its own and may quote data: never log it."""

    def __init__(self, text: str) -> None:
        start = text.find("Code: ")
        super().__init__(text[start:].strip() if start > 0 else text.strip())
        found = _CODE.search(text)
        self.code = int(found[1]) if found else _UNKNOWN_CODE


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement's result in the wanted format, and what it read and wrote."""

    body: bytes = field(default=b"", repr=False)
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_seconds: float = 0.0


class Engine:
    """The chdb engine on `folder`; the folder belongs to this process until `close`. Safe to use from many threads."""

    def __init__(self, folder: Path, memory_mib: int = MEMORY_MIB) -> None:
        place = folder.resolve()
        if any(sign in str(place) for sign in "?&%#+"):
            raise ValueError(
                "the data folder's path holds a sign that chdb's connection string cannot carry: ? & % # +"
            )
        self._address = f"{place / 'data'}?config-file={write_config(place, memory_mib)}"
        self._incoming = place / "incoming"
        shutil.rmtree(self._incoming, ignore_errors=True)  # what a killed process left
        self._incoming.mkdir()
        import chdb  # here, for it starts an engine when imported

        self._connect = chdb.connect
        # The first connection owns the engine and keeps it alive between statements.
        self._owner: Any = self._connect(self._address)
        self._owner.query("SELECT 1", "Null")
        release_code_pages("_chdb")

    def close(self) -> None:
        """Write the query log out and end the engine; data stay in the folder."""
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.query("SYSTEM FLUSH LOGS", "Null")
            owner.close()

    def cancel_all(self) -> None:
        """Ask every statement that runs to end; each then fails with its own error."""
        self._owner.query("KILL QUERY WHERE query_id != queryID() ASYNC", "Null")

    def run(self, statement: Statement, arguments: Arguments, data: Iterator[bytes]) -> Answer:
        """Run one statement, with `data` after `statement.rest` where it is an INSERT; raises `EngineError`."""
        connection = self._connect(self._address)
        try:
            _prepare(connection, arguments.database, arguments.settings)
            if not statement.is_insert:
                _refuse_several(connection, statement.sql)
                return _answer(connection.query(statement.sql, statement.format, params=dict(arguments.parameters)))
            with self._spooled(statement.rest, data) as path:
                return _answer(connection.query(_from_file(statement, path), "Null"))
        except RuntimeError as error:
            raise EngineError(str(error)) from None
        finally:
            connection.close()

    @contextmanager
    def _spooled(self, first: bytes, data: Iterator[bytes]) -> Iterator[Path]:
        """Hold an INSERT's data in a file while the engine reads it.

        Whole before the first row is read, so that a body that turns out damaged stores nothing. chdb's own streaming
        insert is not used: it reports success when the storage or a view refuses the rows.
        """
        number, name = tempfile.mkstemp(dir=self._incoming)
        path = Path(name)
        try:
            with open(number, "wb") as file:
                file.write(first)
                file.writelines(data)
            yield path
        finally:
            path.unlink()


def _refuse_several(connection: Any, sql: str) -> None:
    """A server takes one statement a request; the local engine would run them all and join their results."""
    if ";" in sql.rstrip("; \n") and connection._conn.classify_query(sql)["statement_count"] > 1:
        raise EngineError("Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)")


def _from_file(statement: Statement, path: Path) -> str:
    return (
        f"{statement.sql} FROM INFILE {_literal(str(path))} COMPRESSION 'none' "
        f"{statement.settings} FORMAT {statement.format}"
    )


def _answer(result: Any) -> Answer:
    return Answer(
        body=result.bytes() or b"",
        read_rows=result.rows_read(),
        read_bytes=result.bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        elapsed_seconds=result.elapsed(),
    )


def _prepare(connection: Any, database: str, settings: Mapping[str, str]) -> None:
    if database:
        connection.query("USE `" + database.replace("\\", "\\\\").replace("`", "\\`") + "`", "Null")
    # The profile logs nothing, so that these two statements stay out of the query log; the asked one is logged.
    # Values are quoted always: ClickHouse turns quoted literals into the setting's own type.
    wanted = {"log_queries": "1", **settings}
    connection.query("SET " + ", ".join(f"{name} = {_literal(value)}" for name, value in wanted.items()), "Null")


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
