"""Frames in any cutting."""

from producers.hl7v2.mllp import FrameDecoder, Oversize, frame


def test_frames_in_one_piece_and_byte_by_byte() -> None:
    stream = frame(b"MSH|1") + frame(b"MSH|2")
    assert [b"MSH|1", b"MSH|2"] == FrameDecoder(100).feed(stream)
    decoder = FrameDecoder(100)
    assert [b"MSH|1", b"MSH|2"] == [found for at in range(len(stream)) for found in decoder.feed(stream[at : at + 1])]
    assert 0 == decoder.stray_bytes


def test_a_frame_cut_by_the_next_start_is_dropped_and_counted() -> None:
    decoder = FrameDecoder(100)
    assert [b"whole"] == decoder.feed(b"\x0bcut" + frame(b"whole"))
    assert 4 == decoder.stray_bytes


def test_noise_between_frames_is_counted() -> None:
    decoder = FrameDecoder(100)
    assert [b"a", b"b"] == decoder.feed(b"xx" + frame(b"a") + b"\r\n" + frame(b"b"))
    assert 4 == decoder.stray_bytes


def test_a_missing_last_cr() -> None:
    decoder = FrameDecoder(100)
    assert [] == decoder.feed(b"\x0bhalf\x1c")
    assert decoder.ended
    assert [b"half"] == decoder.finish()
    assert not decoder.waiting
    assert [b"first"] == decoder.feed(b"\x0bfirst\x1c\x0bsecond")
    assert not decoder.ended
    assert [] == decoder.finish()


def test_a_frame_at_the_limit_and_one_above() -> None:
    decoder = FrameDecoder(10)
    assert [b"x" * 10] == decoder.feed(frame(b"x" * 10))
    assert [Oversize(11, b"y" * 10), b"z"] == decoder.feed(frame(b"y" * 11) + frame(b"z"))
