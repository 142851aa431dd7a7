"""Whatever the bytes, the reader of the insurance XML answers; what was written is what is read."""

import unicodedata
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.insurance_xml import values
from producers.insurance_xml.envelope import Dossier, Envelope, Limits, Problem, iter_dossiers, read, read_dossier
from producers.insurance_xml.part import read_part
from producers.insurance_xml.tables import FIELDS
from schemas.reasons import REASONS
from tests.unit.insurance_xml.files import Rows, encoded, envelope, hoso, inner, visit

GOOD: Final = envelope(visit("LK-1"), visit("LK-2"))
INLINE: Final = envelope(hoso(("XML2", inner("XML2", [{"MA_LK": "1", "TEN_THUOC": "Thuốc hư cấu"}]))))
SMALL: Final = Limits(file=20_000, part=5_000, field=200, depth=8, dossiers=3, parts=3, rows=5, fields=40, markup=500)
TABLES: Final = ("XML1", "XML2", "XML4", "XML13")


def check(raw: bytes, limits: Limits) -> None:
    """An answer of known reasons, the same whole and in pieces."""
    made = read(raw, limits)
    streamed = list(iter_dossiers([raw[:100], raw[100:101], raw[101:]], limits))
    assert streamed == list(iter_dossiers(raw, limits))
    if isinstance(made, Problem):
        assert made.reason in REASONS
        return
    assert list(made.dossiers) == [found for found in streamed if isinstance(found, Dossier)]
    for dossier in made.dossiers:
        assert all(problem.reason in REASONS for problem in dossier.problems)
        assert dossier == read_dossier(dossier.raw, limits, dossier.index)


@given(st.binary(max_size=400))
def test_random_bytes(raw: bytes) -> None:
    check(raw, SMALL)
    for table in TABLES:
        read_part(table, raw, SMALL, "")


@given(st.sampled_from((GOOD, INLINE, GOOD.decode().encode("utf-16"))), st.data())
def test_truncated(raw: bytes, data: st.DataObject) -> None:
    check(raw[: data.draw(st.integers(0, len(raw)))], Limits())


@settings(max_examples=300)
@given(
    st.sampled_from((GOOD, INLINE)),
    st.lists(st.tuples(st.integers(0), st.integers(0, 12), st.binary(max_size=12)), min_size=1, max_size=5),
    st.sampled_from((Limits(), SMALL)),
)
def test_mutated(raw: bytes, changes: list[tuple[int, int, bytes]], limits: Limits) -> None:
    for at, removed, put in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + removed :]
    check(raw, limits)


# Fragments of the format in any order: nearer to what senders get wrong than random bytes.
_FRAGMENTS: Final = st.sampled_from(
    "<GIAMDINHHS> </GIAMDINHHS> <HOSO> </HOSO> <FILEHOSO> </FILEHOSO> <LOAIHOSO>XML2</LOAIHOSO> <NOIDUNGFILE> </NOIDUNGFILE> "
    "<MACSKCB>01999</MACSKCB> <SOLUONGHOSO>1</SOLUONGHOSO> <CHUKYDONVI> </CHUKYDONVI> <MA_LK>1</MA_LK> <MA_LK/> <A> </A> "
    "<![CDATA[ ]]> <!-- --> <!DOCTYPE &amp; &nbsp; PEE+MTwvQT4= <HOSO/> <FILEHOSO/> x".split(" ")
)


@given(st.lists(_FRAGMENTS, max_size=25))
def test_fragments(fragments: list[str]) -> None:
    body = "".join(fragments).encode()
    check(body, SMALL)
    check(b"<GIAMDINHHS><MACSKCB>1</MACSKCB>" + body + b"</GIAMDINHHS>", SMALL)
    for table in TABLES:
        read_part(table, b"<A>" + body + b"</A>", SMALL, "")


_TEXT: Final = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")),
        st.sampled_from("ăâđêôơưáàảãạấầẩẫậ \n\t<>&;'\"]"),
    ),
    max_size=30,
)


@st.composite
def _rows(draw: st.DrawFn, table: str) -> Rows:
    names = st.sampled_from(sorted(FIELDS[table] - {"MA_LK"}))
    filled = st.dictionaries(names, _TEXT, max_size=6)
    return [{"MA_LK": f"LK-{n}"} | fields for n, fields in enumerate(draw(st.lists(filled, min_size=1, max_size=4)))]


def _one_form(text: str) -> str:
    for blank in "\u00a0\u202f":
        text = text.replace(blank, " ")
    return unicodedata.normalize("NFC", text.replace("\u200b", "").replace("\ufeff", "")).strip()


@given(st.data(), st.sampled_from(TABLES), st.sampled_from(("base64", "utf-16", "nfd", "inline", "escaped")))
def test_written_then_read(data: st.DataObject, table: str, form: str) -> None:
    rows = data.draw(_rows(table))[: 1 if table in ("XML1", "XML13") else None]
    document = inner(table, rows)
    content = {
        "base64": encoded(document),
        "utf-16": encoded(document.encode("utf-16")),
        "nfd": encoded(document),
        "inline": document,
        "escaped": document.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    }[form]
    if form == "nfd":
        content = encoded(
            inner(table, [{k: unicodedata.normalize("NFD", v) for k, v in fields.items()} for fields in rows])
        )
    made = read(envelope(hoso((table, content))))
    assert isinstance(made, Envelope)
    (part,) = made.dossiers[0].parts
    assert [{name: _one_form(text) for name, text in fields.items()} for fields in rows] == list(part.rows)
    assert {} == part.unknown_elements


@given(st.one_of(st.text(max_size=40), st.text("0123456789.,+-;<e ", max_size=40)))
def test_values_answer_anything(text: str) -> None:
    values.datetime12(text)
    values.birth(text)
    values.number(text)
    values.multi(text)
    assert all(-(2**63) <= n < 2**63 for n in (values.thousandths(text), values.integer(text)) if n is not None)


@given(st.decimals(-(10**12), 10**12, places=3, allow_nan=False))
def test_thousandths_are_exact(amount: object) -> None:
    expected = int(str(amount).replace(".", ""))
    assert expected == values.thousandths(str(amount))


@given(st.datetimes())
def test_times_of_every_length(time: object) -> None:
    text = f"{time:%Y%m%d%H%M%S}".rjust(14, "0")
    day, minute, second = (values.datetime12(text[:size]) for size in (8, 12, 14))
    assert day is not None
    assert minute is not None
    assert second is not None
    assert int(text[8:10]) * 3_600_000 + int(text[10:12]) * 60_000 == minute[0] - day[0]
    assert int(text[12:14]) * 1_000 == second[0] - minute[0]
