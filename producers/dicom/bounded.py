"""A DICOM server with the bounds that pynetdicom has none for.

There, one client that opens a TLS connection and says nothing holds up all others; a PDU is allocated in the length it
announces (up to 4 GB) and each piece of it is waited for anew; connections that never associate are not counted. Whoever
exceeds a bound is answered A-ABORT where that can be said (PS3.8, 9.3.8), and cut off.
"""

import contextlib
import socket
import socketserver
import threading
import time
from typing import Any, Final

from pynetdicom.ae import ApplicationEntity
from pynetdicom.events import EventHandlerType
from pynetdicom.transport import ThreadedAssociationServer

from producers.dicom.thrift import Shared, calm
from runtime import logs

LONGEST: Final = 1 << 20
"""Bytes of one PDU. Data is asked for in 128 KiB; a request to associate with 128 contexts has some 20 KiB."""
SPARE: Final = 32
"""Connections beside the associations allowed: those that are being rejected, and those that say nothing yet."""
_PIECE: Final = 64 << 10
_ABORT: Final = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 6))
"""A-ABORT by the service provider: invalid PDU parameter value."""

log = logs.get("dicom")


class BoundedServer(ThreadedAssociationServer):
    """Each connection has its own thread from the beginning, its TLS handshake included."""

    handshake_seconds: float = 10.0
    _beginning: int = 0
    """Connections accepted that are not yet among the active associations."""
    _counting: Final = threading.Lock()

    def serve(self) -> None:
        """In a thread of its own, until `shutdown`."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        listening: Any = self.socket
        accepted: tuple[socket.socket, Any] = listening.accept()
        return accepted

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - as the base class asks
        """False closes the connection at once."""
        with self._counting:
            free = len(self.active_associations) + self._beginning < self.ae.maximum_associations + SPARE
            self._beginning += free
        return free

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            self._begin(request, client_address)
        finally:
            with self._counting:
                self._beginning -= 1

    def _begin(self, request: Any, client_address: Any) -> None:
        if self.ssl_context is not None:
            try:
                request.settimeout(self.handshake_seconds)
                request = self.ssl_context.wrap_socket(request, server_side=True)
            except OSError as error:  # ssl.SSLError is one
                log.info("handshake_failed", error=error)
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class prints a traceback
        log.error("connection_failed")

    def shutdown(self) -> None:
        socketserver.BaseServer.shutdown(self)
        self.server_close()


def server(
    entity: ApplicationEntity, address: tuple[str, int], tls: Any, handlers: list[EventHandlerType]
) -> BoundedServer:
    """Bound to `address`, not yet serving. OSError where it is taken."""
    made: BoundedServer = entity.make_server(
        address, ssl_context=tls, evt_handlers=handlers, server_class=BoundedServer
    )  # type: ignore[assignment]  # typed as the default class
    made.contexts = Shared(made.contexts)
    return made


def bound(association: Any, seconds: float) -> None:
    """Let `association`'s socket take no PDU above LONGEST, and none that takes longer than `seconds` to come; and let
    it be quiet where nothing comes.

    To be called before the association starts (EVT_CONN_OPEN). Header and content of a PDU are read one after the other,
    each within `seconds`.
    """
    wrapper, checkpoint = association.dul.socket, calm(association)

    def receive(count: int) -> bytearray:
        raw: socket.socket = wrapper.socket
        try:
            found = _receive(raw, count, time.monotonic() + seconds)
        except (TimeoutError, _TooLong):
            with contextlib.suppress(OSError):
                raw.settimeout(1)
                raw.sendall(_ABORT)
                raw.shutdown(socket.SHUT_RDWR)
            raise
        raw.settimeout(seconds)
        checkpoint.hear()
        return found

    wrapper.recv = receive


class _TooLong(OSError):
    """As pynetdicom understands it: the connection is lost."""


def _receive(raw: socket.socket, count: int, until: float) -> bytearray:
    """`count` bytes, fewer where the peer hangs up. TimeoutError where they do not come in time."""
    if count > LONGEST:
        raise _TooLong("a PDU above the bound")
    found = bytearray()
    while len(found) < count:
        raw.settimeout(max(until - time.monotonic(), 0.001))
        piece = raw.recv(min(count - len(found), _PIECE))
        if not piece:
            break
        found += piece
    return found
