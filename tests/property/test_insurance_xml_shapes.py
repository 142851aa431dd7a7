"""The two ways of reading a part find the same: what the shapes read, the tree reads alike."""

from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.insurance_xml import shapes
from producers.insurance_xml.bounds import Limits
from producers.insurance_xml.part import Part, read_tree
from producers.insurance_xml.tables import FIELDS

LIMITS: Final = Limits()
SMALL: Final = Limits(field=40, depth=4, rows=3, fields=4)


def same(table: str, data: bytes, limits: Limits = LIMITS) -> bool:
    """Whether the shapes read it; if so, the tree must find no other rows."""
    fast = shapes.rows(table, data, limits)
    if fast is None:
        return False
    assert Part(table, fast) == read_tree(table, data, limits, "")
    return True


_VALUES: Final = st.one_of(
    st.text("aB0 .;]ạđ\t\n", max_size=6),
    st.sampled_from(
        (
            "202611230815",
            "a\u0323",
            " \u00a0x ",
            "&gt;",
            "&amp;",
            "&nbsp;",
            ">",
            "]]>",
            "\r\n",
            "\x01",
            "\ufffe",
            "<b>x</b>",
        )
    ),
)
_FORMS: Final[tuple[Callable[[str, str], str], ...]] = (
    lambda name, text: f"<{name}>{text}</{name}>",
    lambda name, text: f"<{name}>{text}</{name}>\r\n  ",
    lambda name, text: f"<{name}><![CDATA[{text}]]></{name}>",
    lambda name, _: f"<{name}/>",
    lambda name, _: f"<{name} />",
    lambda name, text: f"<{name} a='1'>{text}</{name}>",
    lambda name, text: f"<{name}>{text}</{name}><!-- {name} -->",
    lambda name, text: f"<{name}> <![CDATA[{text}]]> </{name}>",
    lambda name, text: f"<{name}>{text}</{name}>x",
)


@st.composite
def _document(draw: st.DrawFn, table: str) -> str:
    names = draw(
        st.lists(st.sampled_from([*sorted(FIELDS[table])[:6], "MA_LK", "LA", "CHUKYDONVI"]), min_size=1, max_size=5)
    )
    common = draw(st.sampled_from(_FORMS))
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        odd = draw(st.integers(0, 40))
        fields = [
            (draw(st.sampled_from(_FORMS)) if odd == at else common)(name, draw(_VALUES))
            for at, name in enumerate(names)
        ]
        rows.append("<DONG>" + "".join(fields) + "</DONG>" + draw(st.sampled_from(("", "\n", "\n", "x"))))
    head = draw(
        st.sampled_from(
            ("", "", '<?xml version="1.0" encoding="utf-8"?>\n', "<?xml version='1.0'?>", "<?xml ?>", "<!DOCTYPE A>")
        )
    )
    opening, closing = draw(
        st.sampled_from(
            (("", ""), ("<A>", "</A>"), ("<A>\n<B>", "</B>\n</A>\n"), ('<A xmlns:xsi="u" xmlns:xsd="v">', "</A>"),
             ('<A xmlns:x="u" xmlns:x="v">', "</A>"), ('<A xmlns="u">', "</A>"), ("<A><B>", "</A></B>"), ("<A>", "</A>y"),
             ("<A><B><C><D><E>", "</E></D></C></B></A>"), ("<A>", "<CHUKYDONVI/></A>"), ("<MA_LK>", "</MA_LK>"))
        )
    )  # fmt: skip
    return head + opening + "".join(rows) + closing


@settings(max_examples=400)
@given(st.data(), st.sampled_from(("XML1", "XML2", "XML5")), st.sampled_from((LIMITS, SMALL)))
def test_of_regular_and_odd_documents(data: st.DataObject, table: str, limits: Limits) -> None:
    same(table, data.draw(_document(table)).encode(), limits)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 9), st.binary(max_size=9)), max_size=3))
def test_of_mutated_documents(changes: list[tuple[int, int, bytes]]) -> None:
    raw = "<A><B><DONG><MA_LK>1</MA_LK><STT>ạ</STT></DONG>\n<DONG><MA_LK>1</MA_LK><STT/></DONG></B></A>".encode()
    for at, removed, put in changes:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + removed :]
    same("XML2", raw)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "<TONG_HOP><MA_LK>1</MA_LK><HO_TEN><![CDATA[A & B > ] C]]></HO_TEN></TONG_HOP>"),
        (True, '<?xml version="1.0" encoding="utf-16"?>\r\n<A xmlns:xsi="u"><R><MA_LK>1</MA_LK><STT /></R>\n</A>\n'),
        (True, "<R><MA_LK>1</MA_LK></R>"),
        (False, "<R><MA_LK>a&amp;b</MA_LK></R>"),
        (False, "<R><MA_LK>1</MA_LK><LA>2</LA></R>"),
        (False, "<R><MA_LK>1</MA_LK><MA_LK>2</MA_LK></R>"),
        (False, "<R><MA_LK>1</MA_LK></R><R><MA_LK>2</MA_LK></R>"),
        (False, "<R><MA_LK>1</STT></R>"),
        (False, "<A><R><MA_LK>1</MA_LK></R>"),
        (False, "<R><MA_LK>\x01</MA_LK></R>"),
        (False, "<R><MA_LK>1]]></MA_LK></R>"),
        (False, "<A/>"),
        (False, ""),
    ],
)
def test_what_is_read_without_a_tree(expected: bool, text: str) -> None:
    assert expected == same("XML1", text.encode())


def test_no_two_rows_alike() -> None:
    names = sorted(FIELDS["XML3"] - {"MA_LK"})
    rows = [
        "<R><MA_LK>1</MA_LK>" + "".join(f"<{x}>{at}</{x}>" for x in names[at : at + 5]) + "</R>" for at in range(25)
    ]
    assert same("XML3", f"<A>{''.join(rows)}</A>".encode())


@pytest.mark.parametrize(
    "open_", ["<R>", "<MA_LK>", "<MA_LK><![CDATA[", "<MA_LK><![CDATA[]]", "<A><R><MA_LK>1</MA_LK>", "<"]
)
def test_what_never_closes_takes_no_longer_than_its_length(open_: str) -> None:
    """A megabyte of it: whoever tried again from each beginning would not come back."""
    text = "<A><R>" + open_ * (1_000_000 // len(open_))
    assert shapes.rows("XML1", text.encode(), LIMITS) is None


def test_orders_that_are_met_often_are_learned_and_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "WORTH", 2)
    monkeypatch.setitem(shapes._shapes, "XML2", ())
    monkeypatch.setitem(shapes._met, "XML2", Counter())
    rows = [
        "<R><MA_LK>1</MA_LK><STT>1</STT></R>",
        "<R><STT>2</STT><MA_LK><![CDATA[ 1]]></MA_LK></R>",
        "<R><MA_LK /></R>",
    ]
    for _ in range(3):
        assert same("XML2", f"<A>{''.join(rows * 5)}</A>".encode())
    assert 3 == len(shapes._shapes["XML2"])
    assert not same("XML2", b"<A><R><MA_LK>1</MA_LK><STT>1</STT></S></A>")


def test_rows_of_several_shapes_in_one_part() -> None:
    rows = ["<R><MA_LK>1</MA_LK><STT>1</STT></R>", "<R><STT>2</STT><MA_LK>1</MA_LK></R>", "<R><MA_LK>1</MA_LK></R>"]
    assert same("XML2", f"<A>{''.join(rows * 5)}</A>".encode())
