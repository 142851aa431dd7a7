"""A data set -> the elements that are wanted, as bytes (PS3.5 chapter 7). Pure over its window; bounded in all it does.

pydicom reads 700 to 950 headers of 180 to 250 elements a second and has no bound on depth, count or lengths; this walk
looks at each header once, skips what is not wanted without reading it, and notices lengths that lie.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

from producers.dicom.bounds import Limits

Wanted: TypeAlias = "Mapping[int, Wanted | None]"
"""Tag -> None for a value, or what is wanted of a sequence's items."""
Raw: TypeAlias = "dict[int, bytes | list[Raw]]"
Fetch: TypeAlias = Callable[[int, int], bytes]
"""(offset, count) -> that many bytes, fewer only at the end of the file."""

UNDEFINED: Final = 0xFFFFFFFF
PIXEL_DATA: Final = 0x7FE00010
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_LONG: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
VRS: Final = _LONG | frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_NESTING: Final = frozenset((b"SQ", b"UN"))
_NOTHING: Final[Wanted] = {}


class Broken(Exception):
    """Ends the walk. `reason` is of `schemas.reasons`, `detail` holds offsets and counts only."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Syntax(NamedTuple):
    """How elements are written."""

    explicit: bool
    big: bool = False


class Walk:
    """One data set's walk. Offsets are those of the file; `size` is where it ends."""

    def __init__(self, fetch: Fetch, size: int, big: bool, limits: Limits) -> None:
        self._fetch, self._size, self._limits = fetch, size, limits
        end = "<>"[big]
        self._short, self._wide, self._word = Struct(f"{end}HH2sH"), Struct(f"{end}HHL"), Struct(f"{end}L")
        self._base, self._data = 0, b""
        self._elements, self._reads = 0, 0
        self.too_long: list[int] = []
        """Wanted values that were left out for their length."""

    def read(self, start: int, explicit: bool, wanted: Wanted, first: int, last: int) -> tuple[Raw, int]:
        """The wanted elements from `start` on, and the offset of the first tag outside `first` to `last`."""
        return self._dataset(start, self._size, explicit, wanted, 0, first, last)

    def check_rest(self, at: int, explicit: bool) -> None:
        """Whether the elements from `at` on fit in the file, as far as the window shows them. Nothing is read."""
        last = self._base + len(self._data) - 12
        while at <= last:
            tag, _, length, value = self._header(at, explicit)
            if length == UNDEFINED:
                return
            at = value + length
            if at > self._size:
                raise Broken("dicom_truncated", f"element at {value} has {length} bytes, the file ends at {self._size}")
            if tag == PIXEL_DATA:
                return

    def _window(self, at: int, count: int) -> None:
        """Make `count` bytes from `at` on (fewer at the end) stand in the window."""
        self._reads += 1
        if self._reads > self._limits.reads:
            raise Broken("dicom_too_large", f"more than {self._limits.reads} reads before the metadata ended")
        self._base, self._data = at, self._fetch(at, max(count, self._limits.window))

    def _bytes(self, at: int, count: int) -> bytes:
        place = at - self._base
        if place < 0 or place + count > len(self._data):
            self._window(at, count)
            place = 0
        return self._data[place : place + count]

    def _header(self, at: int, explicit: bool) -> tuple[int, bytes | None, int, int]:
        """(tag, VR, length, offset of the value) of the element at `at`; VR is None where it is implicit."""
        place = at - self._base
        if place < 0 or (place + 12 > len(self._data) and self._base + len(self._data) < self._size):
            self._window(at, 12)
            place = 0
        if place + 8 > len(self._data):
            raise Broken("dicom_truncated", f"an element is cut at {at}")
        group, element, vr, length = self._short.unpack_from(self._data, place)
        tag = group << 16 | element
        if explicit and group != 0xFFFE:
            if vr in _LONG:
                if place + 12 > len(self._data):
                    raise Broken("dicom_truncated", f"an element is cut at {at}")
                return tag, vr, self._word.unpack_from(self._data, place + 8)[0], at + 12
            # Capitals that are no VR of ours have a short length; anything else was written without a VR, as what is
            # inside a UN always is.
            if vr in VRS or (vr.isalpha() and vr.isupper()):
                return tag, vr, length, at + 8
        return tag, None, self._wide.unpack_from(self._data, place)[2], at + 8

    def _dataset(
        self, at: int, end: int, explicit: bool, wanted: Wanted, depth: int, first: int = 0, last: int = UNDEFINED
    ) -> tuple[Raw, int]:
        """`end` is UNDEFINED inside an item that ends by its delimiter."""
        found: Raw = {}
        stop = min(end, self._size)
        while at < stop:
            if at + 8 > stop and end != UNDEFINED:
                if any(self._bytes(at, stop - at)):
                    raise Broken("dicom_truncated", f"an element is cut at {at}")
                return found, stop
            tag, vr, length, value = self._header(at, explicit)
            if not first <= tag <= last:
                return found, at
            self._count()
            if tag == _ITEM_END:
                return found, value
            inner = wanted.get(tag, _NOTHING)
            if length == UNDEFINED:
                # Without a known VR only a sequence has no length; bytes in fragments are skipped the same way.
                nested = vr is None or vr in _NESTING
                items, at = self._items(value, UNDEFINED, explicit, inner or _NOTHING, depth, nested)
                if inner:
                    found[tag] = items
                continue
            at = value + length
            if at > stop:
                raise Broken("dicom_truncated", f"element at {value} has {length} bytes, {stop - value} are there")
            if inner is None:
                self._keep(found, tag, value, length)
            elif inner:
                found[tag] = self._items(value, at, explicit, inner, depth, True)[0]
        if end == UNDEFINED:
            raise Broken("dicom_truncated", "an item has no end")
        return found, at

    def _keep(self, found: Raw, tag: int, value: int, length: int) -> None:
        if length > self._limits.value:
            self.too_long.append(tag)
        else:
            found[tag] = self._bytes(value, length)

    def _items(
        self, at: int, end: int, explicit: bool, wanted: Wanted, depth: int, nested: bool
    ) -> tuple[list[Raw], int]:
        """The items of a sequence, and the offset after it. Of `wanted` nothing, items of known length are skipped."""
        if depth >= self._limits.depth:
            raise Broken("dicom_too_deep", f"more than {self._limits.depth} sequences in one another")
        items: list[Raw] = []
        stop = min(end, self._size)
        while at < stop:
            tag, _, length, value = self._header(at, explicit)
            self._count()
            if tag == _SEQUENCE_END:
                return items, value
            if tag != _ITEM:
                raise Broken("dicom_structure", f"no item at {at}")
            if length != UNDEFINED and value + length > stop:
                raise Broken("dicom_truncated", f"item at {value} has {length} bytes, {stop - value} are there")
            at = value + length
            if length == UNDEFINED:
                if not nested:
                    raise Broken("dicom_structure", f"a fragment without a length at {value}")
                item, at = self._dataset(value, UNDEFINED, explicit, wanted, depth + 1)
            elif wanted:
                item, _ = self._dataset(value, at, explicit, wanted, depth + 1)
            else:
                continue
            if wanted and len(items) < self._limits.items:
                items.append(item)
        if end == UNDEFINED:
            raise Broken("dicom_truncated", "a sequence has no end")
        return items, at

    def _count(self) -> None:
        self._elements += 1
        if self._elements > self._limits.elements:
            raise Broken("dicom_too_large", f"more than {self._limits.elements} elements before the metadata ended")
