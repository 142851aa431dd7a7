"""The seal: opens with its key and its datum, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import seal
from runtime.seal import SealBroken, SealKey

KEY = SealKey.make("01001-1", "01001", b"k" * 32)
DATUM = b"a received datum"
PLAIN = "Nguyễn Văn An".encode()


def opened(key: SealKey, sealed: bytes, datum: bytes) -> str:
    """The plain text, or the word with which it is refused."""
    try:
        return seal.unseal(key, sealed, datum).decode()
    except SealBroken as error:
        return str(error)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_is_sealed_opens_with_key_and_datum(datum: bytes, plain: bytes) -> None:
    sealed = seal.seal(KEY, datum, plain)
    assert plain == seal.unseal(KEY, sealed, datum)
    assert "01001-1" == seal.key_id(sealed)
    assert len(datum) == seal.datum_length(sealed)


def test_it_opens_from_accepted_bytes_too() -> None:
    """The worker appends; the received datum is the first `length` bytes."""
    sealed = seal.seal(KEY, DATUM, PLAIN)
    accepted = DATUM + b"enrichment"
    assert PLAIN == seal.unseal(KEY, sealed, accepted[: seal.datum_length(sealed)])


def test_any_byte_changed_breaks_it() -> None:
    sealed = seal.seal(KEY, DATUM, PLAIN)
    for at in range(len(sealed)):
        for flip in (1, 0x80):
            changed = sealed[:at] + bytes((sealed[at] ^ flip,)) + sealed[at + 1 :]
            assert opened(KEY, changed, DATUM) in {"form", "key", "length", "tag"}, at


def test_any_byte_of_the_datum_changed_breaks_it() -> None:
    sealed = seal.seal(KEY, DATUM, PLAIN)
    for at in range(len(DATUM)):
        assert "tag" == opened(KEY, sealed, DATUM[:at] + bytes((DATUM[at] ^ 1,)) + DATUM[at + 1 :])


@pytest.mark.parametrize("datum", [b"", DATUM[:-1], DATUM + b"\0"])
def test_a_datum_of_another_length_breaks_it(datum: bytes) -> None:
    assert "length" == opened(KEY, seal.seal(KEY, DATUM, PLAIN), datum)


def test_another_key_does_not_open_it() -> None:
    sealed = seal.seal(KEY, DATUM, PLAIN)
    assert "key" == opened(SealKey.make("01002-1", "01002", b"o" * 32), sealed, DATUM)
    assert "tag" == opened(SealKey.make("01001-1", "01001", b"o" * 32), sealed, DATUM)


def test_any_cut_breaks_it() -> None:
    sealed = seal.seal(KEY, DATUM, PLAIN)
    assert {"form", "tag"} == {opened(KEY, sealed[:end], DATUM) for end in range(len(sealed))}


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_without_another_exception(sealed: bytes) -> None:
    assert opened(KEY, sealed, DATUM) in {"form", "key", "length", "tag"}


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01\xff", b"\x02" + b"\0" * 40, b"\x01\x02\xff\xff" + b"\0" * 40])
def test_a_form_that_is_not_ours_has_no_key(sealed: bytes) -> None:
    with pytest.raises(SealBroken, match="form"):
        seal.key_id(sealed)


def test_the_same_is_never_sealed_to_the_same_bytes() -> None:
    assert 100 == len({seal.seal(KEY, DATUM, PLAIN) for _ in range(100)})


def test_what_lies_at_rest_opens_for_its_purpose_only() -> None:
    sealed = seal.seal_at_rest(KEY, b"state of a visit", PLAIN)
    assert PLAIN == seal.unseal_at_rest(KEY, b"state of a visit", sealed)
    with pytest.raises(SealBroken, match="tag"):
        seal.unseal_at_rest(KEY, b"state of a wisit", sealed)


def test_neither_key_nor_plain_text_show() -> None:
    sealed = seal.seal(KEY, DATUM, PLAIN)
    assert PLAIN not in sealed
    assert "SealKey(id='01001-1', owner='01001')" == repr(KEY)
