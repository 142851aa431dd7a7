"""FHIR over HTTP through the real outbox: every request answered by status and OperationOutcome after the durable write."""

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson
import pytest

from producers.adapter import Incoming, Receipt
from producers.event import Keys
from producers.fhir.listen import DIALECT, listen
from producers.fhir.server import FhirServer
from producers.outbox import Outbox, unpack
from runtime import keyring
from runtime.seal import HEADER, unseal
from schemas import codec, registry
from tests.unit.fhir.told import CCCD, ENCOUNTER, NAME, OBSERVATION, PATIENT, bundle, feed, raw
from tests.unit.hl7v2.test_listen import certificate

RING: Final = keyring.create(["01999"])
KEYS: Final = Keys.of(RING, "01999")
FHIR: Final = {"Content-Type": "application/fhir+json"}
BAD: Final = OBSERVATION | {"id": "o2", "status": "done"}


@dataclass
class Hospital:
    """One listening feed, its outbox, and a client."""

    outbox: Outbox
    client: aiohttp.ClientSession
    url: str = ""
    full: bool = False
    broken: bool = False
    held: asyncio.Event | None = None
    taken: list[Incoming] = field(default_factory=list)

    async def take(self, incoming: Incoming) -> Receipt:
        if self.broken:
            raise RuntimeError(NAME)
        if self.held is not None:
            await self.held.wait()
        self.taken.append(incoming)
        return Receipt(None, full=True) if self.full else self.outbox.take([incoming])[0]

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        data = body if isinstance(body, bytes) or body is None else raw(body)
        all_headers = FHIR | headers if body is not None else headers
        async with self.client.request(method, self.url + path, data=data, headers=all_headers) as response:
            return response.status, orjson.loads(await response.read()), dict(response.headers)

    def records(self) -> list[tuple[str, bytes, bytes]]:
        with sqlite3.connect(self.outbox.path) as db:
            return db.execute("SELECT topic, value, headers FROM record ORDER BY id").fetchall()


def server_of(hospital: Hospital, **options: Any) -> FhirServer:
    (server,) = listen([feed(listen="127.0.0.1:0", **options)], hospital)
    assert isinstance(server, FhirServer)
    return server


@pytest.fixture
async def hospital(tmp_path: Path) -> AsyncIterator[Hospital]:
    outbox = Outbox(tmp_path, {"01999": KEYS}, {"fhir": DIALECT.translator}, limit=900_000, max_bytes=1 << 30)
    async with aiohttp.ClientSession() as client:
        made = Hospital(outbox, client)
        server = server_of(made, max_bytes=1 << 16, max_requests=2)
        await server.start()
        made.url = f"http://127.0.0.1:{server.port}/fhir"
        yield made
        await server.stop()
        outbox.close()


def reasons(outcome: Any) -> list[str]:
    assert "OperationOutcome" == outcome["resourceType"]
    return [coding["code"] for issue in outcome["issue"] for coding in issue["details"].get("coding", ())]


async def test_created_updated_deleted(hospital: Hospital) -> None:
    status, _, headers = await hospital.send("POST", "/Patient", PATIENT)
    assert (201, "/fhir/Patient/p1") == (status, headers["Location"])
    assert 200 == (await hospital.send("PUT", "/Observation/o1", OBSERVATION))[0]
    assert 200 == (await hospital.send("DELETE", "/Observation/o1"))[0]
    first, second = (codec.unframe(value) for _, value, _ in hospital.records())
    assert first is not None
    assert second is not None
    told, gone = (registry.codec(found[0]).decode(found[1]) for found in (first, second))  # type: ignore[union-attr]
    assert ("active", "entered_in_error") == (told["status"], gone["status"])
    assert told["document_id"] == gone["document_id"]
    assert told["version"] < gone["version"]


async def test_nothing_unsealed_leaves(hospital: Hospital) -> None:
    await hospital.send("POST", "", bundle("transaction", PATIENT, ENCOUNTER, OBSERVATION))
    data = hospital.outbox.path.read_bytes() + hospital.outbox.path.with_name("outbox.sqlite-wal").read_bytes()
    for secret in (NAME, CCCD, "BN-77", "LK-0001", "Hư Cấu"):
        assert secret.encode() not in data
    topic, value, headers = hospital.records()[0]
    opened = registry.SEALED.decode(unseal(KEYS.seal, dict(unpack(headers))[HEADER], value[codec.FRAME_BYTES :]))
    assert ("received.encounter", NAME) == (topic, opened["identity"]["full_name"])


