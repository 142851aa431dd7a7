"""FHIR by HTTP and images by C-STORE: what goes which way, and which answer is the expected one."""

import json
import subprocess
import sys
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
from aiohttp import web
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt

from infra.city.books import Books
from infra.city.city import City
from infra.city.dicom import CLASSES
from infra.city.message import REFUSED, Message
from infra.city.send import Sender, Tally, Targets
from infra.city.visits import LOCAL

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
CODE = City(1, 1, start=START, people=10).hospitals[0].code


def told(dialect: str, count: int) -> list[Message]:
    return list(islice(City(2, 1, start=START, people=300, dialects={CODE: dialect}).messages(lambda: START), count))


def outcome(severity: str) -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": severity}]}).encode()


def responses(payload: bytes, status: str = "201") -> bytes:
    entries = [{"response": {"status": status}} for _ in json.loads(payload)["entry"]]
    return json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}).encode()


async def post(messages: list[Message], entry: str = "201", busy: int = 0) -> tuple[Tally, list[tuple[str, int]]]:
    """Through a service that tells what was asked: (X-Request-Id, port of the connection)."""
    by_name = {message.name: message for message in messages}
    seen: list[tuple[str, int]] = []

    async def serve(request: web.Request) -> web.Response:
        message = by_name[request.headers["X-Request-Id"]]
        assert message.payload == await request.read()
        assert request.transport is not None
        seen.append((message.name, request.transport.get_extra_info("peername")[1]))
        if len(seen) <= busy:
            return web.Response(status=503, body=outcome("error"))
        if message.expected == REFUSED:
            return web.Response(status=400, body=outcome("error"))
        return web.Response(status=200, body=responses(message.payload, entry))

    app = web.Application()
    app.router.add_post("/fhir", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        targets = Targets({}, {}, {CODE: f"http://127.0.0.1:{runner.addresses[0][1]}/fhir"})
        return await Sender(iter(messages), Books(), targets).run(), seen
    finally:
        await runner.cleanup()


async def test_bundles_go_over_several_connections_and_those_of_a_visit_over_one() -> None:
    messages = told("fhir", 120)
    tally, seen = await post(messages)
    assert (120, 0, 0) == (tally.messages, tally.answers_differ, tally.unanswered)
    visits = {message.name: message.visit for message in messages}
    ports: dict[str, list[int]] = {}
    for name, port in seen:
        ports.setdefault(visits[name], []).append(port)
    assert 3 == len({port for _, port in seen})
    assert all(1 == len(set(used)) for used in ports.values())
    for visit in ports:
        assert [m.name for m in messages if m.visit == visit] == [name for name, _ in seen if visits[name] == visit]


async def test_an_entry_that_was_not_taken_is_an_answer_that_differs() -> None:
    messages = [message for message in told("fhir", 20) if message.expected != REFUSED]
    tally, _ = await post(messages, entry="422")
    assert len(messages) == tally.answers_differ


async def test_503_is_asked_again() -> None:
    tally, seen = await post(told("fhir", 1), busy=1)
    assert (1, 1, 0) == (tally.messages, tally.refused_for_now, tally.answers_differ)
    assert 2 == len(seen)


@pytest.mark.parametrize(("status", "differ"), [(0x0000, False), (0xC000, True)])
async def test_images_go_by_c_store_and_what_holds_none_to_the_folder(
    tmp_path: Path, status: int, differ: bool
) -> None:
    messages = told("dicom", 40)
    broken = [message for message in messages if message.expected == REFUSED]
    stored: list[str] = []

    def store(event: evt.Event) -> int:
        stored.append(str(event.dataset.PatientID))
        return status

    entity = AE("LIVINGDATA")
    for sop_class in CLASSES:
        entity.add_supported_context(sop_class, ExplicitVRLittleEndian)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    assert server is not None
    try:
        targets = Targets({CODE: tmp_path}, {}, stores={CODE: ("127.0.0.1", server.server_address[1])})
        tally = await Sender(iter(messages), Books(), targets, waiting=100).run()
    finally:
        server.shutdown()
    whole = len(messages) - len(broken)
    assert (whole, len(broken)) == (len(stored), len(list(tmp_path.iterdir())))
    assert (40, whole if differ else 0) == (tally.messages, tally.answers_differ)


def test_who_sends_neither_loads_neither() -> None:
    asked = "import sys, infra.city.send, infra.demo.plan; print('pynetdicom' in sys.modules, 'infra.city.http' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert "False False" == done.stdout.strip()
