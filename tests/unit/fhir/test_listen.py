"""Files and options; HTTP itself is in the contract test."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from producers.adapter import Incoming, Parsed, Receipt, Refusal
from producers.fhir.bounds import Limits
from producers.fhir.listen import DIALECT, listen, read
from producers.fhir.options import Options, address
from producers.fhir.server import FhirServer
from producers.folder import DONE, REFUSED, Folder
from tests.unit.fhir.told import NAME, OBSERVATION, PATIENT, bundle, feed, raw


class Taken:
    """Numbers messages as an outbox does."""

    def __init__(self) -> None:
        self.messages: list[Incoming] = []

    async def take(self, incoming: Incoming) -> Receipt:
        self.messages.append(incoming)
        refusals = (incoming.parsed,) if isinstance(incoming.parsed, Refusal) else ()
        return Receipt(len(self.messages), refusals)


def reasons(path: Path) -> list[str]:
    return [found.parsed.reason if isinstance(found.parsed, Refusal) else "" for found in read(path, feed())]


def test_a_json_file_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "a.JSON"
    path.write_bytes(raw(bundle("collection", PATIENT, OBSERVATION)))
    assert [""] == reasons(path)


def test_each_line_is_a_message(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(raw(PATIENT) + b"\r\n\n" + b"{\n" + raw(OBSERVATION))
    assert ["", "fhir_json", ""] == reasons(path)


def test_bounds_of_files(tmp_path: Path) -> None:
    limits = Limits(message=2000, lines=3)
    (tmp_path / "a.json").write_bytes(b"[" + b" " * 2000)
    (found,) = read(tmp_path / "a.json", feed(), limits)
    assert isinstance(found.parsed, Refusal)
    assert "too_large" == found.parsed.reason
    long = b'{"resourceType":"Basic","id":"' + b"x" * 2_000_000 + b'"}'
    (tmp_path / "a.ndjson").write_bytes(b"\n".join((raw(PATIENT), long, raw(PATIENT), raw(PATIENT))))
    lines = list(read(tmp_path / "a.ndjson", feed(), limits))
    refused = [line.parsed.place if isinstance(line.parsed, Refusal) else "good" for line in lines]
    assert ["good", "", "good", "line 4"] == refused


async def test_a_watched_folder(tmp_path: Path) -> None:
    taken = Taken()
    (folder,) = listen([feed(folder=tmp_path, renamed=True, poll_seconds=0.01)], taken)
    assert isinstance(folder, Folder)
    await folder.start()
    (tmp_path / "good.json").write_bytes(raw(PATIENT))
    (tmp_path / "bad.ndjson").write_bytes(b"{\n")
    async with asyncio.timeout(10):
        while not (tmp_path / DONE / "good.json").exists() or not (tmp_path / REFUSED / "bad.ndjson").exists():
            await asyncio.sleep(0.005)
    await folder.stop()
    receipt = (tmp_path / REFUSED / "bad.ndjson.receipt.txt").read_text(encoding="utf-8")
    assert "fhir_json" in receipt
    assert "Không phải JSON" in receipt
    assert NAME not in receipt


def test_a_message_in_memory_prints_nothing_of_a_person() -> None:
    parsed = DIALECT.translator.parse(raw(PATIENT), feed())
    assert isinstance(parsed, Parsed)
    assert NAME not in f"{parsed!r} {parsed.content!r}"


@pytest.mark.parametrize(
    "options",
    [
        {"listen": "nowhere"},
        {"listen": "127.0.0.1:99999"},
        {"release": "R3"},
        {"profile": "none"},
        {"base": "fhir"},
        {"base": "/fhir/"},
        {"max_bytes": 64 << 20},
        {"tls_certificate": "a.pem"},
        {"tls_client_ca": "a.pem"},
        {"colour": "red"},
    ],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(options)


def test_addresses() -> None:
    assert (("127.0.0.1", 80), ("::1", 8080)) == (address("127.0.0.1:80"), address("[::1]:8080"))


def test_feeds_share_an_address_by_their_bases() -> None:
    at: dict[str, Any] = {"listen": "127.0.0.1:0"}
    (server,) = listen([feed(**at, base="/a"), feed(**at, base="/b")], Taken())
    assert isinstance(server, FhirServer)
    with pytest.raises(ValueError, match="a base each"):
        listen([feed(**at), feed(**at)], Taken())
    with pytest.raises(ValueError, match="the same max_bytes"):
        listen([feed(**at, base="/a"), feed(**at, base="/b", max_bytes=2048)], Taken())
    with pytest.raises(ValueError, match="listen or folder"):
        listen([feed()], Taken())
