"""Vietnamese names by roughly their real frequency, and how hospital software spells the same name differently."""

import unicodedata
from itertools import accumulate
from random import Random
from typing import Final, Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Items with weights, drawn in logarithmic time."""

    __slots__ = ("_cumulated", "items")

    def __init__(self, weights: dict[T, float]) -> None:
        self.items: Final = list(weights)
        self._cumulated: Final = list(accumulate(weights.values()))

    def draw(self, random: Random) -> T:
        return random.choices(self.items, cum_weights=self._cumulated)[0]


_FAMILIES: Final = Weighted({
    "Nguyễn": 33.0, "Trần": 10.5, "Lê": 8.5, "Phạm": 7.5, "Hoàng": 5.0, "Vũ": 5.0, "Đỗ": 3.6, "Bùi": 3.0, "Phan": 2.8,
    "Đặng": 2.6, "Ngô": 2.2, "Dương": 2.0, "Đinh": 1.6, "Trịnh": 1.4, "Hà": 1.2, "Đào": 1.2, "Lương": 1.0, "Lưu": 0.8,
    "Tạ": 0.8, "Mai": 0.7, "Cao": 0.7, "Chu": 0.7, "Kiều": 0.6, "Lý": 0.6, "Phùng": 0.6, "Hồ": 0.5, "Võ": 0.4,
    "Tô": 0.4, "Khuất": 0.3, "Nghiêm": 0.3, "Quách": 0.2, "Huỳnh": 0.2, "Thạch": 0.1, "Bế": 0.1,
})  # fmt: skip
_MIDDLES: Final = {
    "2": Weighted({
        "Thị": 52.0, "Ngọc": 7.0, "Thu": 7.0, "Thanh": 5.0, "Minh": 4.0, "Khánh": 3.0, "Phương": 4.0, "Hồng": 4.0,
        "Bảo": 3.0, "Thùy": 3.0, "Kim": 2.0, "Mai": 2.0, "Quỳnh": 2.0, "Thị Thu": 2.0,
    }),
    "1": Weighted({
        "Văn": 38.0, "Đức": 9.0, "Minh": 8.0, "Quang": 7.0, "Xuân": 5.0, "Hữu": 5.0, "Ngọc": 4.0, "Thanh": 4.0,
        "Quốc": 4.0, "Đình": 4.0, "Bá": 2.0, "Gia": 3.0, "Tuấn": 3.0, "Hải": 2.0, "Trọng": 2.0,
    }),
}  # fmt: skip
_GIVENS: Final = {
    "2": Weighted({
        "Anh": 5.0, "Hương": 5.0, "Hà": 4.5, "Hoa": 4.5, "Lan": 4.5, "Linh": 4.5, "Hằng": 4.0, "Hòa": 3.5, "Hồng": 3.5,
        "Huyền": 3.5, "Mai": 3.5, "Nga": 3.5, "Ngọc": 3.5, "Nhung": 3.0, "Phương": 4.5, "Thảo": 4.0, "Thủy": 4.5,
        "Thúy": 3.0, "Trang": 4.5, "Vân": 3.5, "Yến": 3.5, "Oanh": 2.0, "Xuân": 2.0, "Tuyết": 2.0, "Ngân": 2.0,
        "Diệp": 1.0, "Chi": 2.0, "Thoa": 1.0, "Lý": 1.0, "Tâm": 1.5,
    }),
    "1": Weighted({
        "Anh": 5.0, "Hùng": 5.0, "Dũng": 4.5, "Tuấn": 5.0, "Minh": 4.5, "Nam": 4.5, "Sơn": 4.0, "Hải": 4.0, "Long": 4.0,
        "Thắng": 3.5, "Cường": 4.0, "Đức": 3.5, "Hiếu": 3.5, "Hòa": 3.0, "Hoàng": 3.0, "Khánh": 2.5, "Khoa": 2.0,
        "Kiên": 2.5, "Mạnh": 3.0, "Phong": 2.5, "Phúc": 3.0, "Quân": 3.0, "Quang": 3.0, "Tiến": 3.0, "Toàn": 2.5,
        "Trung": 3.5, "Thành": 3.5, "Bình": 3.0, "Việt": 2.5, "Vinh": 2.0,
    }),
}  # fmt: skip

_OTHER_TONE: Final = {
    "Hòa": "Hoà", "Thủy": "Thuỷ", "Thúy": "Thuý", "Thùy": "Thuỳ", "Thỏa": "Thoả", "Họa": "Hoạ",
}  # fmt: skip
"""New tone placement against old; both are correct and both occur in one hospital."""


def full_name(random: Random, sex: str) -> str:
    """Family, middle and given name, NFC, old tone placement. `sex` is `1` or `2`."""
    return f"{_FAMILIES.draw(random)} {_MIDDLES[sex].draw(random)} {_GIVENS[sex].draw(random)}"


def respelled(random: Random, name: str) -> str:
    """The same name as some systems write it: capitals, NFD, the other tone placement; mostly as it is."""
    roll = random.random()
    if roll < 0.15:
        return name.upper()
    if roll < 0.18:
        return unicodedata.normalize("NFD", name)
    if roll < 0.40:
        return " ".join(_OTHER_TONE.get(word, word) for word in name.split(" "))
    return name
