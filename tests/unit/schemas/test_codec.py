"""The codec: what goes in comes out, and a value holds exactly one datum."""

import contextlib
import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import avro, codec, registry
from schemas.codec import Codec, NotOneDatum
from schemas.encoder import zigzag
from schemas.header import ENRICHMENT, HEADER
from schemas.kinds import KINDS
from tests.datums import datums, identities

LINK = {
    "patient_key": "p", "action": "link", "citizen_key": None, "into_key": None, "facility": "f", "version": 1,
    "rule": "r", "linked_at": 1, "decided_by": None, "why": None, "adapter_id": "", "incarnation": "", "sequence": 0,
    "part": 0, "parts": 0,
}  # fmt: skip
CODECS = {name: registry.codec(number) for name, number in registry.ids().items()}
FIELDS = {f"received.{kind}": HEADER + body for kind, body in KINDS.items()}


def coder(name: str) -> Codec:
    made = CODECS[name]
    assert made is not None
    return made


def general(made: Codec, datum: Any) -> bytes:
    """The bytes that a general writer makes."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(avro.without_logical_types(made.schema)), datum)
    return out.getvalue()


# Round trip


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_goes_in_comes_out(kind: str, data: st.DataObject) -> None:
    made = coder(f"received.{kind}.1")
    datum = data.draw(datums(HEADER + KINDS[kind]))
    bytes_ = made.encode(datum)
    assert general(made, datum) == bytes_
    assert datum == made.decode(bytes_)
    with pytest.raises(NotOneDatum, match="1 bytes left over"):
        made.decode(bytes_ + b"\0")
    end = data.draw(st.integers(0, len(bytes_) - 1))
    with pytest.raises(NotOneDatum):
        made.decode(bytes_[:end])


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(datums(HEADER + KINDS["imaging"]), datums(ENRICHMENT))
def test_appended_bytes_are_fields_at_the_end(received: dict[str, Any], more: dict[str, Any]) -> None:
    bytes_ = coder("received.imaging.1").encode(received)
    bytes_ += Codec(avro.record("enrichment", ENRICHMENT)).encode(more)
    assert received | more == coder("accepted.imaging.1-1").decode(bytes_)


@given(identities(), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_the_sealed_record_comes_out(identity: dict[str, str | None], narrative: dict[str, str]) -> None:
    sealed = {"identity": identity, "narrative": narrative}
    assert general(registry.SEALED, sealed) == registry.SEALED.encode(sealed)
    assert sealed == registry.SEALED.decode(registry.SEALED.encode(sealed))


def test_times_are_plain_integers() -> None:
    made = coder("identity.links.1")
    datum = LINK | {"linked_at": 1_700}
    assert datum == made.decode(made.encode(datum))


def test_lists_and_options_may_be_left_out() -> None:
    made = Codec(avro.record("r", KINDS["imaging"]))
    told = made.decode(made.encode({}))
    assert {None} == {value for value in told.values() if value != []}
    assert [] == told["modalities"]


def test_a_field_of_another_type_is_an_error_not_a_value() -> None:
    made = Codec(avro.record("r", KINDS["imaging"]))
    wrongs: list[dict[str, Any]] = [{"series_count": "3"}, {"started_at": "now"}, {"body_part": 3}, {"modalities": [3]}]
    wrongs += [{"series_count": 1 << 31}, {"started_at": 1 << 63}, {"series_count": 1.5}, {"body_part": "\ud800"}]
    for wrong in wrongs:
        with pytest.raises((TypeError, ValueError, AttributeError)):
            made.encode(wrong)


@pytest.mark.parametrize(
    "value", ["x", b"x", [1.0], 1 << 2000, None, object()], ids=["text", "bytes", "list", "large", "none", "other"]
)
@pytest.mark.parametrize("shape", ["string", "bytes", "int", "long", "double", "boolean"])
def test_any_value_is_encoded_or_told_to_be_of_another_type(shape: str, value: Any) -> None:
    made = Codec({"type": "record", "name": "r", "fields": [{"name": "f", "type": shape}]})
    with contextlib.suppress(TypeError, ValueError, AttributeError):
        assert {"f": value} == made.decode(made.encode({"f": value}))


# Exactly one datum


def test_bytes_after_a_datum_would_be_a_neighbours_row() -> None:
    """Tried: fastavro ignores them. A second, forged datum behind the first is refused."""
    made = coder("identity.links.1")
    mine = LINK | {"citizen_key": "c", "facility": "01001"}
    forged = made.encode(mine) + made.encode(mine | {"facility": "01002"})
    plain = fastavro.parse_schema(avro.without_logical_types(made.schema))
    assert mine == fastavro.schemaless_reader(io.BytesIO(forged), plain, None)
    with pytest.raises(NotOneDatum, match="bytes left over"):
        made.decode(forged)


@pytest.mark.parametrize("name", CODECS)
def test_nothing_is_no_datum(name: str) -> None:
    with pytest.raises(NotOneDatum):
        coder(name).decode(b"")


@given(st.binary(max_size=200))
@example(b"\x01")  # a text of -1 bytes
@example(b"\xff\xff\xff\xff\x0f")  # a text of two thousand million bytes
@example(b"\xff" * 30)  # a length that never ends
def test_any_bytes_are_a_datum_or_not_one(data: bytes) -> None:
    for made in (coder("received.encounter.1"), coder("heartbeats.1"), registry.SEALED):
        with contextlib.suppress(NotOneDatum):
            made.decode(data)


def test_a_refusal_says_nothing_of_the_content() -> None:
    made = Codec(avro.record("r", KINDS["imaging"]))
    bytes_ = made.encode({"body_part": "CANARY"})
    for wrong in (bytes_ + b"CANARY", bytes_[:-1], bytes_.replace(b"CANARY", b"\xff\xfeNARY")):
        with pytest.raises(NotOneDatum) as caught:
            made.decode(wrong)
        assert "NARY" not in f"{caught.value} {caught.value!r}"


# Frames


@given(st.integers(0, 2**32 - 1), st.binary(max_size=50))
def test_a_frame_is_taken_off_as_it_was_put_on(number: int, datum: bytes) -> None:
    value = codec.frame(number, datum)
    assert (number, datum) == codec.unframe(value)
    assert codec.FRAME_BYTES + len(datum) == len(value)


def test_a_frame_is_confluents() -> None:
    assert b"\x00\x00\x00\x01\x02abc" == codec.frame(258, b"abc")


@pytest.mark.parametrize("value", [None, b"", b"\0", b"\0\0\0\0", b"\1\0\0\0\1abc", b"{}[]{}"])
def test_what_is_not_framed_is_nothing(value: bytes | None) -> None:
    assert codec.unframe(value) is None


def test_an_empty_datum_is_framed_too() -> None:
    assert (7, b"") == codec.unframe(codec.frame(7, b""))


# Numbers and containers

LONG = fastavro.parse_schema("long")


@given(st.integers(-(2**63), 2**63 - 1))
@example(0)
@example(-1)
@example(63)
@example(64)
@example(-64)
@example(-65)
@example(2**63 - 1)
@example(-(2**63))
def test_zigzag_is_avros_long(number: int) -> None:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, LONG, number)
    assert out.getvalue() == zigzag(number)


@pytest.mark.parametrize(
    ("number", "bytes_"),
    [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001"), (2**63 - 1, "fe" + "ff" * 8 + "01")],
)
def test_zigzag_by_the_book(number: int, bytes_: str) -> None:
    assert bytes_ == zigzag(number).hex()


@pytest.mark.parametrize("count", [0, 1, 100])
def test_a_container_is_an_ordinary_avro_file(count: int) -> None:
    made = coder("identity.links.1")
    rows = [LINK | {"patient_key": "Đ", "version": n, "linked_at": n} for n in range(count)]
    plain = avro.without_logical_types(made.schema)
    reader = fastavro.reader(io.BytesIO(codec.container(plain, (made.encode(row) for row in rows), count)))
    assert rows == list(reader)
    assert plain == json.loads(reader.metadata["avro.schema"])


def test_a_container_with_a_wrong_count_is_no_avro_file() -> None:
    """Count and datums must agree: whoever joins bytes is believed."""
    made = coder("identity.links.1")
    file = codec.container(made.schema, [made.encode(LINK)], 2)
    with pytest.raises(EOFError):
        list(fastavro.reader(io.BytesIO(file)))


def test_two_containers_have_marks_of_their_own() -> None:
    assert codec.container(avro.ledger("outcomes"), [], 0) != codec.container(avro.ledger("outcomes"), [], 0)
