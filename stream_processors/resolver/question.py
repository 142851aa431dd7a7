"""Which accepted documents are asked about: people whose number the registry does not know. Pure and total."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from runtime.keyring import Keyring, may_speak
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import SealBroken, datum_length, key_id, unseal
from schemas import codec, registry
from stream_processors import identify
from stream_processors.resolver.population import Person

TIER: Final = "unmatched"


@dataclass(frozen=True, slots=True)
class Question:
    """`key` stands for what is asked, `citizen_key` is whom the patient is where the answer is `same`."""

    patient_key: str
    facility: str
    citizen_key: str
    key: bytes = field(repr=False)
    person: Person = field(repr=False)


def question(value: bytes | None, headers: Iterable[tuple[str, bytes]], ring: Keyring, city: bytes) -> Question | None:
    """None of all else: known people, no number of good form, no name or birth, what does not open."""
    framed = codec.unframe(value)
    if framed is None or not registry.names().get(framed[0], "").startswith("accepted."):
        return None
    made = registry.codec(framed[0])
    try:
        event = made.decode(framed[1]) if made else {}
    except codec.NotOneDatum:
        return None
    if event.get("identity_tier") != TIER or event["patient_key"] is None or event["status"] != "active":
        return None
    identity = _identity(event, framed[1], dict(headers).get(SEAL_HEADER, b""), ring)
    number, name = (identity.get("citizen_id") or "").strip(), (identity.get("full_name") or "").strip()
    birth = (identity.get("birth") or "")[:8]
    if identify.NUMBER.fullmatch(number) is None or not name or len(birth) < 4:
        return None
    citizen = identify.hashed(city, b"citizen_key", number, 16).hex()
    asked = identify.hashed(city, b"asked", f"{number}\x1f{name}\x1f{birth}", 16)
    return Question(event["patient_key"], event["facility"], citizen, asked, Person(number, name, birth))


def _identity(event: dict[str, Any], datum: bytes, sealed: bytes, ring: Keyring) -> dict[str, str | None]:
    try:
        key = ring.seal.get(key_id(sealed))
        if key is None or not may_speak(key, event["facility"], event["adapter_id"]):
            return {}
        inside = registry.SEALED.decode(unseal(key, sealed, datum[: datum_length(sealed)]))
    except (SealBroken, codec.NotOneDatum):
        return {}
    identity: dict[str, str | None] = inside["identity"]
    return identity