async def test_a_faulty_resource_is_told_where_and_how_to_mend_it(hospital: Hospital) -> None:
    status, outcome, _ = await hospital.send("POST", "/Patient", PATIENT | {"gender": "X", "birthDate": "hôm qua"})
    assert 422 == status
    assert {"fhir_code", "fhir_time"} == set(reasons(outcome))
    issue = next(i for i in outcome["issue"] if i["code"] == "code-invalid")
    assert ["Patient.gender"] == issue["expression"] == issue["location"]
    assert "female | male | other | unknown" in issue["diagnostics"]
    assert "Dùng một trong các mã được nêu / Use one of the codes named" in issue["diagnostics"]
    assert ["rejected"] == [topic for topic, _, _ in hospital.records()]


@pytest.mark.parametrize(
    ("status", "reason", "body"),
    [
        (400, "fhir_json", b"{"),
        (400, "fhir_charset", b'{"resourceType":"\xff"}'),
        (400, "fhir_duplicate_key", b'{"resourceType":"Patient","resourceType":"Patient"}'),
        (400, "fhir_too_deep", b"[" * 300 + b"]" * 300),
        (400, "fhir_no_type", b"[]"),
        (400, "fhir_target", raw(OBSERVATION)),
        (413, "too_large", b'"' + b"x" * (1 << 16) + b'"'),
    ],
)
async def test_what_cannot_be_read(hospital: Hospital, status: int, reason: str, body: bytes) -> None:
    found, outcome, _ = await hospital.send("POST", "/Patient", body)
    assert (status, [reason]) == (found, reasons(outcome))
    assert ["rejected"] == [topic for topic, _, _ in hospital.records()]


async def test_the_url_and_the_body_must_agree(hospital: Hospital) -> None:
    status, outcome, _ = await hospital.send("PUT", "/Patient/p2", PATIENT)
    assert (400, ["fhir_target"]) == (status, reasons(outcome))


async def test_a_transaction_is_one_act(hospital: Hospital) -> None:
    status, answer, _ = await hospital.send("POST", "", bundle("transaction", PATIENT, OBSERVATION))
    assert (200, "transaction-response", 2) == (status, answer["type"], len(answer["entry"]))
    status, outcome, _ = await hospital.send("POST", "", bundle("transaction", PATIENT, OBSERVATION, BAD))
    assert (422, ["Bundle.entry[2].resource.status"]) == (status, outcome["issue"][0]["expression"])


async def test_a_batch_is_answered_entry_by_entry(hospital: Hospital) -> None:
    status, answer, _ = await hospital.send("POST", "", bundle("batch", BAD, OBSERVATION))
    assert (200, "batch-response") == (status, answer["type"])
    bad, good = (entry["response"] for entry in answer["entry"])
    assert ("422 Unprocessable Entity", "200 OK") == (bad["status"], good["status"])
    assert ["fhir_code"] == reasons(bad["outcome"])


async def test_lines_are_messages(hospital: Hospital) -> None:
    lines = b"\n".join((raw(PATIENT), b"", raw(OBSERVATION), raw(BAD)))
    status, outcome, _ = await hospital.send("POST", "", lines, **{"Content-Type": "application/fhir+ndjson"})
    assert (422, ["fhir_code"]) == (status, reasons(outcome))
    assert "line 3" in outcome["issue"][0]["diagnostics"]
    assert "2/3" in outcome["issue"][-1]["details"]["text"]
    status, outcome, _ = await hospital.send("POST", "", raw(PATIENT), **{"Content-Type": "application/x-ndjson"})
    assert (200, []) == (status, reasons(outcome))


async def test_a_retransmission_gets_its_first_answer(hospital: Hospital) -> None:
    numbers = []
    for _ in range(2):
        status, outcome, _ = await hospital.send("PUT", "/Observation/o1", OBSERVATION, **{"X-Request-Id": "r-1"})
        assert 200 == status
        numbers.append(outcome["issue"][0]["details"]["text"])
    assert "sent again" in numbers[1]
    assert 1 == len(hospital.records())
    versioned = OBSERVATION | {"meta": {"versionId": "2"}}
    for _ in range(2):
        await hospital.send("PUT", "/Observation/o1", versioned)
    assert 2 == len(hospital.records())


