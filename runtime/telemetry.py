"""Every metric, declared once. Labels are few and never hold anything of a patient."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server

TAKEN: Final = Counter("livingdata_adapter_messages_total", "Messages taken", ["adapter_id", "outcome"])
OUTBOX_DEPTH: Final = Gauge("livingdata_outbox_depth", "Records waiting for the broker", ["lane"])
OUTBOX_AGE: Final = Gauge("livingdata_outbox_age_seconds", "Age of the oldest waiting record", ["lane"])
PARTS: Final = Counter("livingdata_worker_parts_total", "Parts by outcome", ["kind", "outcome"])
FACILITY_PARTS: Final = Counter(
    "livingdata_facility_parts_total", "Parts of a facility by outcome", ["facility", "outcome"]
)
REJECTIONS: Final = Counter("livingdata_rejections_total", "Rejections", ["stage", "reason"])
RULES: Final = Counter("livingdata_rule_failures_total", "Documents that failed a rule, by its mode", ["rule", "mode"])
CHUNK_SECONDS: Final = Histogram("livingdata_worker_chunk_seconds", "Time of one chunk by stage", ["stage"])
PROGRESS_NAME: Final = "livingdata_progress_timestamp_seconds"
PROGRESS: Final = Gauge(PROGRESS_NAME, "Last progress, or nothing to do", ["role"])
RESOLVER: Final = Counter("livingdata_resolver_answers_total", "People asked about, by answer", ["answer"])
RULES_SECONDS: Final = Histogram("livingdata_rules_run_seconds", "Time of one run of rules over several documents")
RULES_FAILED: Final = Counter("livingdata_rules_runs_failed_total", "Runs that the store did not answer")
RULES_ISSUES: Final = Counter("livingdata_rules_issues_total", "Issues written by runs, and taken back", ["what"])
GIVING_WAY: Final = Gauge("livingdata_backfill_giving_way", "1 while history waits for live data")
ROWS: Final = Counter("livingdata_sink_rows_total", "Rows inserted", ["table"])
INSERT_SECONDS: Final = Histogram("livingdata_sink_insert_seconds", "Time of one insert", ["table"])
AGE: Final = Histogram(
    "livingdata_event_age_seconds", "Capture to stored", buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600)
)


def serve(port: int | None, host: str = "127.0.0.1") -> None:
    """Prometheus endpoint, where a port is set."""
    if port is not None:
        start_http_server(port, addr=host)
