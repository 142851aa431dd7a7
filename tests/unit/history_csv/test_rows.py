"""Lines -> rows: quotes, line breaks in cells, and rows that are broken without harming the next."""

from producers.history_csv.bounds import Limits
from producers.history_csv.rows import Row, Rows
from producers.history_csv.text import Line


def rows(text: str, delimiter: str = ",", quote: str | None = '"', limits: Limits = Limits()) -> list[Row]:  # noqa: B008
    return list(Rows((Line(line, True) for line in text.splitlines(keepends=True)), delimiter, quote, limits))


def test_cells() -> None:
    assert [["a", "b"], ["1", "2,3"]] == [row.cells for row in rows('a,b\n1,"2,3"\n')]
    assert [["a", 'say "no"']] == [row.cells for row in rows('a,"say ""no"""')]
    assert [["a", "b"]] == [row.cells for row in rows("a;b\r\n", ";")]
    assert [['"a', 'b"']] == [row.cells for row in rows('"a\tb"\n', "\t", None)]


def test_line_breaks_in_cells() -> None:
    first, second = rows('a,"b\nc"\nd,e\n')
    assert ["a", "b\nc"] == first.cells
    assert 'a,"b\nc"\n' == first.text
    assert (1, 2) == (first.number, second.number)


def test_blank_lines_are_counted_and_no_rows() -> None:
    assert [1, 4] == [row.number for row in rows("a\n\n\nb\n")]


def test_an_open_quote_costs_one_line() -> None:
    found = rows('a,b\n1,"open\n2,x\n3,y\n')
    assert ["", "csv_structure", "", ""] == [row.broken for row in found]
    assert [["a", "b"], [], ["2", "x"], ["3", "y"]] == [row.cells for row in found]
    assert [1, 2, 3, 4] == [row.number for row in found]


def test_an_open_quote_ends_at_the_bounds() -> None:
    found = rows('1,"open\n' + "2,x\n" * 50, limits=Limits(row_lines=5))
    assert "csv_structure" == found[0].broken
    assert 50 == len([row for row in found if not row.broken])
    small = rows('1,"open\n' + "2,x\n" * 50, limits=Limits(row=30))
    assert 50 == len([row for row in small if not row.broken])


def test_two_open_quotes_close_each_other() -> None:
    assert [["1", "open\n2,x"], ["3", "y"]] == [row.cells for row in rows('1,"open\n2,x"\n3,y\n')]


def test_text_after_a_quote() -> None:
    assert ["csv_structure", ""] == [row.broken for row in rows('1,"a"b\n2,c\n')]


def test_bounds_of_row_cell_and_columns() -> None:
    assert ["csv_too_large", ""] == [row.broken for row in rows("x" * 50 + "\na\n", limits=Limits(row=40))]
    assert ["csv_too_large", ""] == [row.broken for row in rows("x" * 200_000 + "\na\n")]
    assert ["csv_too_large", ""] == [row.broken for row in rows("," * 20 + "\na\n", limits=Limits(columns=10))]


def test_nul() -> None:
    assert ["", "csv_structure", ""] == [row.broken for row in rows("a\nb\0\nc\n")]


def test_bad_letters() -> None:
    found = list(
        Rows([Line("a,b\n", True), Line('1,"x\n', True), Line('y"\n', False), Line("2,z\n", True)], ",", '"', Limits())
    )
    assert ["", "csv_charset", ""] == [row.broken for row in found]
