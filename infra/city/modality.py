"""A modality's C-STORE client (PS3.4 B): an association for each study, as modalities have it; each status read."""

import asyncio
import logging
from io import BytesIO
from typing import Any, Final

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, _config

from infra.city.dicom import CLASSES
from infra.city.line import Answer
from infra.city.message import Message

# What pynetdicom would say of a broken association names peers, and goes across a demo's picture: the tally counts it.
_config.LOG_HANDLER_LEVEL = "none"
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)

_TITLE: Final = "MODALITY"
_SUCCESS: Final = 0x0000
_NOT_NOW: Final = frozenset(range(0xA700, 0xA800))
"""Out of resources: the same instance may be sent again later."""


class Modality:
    """Sends to `host:port`. `called` is the listener's application entity title. A study of the city has one image."""

    def __init__(self, host: str, port: int, timeout: float, called: str = "LIVINGDATA") -> None:
        self._address, self._called = (host, port), called
        self._entity = AE(_TITLE)
        self._entity.connection_timeout = self._entity.acse_timeout = timeout
        self._entity.dimse_timeout = self._entity.network_timeout = timeout
        for sop_class in CLASSES:
            self._entity.add_requested_context(sop_class, ExplicitVRLittleEndian)

    async def ask(self, message: Message) -> Answer:
        dataset = whole(message.payload)
        if dataset is None:
            raise ValueError("not an instance")
        status = await asyncio.to_thread(self._store, dataset)
        return Answer(f"{_SUCCESS:04X}", f"{status:04X}", status == _SUCCESS, not_now=status in _NOT_NOW)

    def _store(self, dataset: Any) -> int:
        association = self._entity.associate(*self._address, ae_title=self._called)
        if not association.is_established:
            raise ConnectionError("no association")
        try:
            answer = association.send_c_store(dataset)
        except RuntimeError:  # it ended between the question and the sending
            raise ConnectionError("no association") from None
        finally:
            association.release()
        if "Status" not in answer:
            raise ConnectionError("no answer")
        return int(answer.Status)

    async def close(self) -> None:
        """Nothing stays open."""


def whole(payload: bytes) -> Any:
    """The instance of a file, None where the file is cut so that none can be named."""
    try:
        dataset = dcmread(BytesIO(payload))
    except (InvalidDicomError, EOFError, OSError, ValueError, KeyError, AttributeError):
        return None
    known = getattr(dataset, "file_meta", None) is not None and "TransferSyntaxUID" in dataset.file_meta
    return dataset if known and all(name in dataset for name in ("SOPClassUID", "SOPInstanceUID")) else None
