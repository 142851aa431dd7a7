# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""ClickHouse: migrations, roles, register, documents under two dates, silent feeds, clocks, disks, the ledger."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from infra.access.roles import roles
from infra.doctor.clocks import Reading, judge, judge_skew
from infra.doctor.finding import Finding, failed, named, ok, unknown, warning
from infra.doctor.machine import room
from infra.doctor.places import Places
from runtime.clock import now_ms
from schemas.clickhouse import Layout
from schemas.kinds import KINDS
from sinks.clickhouse import migrate, reconcile
from sinks.clickhouse.client import Away, connect

TWO_DATES: Final = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, count() AS documents FROM (SELECT document_id FROM {kind}_current FINAL "
    "GROUP BY facility, document_id HAVING uniqExact(document_date) > 1)"
    for kind in KINDS
)
_AHEAD: Final = (
    "SELECT adapter_id, dateDiff('millisecond', now64(3), max(at)) AS ahead FROM heartbeats "
    "WHERE at >= now() - INTERVAL 1 DAY GROUP BY adapter_id HAVING ahead >= 2000 ORDER BY ahead DESC LIMIT 50"
)


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def command(self, sql: str) -> None: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


def examine(places: Places) -> list[Finding]:
    chosen = places.clickhouse
    if chosen is None:
        return []
    try:
        client = connect(chosen)
    except Away as error:
        return [_away(error)]
    try:
        return examine_store(client, Layout(chosen.cluster))
    finally:
        client.close()


def examine_store(client: Store, layout: Layout) -> list[Finding]:
    """Every look; one that the server refuses is told as such and stops no other."""
    found: list[Finding] = []
    steps: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("clock", lambda: _clock(client)),
        ("disk", lambda: _disks(client)),
        ("roles", lambda: _roles(client)),
        ("migrations", lambda: _migrations(client, layout)),
    ]
    for name, step in steps:
        found += _asked(name, step)
    if any(one.check == "migrations" and one.level == "failed" for one in found):
        return found  # the rest asks tables that are not there
    more: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("register", lambda: _register(client)),
        ("documents", lambda: _dates(client)),
        ("feeds", lambda: _silent(client)),
        ("clock", lambda: _adapters(client)),
        ("ledger", lambda: _ledger(client)),
    ]
    for name, step in more:
        found += _asked(name, step)
    return found


