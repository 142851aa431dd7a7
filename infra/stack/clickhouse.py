"""ClickHouse: the server if `clickhouse` is on the path, else the embedded engine with the same HTTP interface."""

import shutil
import urllib.request

from infra.embedded import clickhouse as embedded
from infra.embedded.supervisor import Role
from infra.stack.plan import HOST, Plan


def role(plan: Plan) -> Role:
    """Ready when it answers `/ping`."""
    folder = plan.data / "clickhouse"
    folder.mkdir(parents=True, exist_ok=True)
    server = shutil.which("clickhouse")
    if server is None:
        ready = plan.data / "clickhouse.ready.json"
        return Role("clickhouse", embedded.command(folder, plan.clickhouse_port, ready), ready_file=ready)
    return Role("clickhouse", server_command(server, plan), env={"TZ": "UTC"}, ready=lambda: answers(plan))


def server_command(server: str, plan: Plan) -> list[str]:
    """The server's own built-in configuration, with place and port ours; empty values switch its other ports off."""
    folder = plan.data / "clickhouse"
    options = {
        "listen_host": HOST,
        "http_port": str(plan.clickhouse_port),
        "tcp_port": "",
        "mysql_port": "",
        "postgresql_port": "",
        "interserver_http_port": "",
        "path": f"{folder}/",
        "tmp_path": f"{folder / 'tmp'}/",
        "user_files_path": f"{folder}/user_files/",
        "format_schema_path": f"{folder}/format_schemas/",
        "timezone": "UTC",
    }
    return [server, "server", "--", *(f"--{name}={value}" for name, value in options.items())]


def answers(plan: Plan) -> bool:
    """Whether something answers at the plan's address as ClickHouse does."""
    try:
        with urllib.request.urlopen(f"{plan.addresses['clickhouse']}/ping", timeout=5) as answer:  # noqa: S310 loopback
            return bool(answer.read(16).startswith(b"Ok."))
    except OSError:
        return False
