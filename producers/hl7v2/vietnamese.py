"""Vietnamese before Unicode: TCVN3 (TCVN 5712:1993 VN3, "ABC fonts") and VNI-Windows, as letters.

Both were font tricks. TCVN3 has one byte a letter and no capitals with tone marks: those were lower-case bytes in a font
of capitals. VNI writes a base letter and a second byte for its marks, so that it decodes to combining marks and NFC.
"""

import codecs
import re
import unicodedata
from typing import Final

TCVN3: Final = "tcvn3"
VNI: Final = "vni"

_UNDEFINED: Final = "\ufffe"
"""What `codecs.charmap_decode` takes for a byte without a letter."""

_TYPOGRAPHY: Final = {0x85: "…", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x96: "–", 0x97: "—", 0xA0: "\u00a0"}
"""What word processors put into text of any Windows font."""

_TCVN3_RUNS: Final = (
    (0xA1, "ĂÂÊÔƠƯĐăâêôơưđ"),
    (0xB5, "àảãáạ"),
    (0xBB, "ằẳẵắ"),
    (0xC6, "ặầẩẫấậè"),
    (0xCE, "ẻẽéẹềểễếệìỉ"),
    (0xDC, "ĩíịò"),
    (0xE1, "ỏõóọồổỗốộờởỡớợù"),
    (0xF1, "ủũúụừửữứựỳỷỹýỵ"),
)
_TONES: Final = "\u0301\u0300\u0309\u0303\u0323"
_CIRCUMFLEX, _BREVE = "\u0302", "\u0306"
_VNI_LETTERS: Final = {
    0xF1: "đ",
    0xF4: "ơ",
    0xF6: "ư",
    0xED: "í",
    0xEC: "ì",
    0xE6: "ỉ",
    0xF3: "ĩ",
    0xF2: "ị",
    0xEE: "ỵ",
}
_VNI_TONES: Final = b"\xf9\xf8\xfb\xf5\xef"
_VNI_CIRCUMFLEX: Final = b"\xe2\xe1\xe0\xe5\xe3\xe4"
_VNI_BREVE: Final = b"\xea\xe9\xe8\xfa\xfc\xeb"


def _single_bytes(letters: dict[int, str]) -> list[str]:
    table = [chr(n) for n in range(0x80)] + [_UNDEFINED] * 0x80
    for byte, letter in (_TYPOGRAPHY | letters).items():
        table[byte] = letter
    return table


def _vni_bytes() -> dict[int, str]:
    marks = dict(zip(_VNI_TONES, _TONES, strict=True))
    for stem, bytes_ in ((_CIRCUMFLEX, _VNI_CIRCUMFLEX), (_BREVE, _VNI_BREVE)):
        marks |= dict(zip(bytes_, (stem, *(stem + tone for tone in _TONES)), strict=True))
    lower = _VNI_LETTERS | marks
    # Capitals stand 0x20 below; marks are the same sign over both.
    return (
        lower
        | {byte - 0x20: text.upper() for byte, text in _VNI_LETTERS.items()}
        | {b - 0x20: m for b, m in marks.items()}
    )


def _both_cases(bytes_: bytes) -> bytes:
    return re.escape(bytes_ + bytes(byte - 0x20 for byte in bytes_))


_TCVN3: Final = "".join(_single_bytes({first + n: c for first, run in _TCVN3_RUNS for n, c in enumerate(run)}))
_VNI: Final = dict(enumerate(_single_bytes(_vni_bytes())))
_VNI_STRAY: Final = re.compile(
    rb"(?<![aeouyAEOUY\xf4\xd4\xf6\xd6])[%b]|(?<![aeoAEO])[%b]|(?<![aA])[%b]"
    % (_both_cases(_VNI_TONES), _both_cases(_VNI_CIRCUMFLEX), _both_cases(_VNI_BREVE))
)
"""A mark byte without a letter that can carry it."""

_FLAT_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def decode(raw: bytes, charset: str) -> str | int:
    """The text (NFC), or the offset of the first byte that is not of the set. `charset` is TCVN3 or VNI."""
    if charset == VNI:
        stray = _VNI_STRAY.search(raw)
        if stray:
            return stray.start()
    try:
        text, _ = codecs.charmap_decode(raw, "strict", _TCVN3 if charset == TCVN3 else _VNI)
    except UnicodeDecodeError as error:
        return error.start
    text = unicodedata.normalize("NFC", text)
    return _FLAT_WORD.sub(_capitals, text) if charset == TCVN3 else text


def _capitals(word: re.Match[str]) -> str:
    """`NGUYễN` was written as capitals. `Vũ` may be either: it takes two capitals, and no plain small letter."""
    text = word[0]
    small = [char for char in text if char.islower()]
    if not small or len(text) - len(small) < 2 or any(char.isascii() or char in "ăâêôơưđ" for char in small):
        return text
    return text.upper()


_VNI_PAIR: Final = re.compile(
    rb"[aeouyAEOUY\xf4\xd4\xf6\xd6][%b]|[aeoAEO][%b]|[aA][%b]"
    % (_both_cases(_VNI_TONES), _both_cases(_VNI_CIRCUMFLEX), _both_cases(_VNI_BREVE))
)
_NOT_WESTERN: Final = re.compile(
    rb"(?<=[A-Za-z])[\xa1-\xa6\xa8\xac\xad\xb6\xb8\xbc-\xbe]"  # TCVN3: a sign inside a word
    rb"|[\xa1-\xa6\xa8\xac\xad\xb8\xbc-\xbe](?=[A-Za-z])"
    rb"|(?<=[A-Za-z])[\xa9\xaa\xae\xb5\xb7\xb9\xd7\xf7](?=[A-Za-z])"
    rb"|(?<=[a-z\xe0-\xff])[\xcc\xd2\xde]"  # windows-1258: its marks are capitals of Latin-1
)
_HIGH: Final = re.compile(rb"[\xc0-\xff]")


def looks_legacy(raw: bytes) -> int | None:
    """Offset of what Latin-1 would show as nonsense but is Vietnamese in TCVN3, VNI or windows-1258; None if nothing.

    VNI pairs occur in Western names too (`Noël`, `où`), so they count only where they are at least half of the letters.
    """
    sign = _NOT_WESTERN.search(raw)
    if sign:
        return sign.start()
    pairs = [found.start() for found in _VNI_PAIR.finditer(raw)]
    if len(pairs) >= 2 and 2 * len(pairs) >= len(_HIGH.findall(raw)):
        return pairs[0] + 1
    return None
