"""The live picture of a demo, drawn from what the city sent and what analysts can see."""

from collections import Counter
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.city.hospitals import HOSPITALS
from infra.demo.show import Demo
from runtime.clock import now_ms

_NAMES: Final = {hospital.code: hospital.name.removeprefix("Bệnh viện ") for hospital in HOSPITALS}
_PHASES: Final = {
    "starting": "đang khởi động / starting",
    "sending": "đang gửi / sending",
    "draining": "đang chờ về đích / draining",
    "counting": "đang đối chiếu / reconciling",
}


def picture(demo: Demo, height: int) -> RenderableType:
    """The whole picture for a terminal of `height` lines: the busiest hospitals, and the total."""
    sent = demo.sent.parts
    shown = sorted(sent, key=lambda code: -sent[code])[: max(3, height - 9)]
    table = Table(expand=True, pad_edge=False, header_style="bold")
    table.add_column("cơ sở / hospital", no_wrap=True, ratio=3)
    for name in ("gửi\nsent", "nhận\naccepted", "sửa\namended", "trùng\nduplicate", "từ chối\nrejected"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("lý do / reasons", no_wrap=True, ratio=2, overflow="ellipsis")
    table.add_column("mới nhất\nfreshest", justify="right", no_wrap=True)
    for code in shown:
        _row(table, demo, f"{code} {_NAMES.get(code, '')}", [code])
    table.add_section()
    _row(table, demo, f"[bold]{len(sent)} cơ sở / hospitals[/bold]", list(sent))
    head = Text.assemble(
        ("livingdata demo  ", "bold"), _PHASES.get(demo.phase, demo.phase), "   ", _latency(demo), "   ", _memory(demo)
    )
    return Panel(Group(head, table), border_style="dim")


def _row(table: Table, demo: Demo, name: str, codes: list[str]) -> None:
    seen = demo.watch.seen if demo.watch is not None else None
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    newest = 0
    for code in codes:
        if seen is not None:
            outcomes += seen.outcomes.get(code, Counter())
            reasons += seen.reasons.get(code, Counter())
            newest = max(newest, seen.newest.get(code, 0))
    table.add_row(
        name,
        str(sum(demo.sent.parts.get(code, 0) for code in codes)),
        *(str(outcomes[outcome]) for outcome in ("accepted", "amended", "duplicate")),
        Text(str(outcomes["rejected"]), style="yellow" if outcomes["rejected"] else ""),
        ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(3)),
        f"{(now_ms() - newest) / 1000:.1f} s" if newest else "–",
    )


def _latency(demo: Demo) -> str:
    latencies = demo.watch.latencies[-2000:] if demo.watch is not None else []
    if not latencies:
        return ""
    ordered = sorted(latencies)
    return f"p50 {ordered[len(ordered) // 2] / 1000:.2f} s, p99 {ordered[int(len(ordered) * 0.99)] / 1000:.2f} s"


def _memory(demo: Demo) -> str:
    peak = demo.watch.peak_pss_mib if demo.watch is not None else 0.0
    return f"{peak:.0f} MiB" if peak else ""
