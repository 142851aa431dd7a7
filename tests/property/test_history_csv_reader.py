"""Whatever the bytes, the reader of CSV answers row by row; what was written is what is read; no value in a refusal."""

import csv
import io
import unicodedata
from typing import Final

import orjson
from hypothesis import given
from hypothesis import strategies as st

from producers.adapter import Parsed, Refusal
from producers.history_csv.bounds import Limits
from producers.history_csv.rows import Rows
from producers.history_csv.text import ENCODINGS, lines
from producers.history_csv.translate import reads
from schemas.reasons import REASONS
from tests.unit.history_csv.files import HEADING, ROW, mapping, row

SMALL: Final = Limits(row=300, row_lines=4, columns=30)
GOOD: Final = (HEADING + ROW + row(SO_KCB="LK-2", LY_DO='"ho,\nsốt"') + ROW).encode()
CHOSEN: Final = {name: mapping(encoding=name) for name in ENCODINGS}


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def check(data: bytes, size: int, encoding: str = "utf-8", limits: Limits = SMALL) -> None:
    found = list(reads(cut(data, size), CHOSEN[encoding], "01999", limits))
    for read in found:
        if isinstance(read.parsed, Refusal):
            assert read.parsed.reason in REASONS
        else:
            made = read.parsed.content[0]
            orjson.dumps((made.body, made.identity, made.narrative))
    if encoding not in ("utf-16",):
        assert [read.parsed for read in found] == [read.parsed for read in reads([data], CHOSEN[encoding], "01999", limits)] or len(data) > limits.row  # fmt: skip


@given(st.binary(max_size=600), st.integers(1, 200), st.sampled_from(sorted(ENCODINGS)))
def test_random_bytes(data: bytes, size: int, encoding: str) -> None:
    check(data, max(size, 4), encoding)
    check(HEADING.encode() + data, max(size, 4), encoding)


@given(
    st.lists(st.tuples(st.integers(0), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=4),
    st.integers(4, 999),
)
def test_mutated(changes: list[tuple[int, int, bytes]], size: int) -> None:
    data = GOOD
    for at, removed, put in changes:
        place = at % (len(data) + 1)
        data = data[:place] + put + data[place + removed :]
    check(data, size, limits=Limits())


CELL: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@given(st.lists(st.lists(CELL, min_size=2, max_size=5), min_size=1, max_size=8), st.integers(4, 60))
def test_what_was_written_is_read(written: list[list[str]], size: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(written)
    found = Rows(lines(cut(out.getvalue().encode(), size), "utf-8", 1 << 20), ",", '"', Limits())
    assert [[unicodedata.normalize("NFC", cell) for cell in one] for one in written] == [one.cells for one in found]


@given(CELL.map(lambda text: f"§{text}§"))
def test_a_refusal_holds_no_value(secret: str) -> None:
    out = io.StringIO()
    cells = ROW.strip().split(",")
    names = HEADING.strip().split(",")
    cells[names.index("LOAI")] = secret
    cells[names.index("TONG_TIEN")] = secret
    csv.writer(out).writerow(cells)
    (read,) = reads([(HEADING + out.getvalue()).encode()], CHOSEN["utf-8"], "01999", Limits())
    assert not isinstance(read.parsed, Parsed)
    assert secret not in read.parsed.place + read.parsed.detail
    assert secret not in repr(read)
