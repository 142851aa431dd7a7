"""The seal: AES-256-GCM under the facility's key, bound to the received datum.

Record header `seal` = format (1 byte), key id length (1) and key id, nonce (12), length of the datum (4, big endian),
ciphertext with tag. The associated data is the received datum *without* its five-byte frame, so the seal opens from
`accepted` too (the datum is its first `length` bytes), after mirroring and after new schema ids.
"""

import os
import struct
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER: Final = "seal"
_FORMAT: Final = 1
_NONCE: Final = 12
_LENGTH: Final = struct.Struct(">I")


class SealBroken(ValueError):
    """The seal does not open. Says why in one word, never what was inside."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key that seals. `owner` is the facility, or `worker` for what workers seal."""

    id: str
    owner: str
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)

    @classmethod
    def make(cls, id_: str, owner: str, secret: bytes) -> "SealKey":
        return cls(id_, owner, secret, AESGCM(secret))


def seal(key: SealKey, datum: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    name = key.id.encode()
    return b"".join(
        (bytes((_FORMAT, len(name))), name, nonce, _LENGTH.pack(len(datum)), key.cipher.encrypt(nonce, plain, datum))
    )


def key_id(sealed: bytes) -> str:
    """The id of the key, or SealBroken where the form is not ours."""
    if len(sealed) < 2 or sealed[0] != _FORMAT or len(sealed) < 2 + sealed[1] + _NONCE + _LENGTH.size:
        raise SealBroken("form")
    try:
        return sealed[2 : 2 + sealed[1]].decode("ascii")
    except UnicodeDecodeError:
        raise SealBroken("form") from None


def datum_length(sealed: bytes) -> int:
    """Length of the received datum that the seal is bound to. Ask `key_id` first: it looks at the form."""
    at = 2 + sealed[1] + _NONCE
    length: int = _LENGTH.unpack_from(sealed, at)[0]
    return length


def unseal(key: SealKey, sealed: bytes, datum: bytes) -> bytes:
    """The plain bytes; SealBroken where form, key or datum are not those of the sealing."""
    if key_id(sealed) != key.id:
        raise SealBroken("key")
    start = 2 + sealed[1]
    if datum_length(sealed) != len(datum):
        raise SealBroken("length")
    try:
        return key.cipher.decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE + _LENGTH.size :], datum)
    except InvalidTag:
        raise SealBroken("tag") from None


def seal_at_rest(key: SealKey, purpose: bytes, plain: bytes) -> bytes:
    """For what lies in the outbox and for originals: bound to its purpose instead of a datum."""
    return seal(key, purpose, plain)


def unseal_at_rest(key: SealKey, purpose: bytes, sealed: bytes) -> bytes:
    return unseal(key, sealed, purpose)
