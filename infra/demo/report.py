"""The report of a demo: what was sent, what became of it, and whether the two agree. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinks.clickhouse.reconcile import COUNTS, TIERS

COMPARED: Final = (*COUNTS, "visits", "identity")


def page(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Counts in the report's form: every tier named."""
    identity = counts.get("identity", {})
    made = {name: int(counts.get(name, 0)) for name in (*COUNTS, "visits")}
    return {**made, "identity": {tier: int(identity.get(tier, 0)) for tier in TIERS}}


def percentiles(latencies: Sequence[int]) -> dict[str, int | None]:
    """Milliseconds, nearest rank."""
    ordered = sorted(latencies)

    def at(share: float) -> int | None:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99)}


def differences(stored: Mapping[str, Mapping[str, Any]], injected: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Each facility and count in which the ledger and the city's books disagree."""
    out = []
    for code in sorted({*stored, *injected}):
        ours, theirs = page(stored.get(code, {})), page(injected.get(code, {}))
        out += [f"{code} {name}: {ours[name]} != {theirs[name]}" for name in COMPARED if ours[name] != theirs[name]]
    return out


def report(
    totals: Mapping[str, Any],
    injected: Mapping[str, Any],
    facilities: Mapping[str, Mapping[str, Any]],
    books: Mapping[str, Mapping[str, Any]],
    latencies: Sequence[int],
    history: Sequence[int],
    *,
    seconds: float,
    peak_pss_mib: float,
    seconds_to_first_row: float | None,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The machine-readable report. `seconds` from the first message to the last row queryable; latencies in ms, those of
    `history` apart."""
    made = page(totals)
    return {
        "totals": made,
        "injected": page(injected),
        "facilities": {
            code: page(facilities.get(code, {})) | {"injected": page(books.get(code, {}))}
            for code in sorted({*facilities, *books})
        },
        "latency_ms": percentiles(latencies),
        "latency_samples": len(latencies),
        "history_latency_ms": percentiles(history),
        "history_latency_samples": len(history),
        "events_per_second": round(made["published"] / seconds, 1) if seconds > 0 else 0.0,
        "peak_pss_mib": round(peak_pss_mib, 1),
        "seconds_to_first_row": None if seconds_to_first_row is None else round(seconds_to_first_row, 2),
        "seconds": round(seconds, 2),
        **extra,
    }
