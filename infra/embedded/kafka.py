"""Kafka inside one process: librdkafka's own cluster, spoken to over TCP by every ordinary Kafka client.

It forgets: all in memory, and per partition the oldest records go past 5 MiB or 100,000 messages. No admin API;
topics come into being with four partitions when first used.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Producer

from infra.embedded.ready import wait_for_stop, write_ready

NOTICE = (
    "embedded Kafka at {bootstrap}: in memory, drops the oldest past 5 MiB or 100,000 messages per partition; "
    "for demos and tests only"
)
_METADATA_SECONDS = 10.0


class EmbeddedKafka:
    """A Kafka cluster of one broker that lives as long as this object; `bootstrap` is `127.0.0.1:PORT`."""

    def __init__(self) -> None:
        # The client that owns the cluster; it must stay referenced, its end is the cluster's end.
        self._owner: Any = Producer({"test.mock.num.brokers": 1, "log_level": 3, "statistics.interval.ms": 0})
        brokers = self._owner.list_topics(timeout=_METADATA_SECONDS).brokers
        if len(brokers) != 1:
            raise RuntimeError(f"the embedded Kafka cluster has {len(brokers)} brokers, expected 1")
        (broker,) = brokers.values()
        self.bootstrap = f"{broker.host}:{broker.port}"

    def close(self) -> None:
        """End the cluster and forget its records; calling it again is harmless."""
        self._owner = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the cluster until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m infra.embedded.kafka", description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the address, as JSON")
    chosen = parser.parse_args(arguments)
    # Blocked before librdkafka starts its threads, so that the signal reaches this one and no other.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with EmbeddedKafka() as cluster:
        print(NOTICE.format(bootstrap=cluster.bootstrap), flush=True)
        write_ready(chosen.ready_file, {"bootstrap": cluster.bootstrap})
        wait_for_stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
