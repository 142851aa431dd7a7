"""Roles on this machine that have a metrics port: when did they last get on (as `livingdata health` asks)."""

from typing import Final

from infra.doctor.finding import Finding, failed, ok, warning
from infra.doctor.places import Places
from infra.progress import METRIC, age

WELL_SECONDS: Final = 60.0


def examine(places: Places) -> list[Finding]:
    ports = {name: role.metrics_port for name, role in places.roles.items()}
    return [judge(name, age(port, METRIC[name])) for name, port in ports.items() if port is not None]


def judge(role: str, seconds: float | None) -> Finding:
    if seconds is None:
        return failed(
            "progress",
            role,
            "vai trò không trả lời",
            "the role does not answer",
            "khởi động vai trò và đọc nhật ký của nó",
            "start the role and read its log",
        )
    if seconds > WELL_SECONDS:
        return warning(
            "progress",
            role,
            f"không tiến triển {seconds:.0f} s",
            f"no progress for {seconds:.0f} s",
            "đọc nhật ký: vai trò đang chờ Kafka, Redis hay ClickHouse?",
            "read its log: does it wait for Kafka, Redis or ClickHouse?",
        )
    return ok("progress", role, f"tiến triển {seconds:.0f} s trước", f"progress {seconds:.0f} s ago")
