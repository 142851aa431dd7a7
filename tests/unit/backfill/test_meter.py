"""What the progress bar is told: never more than the file holds, and all of it in the end."""

from infra.backfill.meter import Meter


def told(size: int, *batches: list[bytes]) -> list[int]:
    out: list[int] = []
    meter = Meter(size, out.append)
    for batch in batches:
        meter.read(batch)
    meter.done()
    return out


def test_a_big_file_moves_the_bar_before_it_is_done() -> None:
    assert [20, 10, 5] == told(35, [b"A" * 10, b"B" * 10], [b"C" * 10])


def test_a_heading_that_stands_before_each_row_counts_once() -> None:
    head = b"a;b\n"
    assert [4 + 8, 4, 0] == told(16, [head + b"1;2\n", head + b"3;4\n"], [head + b"5;6\n"])


def test_what_is_larger_than_the_file_is_not_told() -> None:
    assert [5, 0, 0] == told(5, [b"A" * 10], [b"B" * 10])
    assert [7] == told(7)
