"""Request bodies, unpacked piece by piece: a small body must not become a large memory."""

import sys
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

PIECE_BYTES = 1024 * 1024


class BadBody(Exception):
    """The body is too large, damaged, or packed in a way that is not known."""


def unpack(body: bytes, encoding: str, most_bytes: int) -> Iterator[bytes]:
    """Yield `body` unpacked, in pieces of at most 1 MiB. `encoding` is the Content-Encoding header.

    Known are `identity`, `gzip`, `deflate`, `lz4` (frames) and `zstd`. Raises `BadBody` past `most_bytes` unpacked, and
    for a body that is damaged or ends early.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        pieces = _plain(body)
    elif name in _OPENERS:
        pieces = _packed(body, name)
    else:
        raise BadBody(f"Unknown Content-Encoding: {name[:40]}")
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > most_bytes:
            raise BadBody(f"The body is larger than {most_bytes} bytes when unpacked")
        if piece:
            yield piece


def _plain(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def _packed(body: bytes, name: str) -> Iterator[bytes]:
    """Frames one after another, each to its own end; every unpacker is asked for a piece at most."""
    rest = body
    while rest:
        try:
            unpacker = _OPENERS[name]()
            yield unpacker.decompress(rest, PIECE_BYTES)
            while not unpacker.eof:
                tail = getattr(unpacker, "unconsumed_tail", b"")
                piece = unpacker.decompress(tail, PIECE_BYTES)
                if not piece and not unpacker.eof:
                    raise BadBody(f"The {name} body ends early")
                yield piece
        except BadBody:
            raise
        except ImportError:
            raise BadBody(f"Content-Encoding {name} is not installed here") from None
        except Exception:  # each library has its own, and their texts may quote the data
            raise BadBody(f"The {name} body is damaged") from None
        rest = unpacker.unused_data or b""


def _gzip() -> Any:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)


def _lz4() -> Any:
    return import_module("lz4.frame").LZ4FrameDecompressor()


def _zstd() -> Any:
    # In the standard library since Python 3.14, and word for word in the backport before.
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return import_module(name).ZstdDecompressor()


_OPENERS: dict[str, Callable[[], Any]] = {"gzip": _gzip, "deflate": zlib.decompressobj, "lz4": _lz4, "zstd": _zstd}
