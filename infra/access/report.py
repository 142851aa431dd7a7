"""The access log: ClickHouse's query log, by reader, relation, purpose and day. No text of a question."""

from typing import Any, Final, Protocol

COLUMNS: Final = (
    "day",
    "reader",
    "purpose",
    "relations",
    "about_persons",
    "questions",
    "refused",
    "rows_read",
    "latest",
)

_SQL: Final = """
SELECT toDate(event_time, 'Asia/Ho_Chi_Minh') AS day, user AS reader, log_comment AS purpose,
  arrayStringConcat(arraySort(arrayMap(x -> splitByChar('.', x)[2], arrayFilter(
    x -> startsWith(x, concat({database:String}, '.')), tables))), ', ') AS relations,
  hasAny(arrayFlatten(groupArray(columns_read)), {keys:Array(String)}) AS about_persons,
  count() AS questions, countIf(type != 'QueryFinish') AS refused, sum(read_rows) AS rows_read, max(event_time) AS latest
FROM (
  SELECT *, arrayMap(x -> splitByChar('.', x)[-1], columns) AS columns_read
  FROM system.query_log
  WHERE event_date >= today() - {days:UInt32} AND type != 'QueryStart' AND is_initial_query
    AND query_kind IN ('Select', '') AND notEmpty(arrayFilter(x -> startsWith(x, concat({database:String}, '.')), tables))
    AND ({named:Bool} OR log_comment = '')
)
GROUP BY day, reader, purpose, relations
ORDER BY day DESC, questions DESC, reader, relations
"""
_PERSON: Final = ("patient_key", "citizen_key")


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]: ...


def rows(client: Store, days: int, *, without_purpose: bool = False) -> list[dict[str, Any]]:
    """A row per day, reader, purpose and set of relations read; the columns are COLUMNS. Raises client.Away."""
    database = client.rows("SELECT currentDatabase() AS name")[0]["name"]
    asked = {"days": days, "database": database, "keys": list(_PERSON), "named": not without_purpose}
    return client.rows(_SQL, asked)
