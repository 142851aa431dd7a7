"""Names as hospitals spell them: the same person is the same words."""

import unicodedata

import pytest

from stream_processors.names import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn An", "NGUYỄN VĂN AN"),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoà"),
        ("Lê Thúy Thủy", "Lê Thuý Thuỷ"),
        ("Đỗ Quỳnh", unicodedata.normalize("NFD", "ĐỖ QUỲNH")),
        ("Trần  Bình ", "\u00a0Trần\tBình"),
        ("Bế Văn-Đàn", "Bế Văn Đàn"),
        ("Lê Thị Họa", "LÊ THỊ HOẠ"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hóa"),
        ("Nguyễn Văn An", "Nguyễn An Văn"),
        ("Nguyễn Văn An", "Nguyễn An"),
        ("Đặng Dung", "Dặng Dung"),
        ("Lê Hoa", "Lê Hòa"),
        ("Trần Tuan", "Trần Tuấn"),
        ("Lê Ơn", "Lê On"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize("nothing", ["", "  ", "123", "-", "_", "\u00a0"])
def test_no_name(nothing: str) -> None:
    assert () == words(nothing)
