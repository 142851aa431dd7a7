"""Delivery of a chunk: only failures are reported, and none is missed."""

import os
from collections.abc import Iterator

import pytest

from runtime.admin import Admin, TopicState
from stream_processors.deliver import Deliverer, DeliveryError
from tests.servers import RealStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

TOPIC = "small"


@pytest.fixture
def kafka(real_stack: RealStack) -> Iterator[str]:
    """A broker with a topic that takes no record above 1,000 bytes."""
    admin = Admin(real_stack.servers.kafka)
    admin.create([TopicState(TOPIC, 1, 1, {"max.message.bytes": "1000"})])
    yield real_stack.servers.kafka
    admin.delete([TOPIC])


def test_a_record_that_the_broker_refuses_fails_its_chunk(kafka: str) -> None:
    deliver = Deliverer(kafka, "test", None)
    deliver([(TOPIC, b"key", b"taken", [])])
    with pytest.raises(DeliveryError, match="MSG_SIZE_TOO_LARGE"):
        deliver([(TOPIC, b"key", b"taken", []), (TOPIC, b"key", os.urandom(2_000), [])])
