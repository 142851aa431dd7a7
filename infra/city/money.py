"""What a line costs and who pays: rules X11 and X12 of QĐ 4750, exact, rounded half up per line.

`THANH_TIEN_BV` = quantity × price; `THANH_TIEN_BH` = quantity × insured price × rates; `T_BHTT` = BH × benefit;
`T_BNCCT` = BH − BHTT; `T_BNTT` = BV − BH − other sources.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

_CENT: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Amount:
    """VND, two decimals each; `hospital` = `outside` + `copay` + `insurer` + `other`."""

    hospital: Decimal
    insured: Decimal
    outside: Decimal
    copay: Decimal
    insurer: Decimal
    other: Decimal


NOTHING: Final = Amount(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)


def _round(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


@lru_cache(maxsize=50_000)
def charge(quantity: int, price: Decimal, insured: Decimal, rate: int, benefit: int, programme: bool) -> Amount:
    """One line. `rate` is the insurance rate and `benefit` the patient's, both in percent; a programme pays all."""
    hospital = _round(quantity * price)
    if programme:
        return Amount(hospital, ZERO, ZERO, ZERO, ZERO, hospital)
    covered = _round(quantity * insured * rate / 100)
    insurer = _round(covered * benefit / 100)
    return Amount(hospital, covered, hospital - covered, covered - insurer, insurer, ZERO)


def total(amounts: Iterable[Amount]) -> Amount:
    sums = [ZERO] * 6
    for one in amounts:
        sums[0] += one.hospital
        sums[1] += one.insured
        sums[2] += one.outside
        sums[3] += one.copay
        sums[4] += one.insurer
        sums[5] += one.other
    return Amount(*sums)