def _asked(name: str, step: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return step()
    except Away as error:
        return [unknown(name, "clickhouse", f"không hỏi được: {error}", f"could not be asked: {error}")]


def _away(error: Away) -> Finding:
    return failed(
        "clickhouse",
        "server",
        f"ClickHouse không trả lời: {error}",
        f"ClickHouse does not answer: {error}",
        "kiểm tra `clickhouse`, người dùng và mật khẩu; sink chờ và không mất gì",
        "check `clickhouse`, user and password; the sink waits and loses nothing",
    )


def _clock(client: Store) -> list[Finding]:
    before = now_ms()
    row = client.rows("SELECT toUnixTimestamp64Milli(now64(3)) AS at, version() AS version")[0]
    said = f"ClickHouse {row['version']}"
    return [ok("clickhouse", "server", said, said), judge(Reading("clickhouse", int(row["at"]), before, now_ms()))]


def _disks(client: Store) -> list[Finding]:
    rows = client.rows("SELECT name, free_space AS free, total_space AS total FROM system.disks")
    return [room(f"clickhouse {row['name']}", int(row["free"]), int(row["total"])) for row in rows]


def _roles(client: Store) -> list[Finding]:
    there = {
        str(row["name"]) for row in client.rows("SELECT name FROM system.roles UNION ALL SELECT name FROM system.users")
    }
    missing = [name for name, role in roles().items() if name not in there and not role.own_facility]
    if not missing:
        return [ok("roles", "clickhouse", "đủ vai trò truy cập", "the access roles are there")]
    return [
        warning(
            "roles",
            "clickhouse",
            f"thiếu vai trò: {named(missing)}",
            f"roles are missing: {named(missing)}",
            "livingdata access users > users.d/livingdata.xml, hoặc livingdata access sql (docs/access.md)",
            "livingdata access users > users.d/livingdata.xml, or livingdata access sql (docs/access.md)",
        )
    ]


def _migrations(client: Store, layout: Layout) -> list[Finding]:
    plan = migrate.plan(client, layout)
    if plan.ahead:
        said = ("bản mới hơn đã nâng cấp kho", "a newer release has migrated it")
        return [warning("migrations", "clickhouse", *said, "nâng cấp bản này", "upgrade this release")]
    if plan.current:
        said = (f"{len(plan.applied)} bước nâng cấp, đủ khung nhìn", f"{len(plan.applied)} migrations, all views")
        return [ok("migrations", "clickhouse", *said)]
    left = f"{len(plan.pending)} migrations, {len(plan.missing)} tables/columns, {len(plan.views)} views"
    return [
        failed(
            "migrations",
            "clickhouse",
            f"kho còn thiếu: {left}",
            f"the database lacks: {left}",
            "livingdata clickhouse migrate (sink cũng tự làm khi khởi động)",
            "livingdata clickhouse migrate (the sink does it at its start too)",
        )
    ]


def _register(client: Store) -> list[Finding]:
    count = int(client.rows("SELECT uniqExact(facility) AS n FROM facility_register")[0]["n"])
    if count:
        return [ok("register", "clickhouse", f"{count} cơ sở trong danh bạ", f"{count} facilities in the register")]
    return [
        failed(
            "register",
            "clickhouse",
            "danh bạ cơ sở trống: cơ sở chưa bao giờ gửi sẽ vô hình",
            "the facility register is empty: a hospital that never sent is invisible",
            "đặt facilities.yaml vào thư mục dữ liệu của sink rồi khởi động lại nó",
            "put facilities.yaml into the sink's data folder and restart it",
        )
    ]


def _dates(client: Store) -> list[Finding]:
    rows = [f"{row['kind']} {row['documents']}" for row in client.rows(TWO_DATES) if int(row["documents"])]
    if not rows:
        return [ok("documents", "dates", "không tài liệu nào có hai ngày", "no document stands under two dates")]
    return [
        warning(
            "documents",
            "dates",
            f"tài liệu đứng ở hai ngày: {named(rows)}",
            f"documents under two dates: {named(rows)}",
            "xảy ra khi worker chạy trước `claims rebuild`; xem docs/store.md để bỏ hàng cũ",
            "workers ran before `claims rebuild`; docs/store.md tells how to drop the older rows",
        )
    ]


def _silent(client: Store) -> list[Finding]:
    rows = client.rows(
        "SELECT facility, source_system, groupArray(kind) AS kinds, min(last_seen) AS since, "
        "countIf(last_heartbeat >= now() - INTERVAL 1 MINUTE) AS beating FROM silent_feeds WHERE is_silent "
        "GROUP BY facility, source_system ORDER BY since LIMIT 100"
    )
    return [_silent_one(row) for row in rows] or [
        ok("feeds", "silent", "không nguồn nào im lặng", "no feed is silent against its own curve")
    ]


def _silent_one(row: dict[str, Any]) -> Finding:
    subject, kinds = f"{row['facility']}.{row['source_system']}", named([str(kind) for kind in row["kinds"]])
    said = (f"im lặng từ {row['since']}: {kinds}", f"silent since {row['since']}: {kinds}")
    if row["beating"]:
        mends = (
            "bộ kết nối còn sống: hỏi bệnh viện về HIS/LIS",
            "its adapter lives: ask the hospital about its HIS or LIS",
        )
    else:
        mends = (
            "bộ kết nối cũng im: kiểm tra máy và mạng của nó",
            "its adapter is silent too: check its machine and net",
        )
    return warning("feeds", subject, *said, *mends)


def _adapters(client: Store) -> list[Finding]:
    """An adapter whose heartbeats come from the future; one that is slow cannot be told from one that is late."""
    return [judge_skew(str(row["adapter_id"]), int(row["ahead"])) for row in client.rows(_AHEAD)]


def _ledger(client: Store) -> list[Finding]:
    rows = reconcile.balance(client)
    wrong = [str(row["adapter_id"]) for row in rows if not row["balanced"]]
    if not wrong:
        return [ok("ledger", "balance", f"{len(rows)} nguồn cân", f"{len(rows)} feeds balance")]
    return [
        failed(
            "ledger",
            "balance",
            f"sổ cái không cân: {named(wrong)}",
            f"feeds do not balance: {named(wrong)}",
            "livingdata reconcile; số vắng mặt còn trong hộp thư đi hoặc trên Kafka",
            "livingdata reconcile; an absent number is still in the outbox or on Kafka",
        )
    ]
