"""The keyring: seal and pseudonym keys per facility, the citizen key of the city.

A JSON file, mode 0600. A hospital's file holds its own facility only; workers hold the city's. No secret is in a `repr`
or in an error. Layout: `{"seal": {KEY_ID: {"owner": FACILITY, "secret": HEX64}}, "pseudonym": {FACILITY: HEX64},
"citizen": HEX64 | null}`; the last seal key of an owner is the one in use, older ones open old records.
"""

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from runtime.seal import SealKey
from schemas.numbers import REPLAY, is_replay, replay_adapter

WORKER: Final = "worker"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
"""Key ids, owners and facilities. A secret put in the place of a name is longer, and so never quoted in an error."""


class KeyringError(ValueError):
    """The keyring file is missing or wrong; says where, never a key."""


@dataclass(frozen=True, slots=True)
class Keyring:
    seal: Mapping[str, SealKey] = field(repr=False)
    pseudonym: Mapping[str, bytes] = field(repr=False)
    citizen: bytes | None = field(default=None, repr=False)

    def sealing(self, owner: str) -> SealKey:
        """The key in use of a facility (or of the workers)."""
        found = [key for key in self.seal.values() if key.owner == owner]
        if not found:
            raise KeyringError(f"no seal key for {owner}")
        return found[-1]

    def pseudonym_key(self, facility: str) -> bytes:
        if facility not in self.pseudonym:
            raise KeyringError(f"no pseudonym key for {facility}")
        return self.pseudonym[facility]

    def only(self, facilities: Iterable[str]) -> "Keyring":
        """What an adapter of these facilities may hold."""
        chosen = set(facilities)
        return Keyring(
            {id_: key for id_, key in self.seal.items() if key.owner in chosen},
            {name: key for name, key in self.pseudonym.items() if name in chosen},
        )


def may_speak(key: SealKey, facility: str, adapter_id: str) -> bool:
    """Whether a record of this facility and adapter may carry a seal of this key: a facility's key speaks for the
    facility's own adapters, the replay key for any facility, but only as the replay adapter."""
    if is_replay(adapter_id):
        return key.owner == REPLAY and adapter_id == replay_adapter(facility)
    return key.owner == facility != REPLAY


def create(facilities: Iterable[str]) -> Keyring:
    """A new city's keys."""
    names = list(facilities)
    seal = {f"{name}-1": SealKey.make(f"{name}-1", name, secrets.token_bytes(32)) for name in [*names, WORKER, REPLAY]}
    return Keyring(seal, {name: secrets.token_bytes(32) for name in names}, secrets.token_bytes(32))


def save(keyring: Keyring, path: Path) -> None:
    """Whole or not at all: a pseudonym key that is lost cannot be made again."""
    body = {
        "seal": {id_: {"owner": key.owner, "secret": key.secret.hex()} for id_, key in keyring.seal.items()},
        "pseudonym": {name: key.hex() for name, key in keyring.pseudonym.items()},
        "citizen": keyring.citizen.hex() if keyring.citizen else None,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # one that an earlier attempt left keeps its own mode
        file.write(orjson.dumps(body))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _secret(text: object, place: str) -> bytes:
    try:
        secret = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise KeyringError(f"{place}: a key is 64 hex characters")
    return secret


def _named(body: object, part: str) -> Mapping[str, Any]:
    """A part of the file that maps names to something."""
    found = body.get(part) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise KeyringError(f"keyring file lacks `{part}`, or it is of the wrong form")
    if not all(_NAME.fullmatch(name) for name in found):
        raise KeyringError(f"{part}: a name is 1 to 40 letters, digits, dots, dashes or underlines")
    return found


def _seal_key(id_: str, entry: object) -> SealKey:
    fields = entry if isinstance(entry, dict) else {}
    owner = fields.get("owner")
    if not isinstance(owner, str) or not _NAME.fullmatch(owner):
        raise KeyringError(f"seal.{id_}: `owner` is a facility, `{WORKER}` or `{REPLAY}`")
    return SealKey.make(id_, owner, _secret(fields.get("secret"), f"seal.{id_}"))


def load(path: Path) -> Keyring:
    """The keyring of a file, or KeyringError."""
    try:
        body = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise KeyringError("keyring file not found") from None
    except OSError as error:
        raise KeyringError(f"keyring file cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise KeyringError("keyring file is not JSON") from None
    seal = {id_: _seal_key(id_, entry) for id_, entry in _named(body, "seal").items()}
    pseudonym = {name: _secret(text, f"pseudonym.{name}") for name, text in _named(body, "pseudonym").items()}
    citizen = None if body.get("citizen") is None else _secret(body["citizen"], "citizen")
    return Keyring(seal, pseudonym, citizen)
