"""What one HTTP request to ClickHouse asks: the statement, its binary data, its parameters and settings.

Follows ClickHouse's HTTP interface: a statement in the `query` argument, in the body, or begun in the one and ended
in the other; an INSERT's data after its FORMAT word; `param_NAME` arguments; every other argument is a setting.
Statement and data are split on bytes, for the data need not be text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_NAME = rb"(?:`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"|[A-Za-z_][A-Za-z0-9_]*)"
_DOTTED = _NAME + rb"(?:\s*\.\s*" + _NAME + rb")*"
# Possessive: a megabyte of blanks that leads to no INSERT must not be tried in every way to cut it.
_BLANKS = rb"(?:\s++|--[^\n]*+\n|/\*.*?\*/)*+"
_VALUE = rb"(?:'(?:[^'\\]|\\.)*'|[A-Za-z0-9_.+-]+)"
_SETTING = rb"[A-Za-z0-9_]+\s*=\s*" + _VALUE
# INSERT [INTO] [TABLE] name [(columns)] [SETTINGS ...] FORMAT word, then data: after the blanks and one line end.
_INSERT = re.compile(
    _BLANKS
    + rb"(?P<insert>INSERT\s+(?:INTO\s+)?(?:TABLE\s+)?"
    + _DOTTED
    + rb"(?:\s*\(\s*"
    + _DOTTED
    + rb"(?:\s*,\s*"
    + _DOTTED
    + rb")*\s*\))?)\s*(?P<settings>\bSETTINGS\s+"
    + _SETTING
    + rb"(?:\s*,\s*"
    + _SETTING
    + rb")*)?\s*\bFORMAT\s+(?P<format>[A-Za-z0-9_]+)(?P<end>;|[ \t\f]*\r?\n|[ \t\f]+|\Z)(?:(?<=;)[ \t\f]*\r?\n)?",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT_AT_END = re.compile(r"\bFORMAT\s+([A-Za-z0-9_]+)\s*;?\s*\Z", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\A(?:\s++|--[^\n]*+\n|/\*.*?\*/|\()*+([A-Za-z]+)", re.DOTALL)
_ANSWERING = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "FROM"})
_NEEDS_SESSION = re.compile(r"\A\s*(?:SET\s|USE\s|CREATE\s+TEMPORARY\s)", re.IGNORECASE)
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")

# The longest INSERT head that is looked for in front of binary data.
HEAD_BYTES = 256 * 1024
# The longest statement without data after a FORMAT word; long lists of VALUES are what needs the room.
MOST_SQL_BYTES = 16 * 1024 * 1024

# Arguments of the HTTP interface itself; the engine would refuse them as unknown settings.
_TRANSPORT = frozenset(
    "query database default_format user password session_id session_timeout session_check query_id quota_key role "
    "compress decompress wait_end_of_query buffer_size client_protocol_version send_progress_in_http_headers "
    "http_headers_progress_interval_ms enable_http_compression cancel_http_readonly_queries_on_client_close".split()
)


class BadRequest(Exception):
    """The request cannot be understood; `code` is ClickHouse's error code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Arguments:
    """The URL (or form) arguments of a request, sorted by what they are."""

    query: str = ""
    database: str = ""
    default_format: str = "TabSeparated"
    query_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; for an INSERT with data, `format` is that of the data and `rest` its first bytes.

    `sql` then ends with the column list, and `settings` is the statement's own SETTINGS clause or empty.
    """

    sql: str = field(repr=False)
    format: str
    is_insert: bool = False
    settings: str = ""
    rest: bytes = field(default=b"", repr=False)

    @property
    def answers(self) -> bool:
        """Whether a result set comes back, even an empty one."""
        word = _FIRST_WORD.match(self.sql)
        return not self.is_insert and word is not None and word[1].upper() in _ANSWERING


def read_arguments(pairs: Mapping[str, str]) -> Arguments:
    """Sort request arguments into statement, parameters and settings; `BadRequest` for a name that is no name."""
    parameters: dict[str, str] = {}
    settings: dict[str, str] = {}
    for name, value in pairs.items():
        if name.startswith("param_"):
            parameters[name.removeprefix("param_")] = value
        elif name not in _TRANSPORT:
            if _SETTING_NAME.match(name) is None:
                raise BadRequest(115, "A setting's name must be letters, digits and underscores")
            settings[name] = value
    return Arguments(
        query=pairs.get("query", ""),
        database=pairs.get("database", ""),
        default_format=pairs.get("default_format", "") or "TabSeparated",
        query_id=pairs.get("query_id", ""),
        parameters=parameters,
        settings=settings,
    )


def split_statement(arguments: Arguments, chunks: Iterator[bytes]) -> Statement:
    """Take the statement from `arguments` and the front of the body.

    For an INSERT with data the rest of `chunks` is left unread: data are `rest`, then what `chunks` still yields. For
    anything else the whole body is the statement's text, so all of it is read. Raises `BadRequest`.
    """
    head = arguments.query.encode()
    # With the statement in the URL, the body is data from its first byte and must not be searched.
    found = _insert_with_data(head, joined=False) if head else None
    if found is not None:
        return found
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    if not arguments.query:
        found = _insert_with_data(head, joined=True)
        if found is not None:
            return found
    for chunk in chunks:
        head += chunk
        if len(head) > MOST_SQL_BYTES:
            raise BadRequest(62, f"The statement is longer than {MOST_SQL_BYTES} bytes")
    try:
        sql = head.decode()
    except UnicodeDecodeError:
        raise BadRequest(62, "The statement is not UTF-8 text") from None
    if not sql.strip():
        raise BadRequest(62, "Syntax error: empty query")
    if _NEEDS_SESSION.match(sql):
        raise BadRequest(48, "The embedded ClickHouse keeps no sessions: send settings and database with each request")
    at_end = _FORMAT_AT_END.search(sql)
    return Statement(sql, at_end[1] if at_end else arguments.default_format)


def _insert_with_data(head: bytes, *, joined: bool) -> Statement | None:
    match = _INSERT.match(head)
    if match is None or (not joined and head[match.end() :].strip()):
        return None
    try:
        insert, settings = match["insert"].decode(), (match["settings"] or b"").decode()
    except UnicodeDecodeError:
        raise BadRequest(62, "The statement is not UTF-8 text") from None
    return Statement(insert, match["format"].decode(), is_insert=True, settings=settings, rest=head[match.end() :])
