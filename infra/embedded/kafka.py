"""Kafka inside one process: librdkafka's own cluster, spoken to over TCP by every ordinary Kafka client.

It forgets: all in memory, and per partition the oldest records go past 5 MiB or 100,000 messages. No admin API;
topics come into being with four partitions when first used.
"""

import argparse
import ctypes
import ctypes.util
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import confluent_kafka

from infra.embedded.ready import wait_for_stop, write_ready

NOTICE = (
    "embedded Kafka at {bootstrap}: in memory, drops the oldest past 5 MiB or 100,000 messages per partition; "
    "for demos and tests only"
)
_PRODUCER = 0
_ERROR_BYTES = 512
_JOIN_MS = 100
"""What a new group waits for its members: those of one city start within that time of each other."""


class EmbeddedKafka:
    """A Kafka cluster of one broker that lives as long as this object; `bootstrap` is `127.0.0.1:PORT`.

    Made through librdkafka's C interface, since no setting says how long a new consumer group waits for members: by
    itself 3 s, in which a city that just starts stands still.
    """

    def __init__(self) -> None:
        self._library = library = _librdkafka()
        error = ctypes.create_string_buffer(_ERROR_BYTES)
        settings = ctypes.c_void_p(library.rd_kafka_conf_new())
        for name, value in ((b"test.mock.num.brokers", b"1"), (b"log_level", b"3")):
            if library.rd_kafka_conf_set(settings, name, value, error, _ERROR_BYTES) != 0:
                raise RuntimeError(f"librdkafka refuses {name.decode()}: {error.value.decode()}")
        # The client that owns the cluster: its end is the cluster's end.
        self._owner = ctypes.c_void_p(library.rd_kafka_new(_PRODUCER, settings, error, _ERROR_BYTES))
        if self._owner.value is None:
            raise RuntimeError(f"librdkafka makes no cluster: {error.value.decode()}")
        cluster = ctypes.c_void_p(library.rd_kafka_handle_mock_cluster(self._owner))
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, _JOIN_MS)
        self.bootstrap = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()

    def close(self) -> None:
        """End the cluster and forget its records; calling it again is harmless."""
        if self._owner.value is not None:
            owner, self._owner = self._owner, ctypes.c_void_p()
            self._library.rd_kafka_destroy(owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _librdkafka() -> ctypes.CDLL:
    """The library that comes with confluent-kafka's wheel, or the system's where that was built from source."""
    package = Path(confluent_kafka.__file__).parent
    shipped = [
        path
        for folder in (package.parent / "confluent_kafka.libs", package / ".dylibs")
        for path in sorted(folder.glob("librdkafka*"))
    ]
    path = str(shipped[0]) if shipped else ctypes.util.find_library("rdkafka")
    if path is None:
        raise RuntimeError("librdkafka is not found beside confluent-kafka: install a built wheel")
    library = ctypes.CDLL(path)
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_handle_mock_cluster"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


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
