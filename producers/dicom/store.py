"""A C-STORE and C-ECHO listener. An instance is acknowledged when its metadata is durable; pixel data is never kept."""

import asyncio
import sqlite3
import ssl
import threading
from typing import Any, Final

from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, AllStoragePresentationContexts, _config, evt
from pynetdicom.association import Association
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at run time

from producers.adapter import Refusal
from producers.dicom import answer, file
from producers.dicom.bounded import BoundedServer, bound, server
from producers.dicom.collect import Collector
from producers.dicom.options import DicomOptions
from producers.dicom.spool import SpoolFull
from producers.dicom.translate import asked, instance
from runtime import logs

# pynetdicom's own log lines name peers and UIDs; ours say what is needed.
_config.LOG_HANDLER_LEVEL = "none"

IDLE_SECONDS: Final = 60
ASKING_SECONDS: Final = 10
"""A connection that does not ask for an association within this is given up; until then it takes the place of one."""
REFUSE_SECONDS: Final = 30
MAXIMUM_PDU: Final = 128 << 10

log = logs.get("dicom")


class StoreScp:
    """The listener of one feed's port."""

    def __init__(self, port: int, options: DicomOptions, collector: Collector) -> None:
        self._asked_port, self._options, self._collector = port, options, collector
        self._wanted = asked(collector.feed)
        self._server: BoundedServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._received: dict[int, int] = {}

    @property
    def port(self) -> int:
        """The port in use, once started."""
        return int(self._server.server_address[1]) if self._server is not None else self._asked_port

    @property
    def associations(self) -> list[Association]:
        """Those that stand."""
        return list(self._server.active_associations) if self._server is not None else []

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server(
            self._entity(),
            (self._options.host, self._asked_port),
            _tls(self._options),
            [
                (evt.EVT_CONN_OPEN, lambda event: bound(event.assoc, IDLE_SECONDS)),
                (evt.EVT_C_STORE, self._on_store),
                (evt.EVT_C_ECHO, lambda _event: answer.SUCCESS),
                (evt.EVT_PDU_RECV, self._on_pdu),
                (evt.EVT_DIMSE_RECV, self._on_message),
                (evt.EVT_CONN_CLOSE, self._on_message),
            ],
        )
        self._server.serve()

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.shutdown)

    def _entity(self) -> AE:
        entity = AE(self._options.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = list(self._options.peers)
        entity.maximum_associations = self._options.associations
        entity.maximum_pdu_size = MAXIMUM_PDU
        entity.network_timeout = IDLE_SECONDS
        entity.acse_timeout = ASKING_SECONDS
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax or "", AllTransferSyntaxes)
        entity.add_supported_context(Verification)
        return entity

    def _on_store(self, event: evt.Event) -> int:
        try:
            return self._store(event)
        except (sqlite3.Error, SpoolFull, OSError, TimeoutError) as error:
            log.error(
                "instance_not_kept", adapter_id=self._collector.feed.adapter_id, error=error, mend="check the disk"
            )
            return answer.OUT_OF_RESOURCES
        except Exception as error:  # a fault of ours must cost one instance, not the association
            log.error("instance_failed", adapter_id=self._collector.feed.adapter_id, error=error)
            return answer.CANNOT_UNDERSTAND

    def _store(self, event: evt.Event) -> int:
        request: Any = event.request
        stream = request.DataSet
        header = file.read_dataset(stream, str(event.context.transfer_syntax), self._wanted)
        made = header if isinstance(header, Refusal) else instance(header, self._collector.feed)
        if isinstance(made, dict):
            self._collector.keep([made])
            return answer.SUCCESS
        stream.seek(0)
        raw = file.head(stream.read(file.HEAD + 4))
        origin = ("instance", str(request.AffectedSOPInstanceUID))
        if self._loop is None:
            raise RuntimeError("not started")
        taking = asyncio.run_coroutine_threadsafe(self._collector.refuse(made, raw, origin), self._loop)
        return answer.status(taking.result(REFUSE_SECONDS))

    def _on_pdu(self, event: evt.Event) -> None:
        """pynetdicom gathers an instance in memory and knows no bound."""
        if not isinstance(event.pdu, P_DATA_TF):
            return
        key = id(event.assoc)
        self._received[key] = self._received.get(key, 0) + len(event.pdu)
        if self._received[key] > self._options.instance_bytes:
            log.error("instance_too_large", adapter_id=self._collector.feed.adapter_id, mend="raise instance_bytes")
            self._received[key] = 0
            threading.Thread(target=event.assoc.abort, daemon=True).start()  # it waits for the thread we are in

    def _on_message(self, event: evt.Event) -> None:
        self._received.pop(id(event.assoc), None)


def _tls(options: DicomOptions) -> ssl.SSLContext | None:
    if options.tls_certificate is None or options.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls_certificate, options.tls_key)
    if options.tls_peers is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.tls_peers)
    return context
