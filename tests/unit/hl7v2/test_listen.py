"""MLLP over a real socket, with a taker that keeps what it is given."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey as PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from producers.adapter import Feed, Incoming, Parsed, Receipt, Refusal
from producers.hl7v2 import server as server_module
from producers.hl7v2.listen import DIALECT, listen, read
from producers.hl7v2.server import MllpServer
from tests.unit.hl7v2.city import feed

A01 = (
    "MSH|^~\\&|HIS|01003|LD|SYT|20261124093000||ADT^A01|M1|P|2.5||||||UNICODE UTF-8\r"
    f"EVN|A01|20261124093000\rPID|1||BN1^^^01003^MR||Nguyễn^An\rPV1|1|I|K01{'|' * 16}V1\r"
)


@dataclass
class Books:
    """A taker. `gate` holds receipts back; `full` refuses."""

    taken: list[Incoming] = field(default_factory=list)
    gate: asyncio.Event | None = None
    full: bool = False

    async def take(self, incoming: Incoming) -> Receipt:
        self.taken.append(incoming)
        if self.gate is not None:
            await self.gate.wait()
        if self.full:
            return Receipt(None, full=True)
        parsed = incoming.parsed
        return Receipt(len(self.taken), (parsed,) if isinstance(parsed, Refusal) else ())


class Sender:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> list[list[str]]:
        async with asyncio.timeout(5):
            found = await self.reader.readuntil(b"\x1c\r")
        assert found.startswith(b"\x0b")
        return [line.split("|") for line in found[1:-2].decode().strip("\r").split("\r")]

    async def ask(self, text: str) -> list[list[str]]:
        self.send(framed(text))
        return await self.answer()

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


def framed(text: str) -> bytes:
    return b"\x0b" + text.encode() + b"\x1c\r"


@asynccontextmanager
async def served(books: Books, feeds: Sequence[Feed]) -> AsyncIterator[MllpServer]:
    (server,) = listen(feeds, books)
    assert isinstance(server, MllpServer)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def connected(server: MllpServer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Sender]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=tls)
    try:
        yield Sender(reader, writer)
    finally:
        writer.close()


def his(**options: Any) -> Feed:
    return feed("01003", listen="127.0.0.1:0", **options)


async def test_taken_is_answered_aa_with_its_control_id() -> None:
    books = Books()
    async with served(books, [his()]) as server, connected(server) as sender:
        msh, msa = await sender.ask(A01)
    assert ["MSA", "AA", "M1"] == msa
    assert ["LD", "SYT", "HIS", "01003"] == msh[2:6]
    assert ("HIS", "01003", "M1") == books.taken[0].origin
    assert A01.encode() == books.taken[0].raw


async def test_no_answer_before_the_message_is_durable() -> None:
    books = Books(gate=asyncio.Event())
    async with served(books, [his()]) as server, connected(server) as sender:
        sender.send(framed(A01))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sender.reader.read(1)
        assert books.gate is not None
        books.gate.set()
        assert "AA" == (await sender.answer())[1][1]


async def test_messages_of_a_connection_are_answered_in_order() -> None:
    books = Books()
    async with served(books, [his()]) as server, connected(server) as sender:
        sender.send(b"".join(framed(A01.replace("M1", f"M{n}")) for n in range(20)))
        assert [f"M{n}" for n in range(20)] == [(await sender.answer())[1][2] for _ in range(20)]
    assert [f"M{n}" for n in range(20)] == [incoming.origin[2] for incoming in books.taken]


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (A01.replace("ADT^A01", "ADT^A99"), "AR", "hl7_unsupported_event"),
        (A01.replace("ADT^A01", "ZZZ^Z01"), "AR", "hl7_unsupported_event"),
        (A01[A01.index("\r") + 1 :], "AR", "hl7_no_msh"),
        (A01.replace("|01003|LD", "|01004|LD"), "AR", "hl7_facility"),
        (A01.replace("BN1^^^01003^MR", ""), "AE", "hl7_no_patient"),
        (A01.replace("PID|", "ZID|"), "AE", "hl7_no_patient"),
        (A01.replace("|V1", "|"), "AE", "hl7_no_visit"),
    ],
)
async def test_faults_are_named_in_both_languages(text: str, code: str, reason: str) -> None:
    books = Books()
    async with served(books, [his()]) as server, connected(server) as sender:
        _, msa, err = await sender.ask(text)
    assert code == msa[1]
    assert reason == err[5]
    assert " / " in err[8]
    assert "207" != err[3].split("^")[0]
    assert 1 == len(books.taken)


async def test_a_full_outbox_asks_the_sender_to_repeat() -> None:
    async with served(Books(full=True), [his()]) as server, connected(server) as sender:
        _, msa, err = await sender.ask(A01)
    assert ["AE", "M1"] == msa[1:3]
    assert "207" == err[3].split("^")[0]


async def test_an_oversize_frame_is_numbered_and_answered() -> None:
    books = Books()
    async with served(books, [his(max_bytes=2048)]) as server, connected(server) as sender:
        _, msa, err = await sender.ask(A01 + "ZZZ|" + "x" * 4000)
        assert ["AE", "M1"] == msa[1:3]
        assert "too_large" == err[5]
        assert "AA" == (await sender.ask(A01))[1][1]
    assert 2 == len(books.taken)


async def test_a_message_may_come_in_pieces_and_without_its_last_cr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LAST_CR_SECONDS", 0.05)
    async with served(Books(), [his()]) as server, connected(server) as sender:
        data = framed(A01)
        for at in range(0, len(data) - 1, 50):
            sender.send(data[at : min(at + 50, len(data) - 1)])
            await asyncio.sleep(0)
        assert "AA" == (await sender.answer())[1][1]


async def test_a_message_that_never_ends_is_given_up() -> None:
    books = Books()
    async with served(books, [his(frame_seconds=0.05)]) as server, connected(server) as sender:
        sender.send(b"\x0bMSH|never")
        assert await sender.ended()
    assert [] == books.taken


async def test_a_silent_connection_is_closed() -> None:
    async with served(Books(), [his(idle_seconds=0.05)]) as server, connected(server) as sender:
        assert await sender.ended()


async def test_whoever_does_not_speak_mllp_is_cut_off() -> None:
    async with served(Books(), [his()]) as server, connected(server) as sender:
        sender.send(b"GET / HTTP/1.1\r\n" * 8192)
        assert await sender.ended()


async def test_one_connection_too_many_is_closed_and_the_others_live() -> None:
    async with served(Books(), [his(max_connections=1)]) as server, connected(server) as first:
        assert "AA" == (await first.ask(A01))[1][1]
        async with connected(server) as second:
            assert await second.ended()
        assert "AA" == (await first.ask(A01))[1][1]


async def test_a_stop_answers_what_is_in_hand() -> None:
    books = Books(gate=asyncio.Event())
    async with served(books, [his()]) as server, connected(server) as sender:
        sender.send(framed(A01))
        while not books.taken:
            await asyncio.sleep(0.001)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        assert books.gate is not None
        books.gate.set()
        assert "AA" == (await sender.answer())[1][1]
        assert await sender.ended()
        await stopping


async def test_feeds_that_share_a_port_are_told_apart_by_facility_and_application() -> None:
    books = Books()
    feeds = [
        replace(his(sending_application="HIS"), adapter_id="his"),
        replace(his(sending_application="LIS"), adapter_id="lis"),
        replace(his(), facility="01004", adapter_id="other"),
    ]
    async with served(books, feeds) as server, connected(server) as sender:
        for text in (
            A01,
            A01.replace("|HIS|", "|LIS|"),
            A01.replace("|01003|LD", "|01004|LD"),
            A01.replace("|01003|LD", "|01999|LD"),
            "nonsense",
        ):
            await sender.ask(text)
    assert ["his", "lis", "other", "his", "his"] == [incoming.feed.adapter_id for incoming in books.taken]
    assert [True, True, True, False, False] == [isinstance(incoming.parsed, Parsed) for incoming in books.taken]


def certificate(folder: Path, name: str, issuer: tuple[x509.Name, PrivateKey] | None) -> tuple[x509.Name, PrivateKey]:
    """Writes `name`.pem and `name`.key, signed by `issuer` or itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signing_key = issuer or (subject, key)
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return subject, key


