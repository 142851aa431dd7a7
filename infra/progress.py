"""When did a role on this machine last get on? Asked of its metrics port."""

import time
import urllib.request
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from runtime import telemetry

METRIC: Final = {
    "processor": "worker",
    "backfill": "backfill",
    "sink": "sink",
    "adapter": "outbox",
    "resolver": "resolver",
    "rules": "rules",
}
"""Command -> how the metric calls it."""

_MOST_BYTES: Final = 8 << 20


def age(port: int, label: str) -> float | None:
    """Seconds since the last progress; None where nobody answers or nothing was done yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == telemetry.PROGRESS_NAME and sample.labels.get("role") == label:
                return time.time() - sample.value
    return None