async def test_a_return_to_what_was_said_before_is_a_message(hospital: Hospital) -> None:
    for body in (OBSERVATION, OBSERVATION | {"status": "amended"}, OBSERVATION):
        await hospital.send("PUT", "/Observation/o1", body)
    assert 3 == len(hospital.records())


async def test_a_full_outbox_is_said(hospital: Hospital) -> None:
    hospital.full = True
    for method, path, body in (("POST", "", PATIENT), ("DELETE", "/Observation/o1", None)):
        status, outcome, headers = await hospital.send(method, path, body)
        assert (503, "transient", "5") == (status, outcome["issue"][0]["code"], headers["Retry-After"])


async def test_a_fault_of_ours_costs_one_request(hospital: Hospital) -> None:
    hospital.broken = True
    status, outcome, _ = await hospital.send("PUT", "/Patient/p1", PATIENT)
    assert (500, "exception") == (status, outcome["issue"][0]["code"])
    hospital.broken = False
    assert 200 == (await hospital.send("PUT", "/Patient/p1", PATIENT))[0]


async def test_too_many_at_once_are_sent_away(hospital: Hospital) -> None:
    hospital.held = asyncio.Event()
    waiting = [asyncio.create_task(hospital.send("PUT", "/Observation/o1", OBSERVATION)) for _ in range(2)]
    status = 200
    while status != 503:  # until both are in hand
        status, _, _ = await hospital.send("GET", "/metadata")
    hospital.held.set()
    assert [200, 200] == [made[0] for made in await asyncio.gather(*waiting)]


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (404, "POST", "/Visit", {}),
        (404, "DELETE", "/Visit/1", {}),
        (404, "POST", "/a/b/c/d", {}),
        (405, "GET", "/Patient/p1", {}),
        (405, "PATCH", "/Patient/p1", {}),
        (415, "POST", "/Patient", {"Content-Type": "application/fhir+xml"}),
        (415, "POST", "/Patient", {"Content-Type": "application/fhir+json; fhirVersion=3.0"}),
    ],
)
async def test_what_is_no_message(
    hospital: Hospital, status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    found, outcome, _ = await hospital.send(method, path, PATIENT if method != "DELETE" else None, **headers)
    assert (status, "OperationOutcome") == (found, outcome["resourceType"])
    assert [] == hospital.taken


async def test_a_request_may_name_its_release(hospital: Hospital) -> None:
    r5 = {"resourceType": "Encounter", "id": "e", "status": "completed", "class": [{"text": "A"}]}
    version = {"Content-Type": 'application/fhir+json; fhirVersion="5.0"'}
    assert 422 == (await hospital.send("PUT", "/Encounter/e", r5))[0]
    assert 200 == (await hospital.send("PUT", "/Encounter/e", r5, **version))[0]


async def test_clients_ask_for_the_statement_first(hospital: Hospital) -> None:
    status, statement, _ = await hospital.send("GET", "/metadata")
    assert (200, "CapabilityStatement", "4.0.1") == (status, statement["resourceType"], statement["fhirVersion"])


async def test_tls_with_client_certificates(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority", None)
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "client", authority)
    files = {"tls_certificate": tmp_path / "server.pem", "tls_key": tmp_path / "server.key"}
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    outbox = Outbox(tmp_path, {"01999": KEYS}, {"fhir": DIALECT.translator}, limit=900_000, max_bytes=1 << 30)
    async with aiohttp.ClientSession() as client:
        server = server_of(Hospital(outbox, client), **files, tls_client_ca=tmp_path / "authority.pem")
        await server.start()
        url = f"https://127.0.0.1:{server.port}/fhir/metadata"
        with pytest.raises(aiohttp.ClientError):
            await client.get(url, ssl=context)
        context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
        async with client.get(url, ssl=context) as response:
            assert 200 == response.status
        await server.stop()
    outbox.close()


async def test_a_slow_body_is_not_waited_for(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, {"01999": KEYS}, {"fhir": DIALECT.translator}, limit=900_000, max_bytes=1 << 30)
    async with aiohttp.ClientSession() as client:
        hospital = Hospital(outbox, client)
        server = server_of(hospital, read_seconds=0.05)
        await server.start()
        hospital.url = f"http://127.0.0.1:{server.port}/fhir"
        never = asyncio.Event()

        async def dripping() -> AsyncIterator[bytes]:
            yield b"{"
            await never.wait()

        async with client.post(hospital.url, data=dripping(), headers=FHIR) as response:
            assert 408 == response.status
        assert [] == hospital.taken
        await server.stop()
    outbox.close()