async def test_tls_with_client_certificates(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority", None)
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "client", authority)
    ours = his(
        tls_certificate=tmp_path / "server.pem",
        tls_key=tmp_path / "server.key",
        tls_client_ca=tmp_path / "authority.pem",
    )
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    async with served(Books(), [ours]) as server:
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            async with connected(server, context) as stranger:
                await stranger.ask(A01)
        context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
        async with connected(server, context) as known:
            assert "AA" == (await known.ask(A01))[1][1]


async def test_a_folder_is_read_beside_the_port(tmp_path: Path) -> None:
    books = Books()
    (tmp_path / "day.hl7").write_bytes(A01.encode() + A01.replace("M1", "M2").encode())
    (folder,) = listen([feed("01003", folder=tmp_path, renamed=True)], books)
    await folder.start()
    async with asyncio.timeout(5):
        while not (tmp_path / "done" / "day.hl7").exists():
            await asyncio.sleep(0.01)
    await folder.stop()
    assert [("day.hl7", "1"), ("day.hl7", "2")] == [incoming.origin for incoming in books.taken]
    assert "2 messages: 2 accepted" in (tmp_path / "done" / "day.hl7.receipt.txt").read_text(encoding="utf-8")


async def test_enhanced_mode_over_the_wire() -> None:
    async with served(Books(), [his()]) as server, connected(server) as sender:
        sender.send(framed(A01.replace("|P|2.5|||", "|P|2.5|||AL|AL")))
        assert ["CA", "AA"] == [(await sender.answer())[1][1] for _ in range(2)]
        sender.send(framed(A01.replace("|P|2.5|||", "|P|2.5|||NE|NE")) + framed(A01))
        assert "AA" == (await sender.answer())[1][1]


def test_contradicting_options_are_refused() -> None:
    with pytest.raises(ValueError, match="share an address"):
        listen([his(), replace(his(max_connections=5), adapter_id="b")], Books())
    with pytest.raises(ValueError, match="listen or folder"):
        listen([feed("01003")], Books())
    for wrong in ({"listen": "nowhere"}, {"charset": "klingon"}, {"tls_key": "k"}, {"tls_client_ca": "c"}, {"x": 1}):
        with pytest.raises(ValueError, match=r".+"):
            DIALECT.options.model_validate(wrong)


def test_a_file_of_several_messages_with_loose_lines(tmp_path: Path) -> None:
    path = tmp_path / "day.hl7"
    path.write_bytes(b"loose\r" + A01.encode() + A01.replace("M1", "M2").encode() + b"BTS|5\r")
    reads = list(read(path, feed("01003")))
    assert ["hl7_no_msh", "M1", "M2", "hl7_batch_count"] == [
        found.parsed.message_id if isinstance(found.parsed, Parsed) else found.parsed.reason for found in reads
    ]
    assert [b"loose", b"BTS|5"] == [reads[0].raw, reads[3].raw]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.hl7"
    path.write_bytes(b"\r\n")
    (only,) = read(path, feed("01003"))
    assert isinstance(only.parsed, Refusal)
