"""Pseudonyms: one-way, bound to a key and a purpose; the content's hash says what is said, not how."""

import hmac
from hashlib import sha256
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.pseudonyms import content_hash, digest, joined, pseudonym

KEY = b"k" * 32
PARTS = st.lists(st.text(st.sampled_from("a\x1e\x1f\x1dđ\ud800")), min_size=1, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_it_is_hmac_sha256_cut_to_128_bits() -> None:
    expected = hmac.digest(KEY, b"patient\x1f01001\x1fBN-7", sha256)[:16].hex()
    assert expected == pseudonym(KEY, "patient", "01001", "BN-7")
    assert hmac.digest(KEY, b"original\x1f\x00\xff", sha256)[:16].hex() == digest(KEY, "original", b"\x00\xff")


def test_key_and_purpose_bind_it() -> None:
    made = pseudonym(KEY, "patient", "01001", "BN-7")
    assert made == pseudonym(KEY, "patient", "01001", "BN-7")
    others = {
        pseudonym(b"o" * 32, "patient", "01001", "BN-7"),
        pseudonym(KEY, "visit", "01001", "BN-7"),
        pseudonym(KEY, "patient", "01002", "BN-7"),
        pseudonym(KEY, "patient", "BN-7", "01001"),
        pseudonym(KEY, "patient", "01001BN-7"),
        pseudonym(KEY, "patient", "01001"),
        digest(KEY, "patient", b"BN-7"),
    }
    assert 7 == len(others)
    assert made not in others


@given(PARTS, PARTS)
@example(["a", "b"], ["a\x1fb"])
@example(["a\x1e", "b"], ["a\x1e\x1fb"])
@example(["a\x1e\x1f", "b"], ["a\x1e", "\x1fb"])
@example(["", ""], ["\x1f"])
def test_no_two_lists_of_parts_are_joined_to_the_same(one: list[str], other: list[str]) -> None:
    """A number that holds our separator must not become another's."""
    assert (one == other) == (joined(*one) == joined(*other))
    assert (one == other) == (pseudonym(KEY, "p", *one) == pseudonym(KEY, "p", *other))


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=5))
def test_the_order_of_fields_changes_no_hash(said: dict[str, Any]) -> None:
    assert content_hash(KEY, (said,)) == content_hash(KEY, (dict(reversed(said.items())),))


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=5), st.sampled_from([None, [], {}, {"a": None}]))
def test_a_new_field_that_is_empty_changes_no_hash(said: dict[str, Any], nothing: Any) -> None:
    assert content_hash(KEY, (said,)) == content_hash(KEY, ({"new field": nothing} | said,))
    assert content_hash(KEY, ({"lines": [said]},)) == content_hash(KEY, ({"lines": [said | {"new field": nothing}]},))


def test_everything_that_is_said_changes_the_hash() -> None:
    made: list[tuple[dict[str, Any], ...]] = [
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"a": 0}, {}),
        ({"a": False}, {}),
        ({"a": ""}, {}),
        ({"a": "1"}, {}),
        ({"b": 1}, {}),
        ({}, {}),
        ({"a": [{"b": 1}, {"b": 2}]}, {}),
        ({"a": [{"b": 2}, {"b": 1}]}, {}),
        ({"a": [{}]}, {}),
        ({"a": [1.5]}, {}),
    ]
    assert len(made) == len({content_hash(KEY, parts) for parts in made})


def test_the_hash_is_keyed() -> None:
    assert content_hash(KEY, ({"a": 1},)) != content_hash(b"o" * 32, ({"a": 1},))
