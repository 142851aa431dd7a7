"""How much goes wrong, as shares. Zero everywhere makes a city without a fault."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaws:
    """Shares between 0 and 1.

    Of messages: `retransmissions` (exactly the same bytes again) and `duplicates` (the same content under a new id).
    Of tellings (a visit told by one source): `malformed` messages in them, late `corrections` (`number_only` of these
    correct nothing but the citizen number), `missing_part` (an XML part left out of a resend), `cancellations` (A11;
    of visits told by HL7 alone), `discharge_before_arrival` (X01, XML), `quality` (only lower quality),
    `no_discharge_paper` (X20b, XML; of inpatients).
    Of patients: `no_number`, `unregistered` (unknown persons among them), `other_number` (another's number).
    Of visits: `told_by_both` and `told_by_xml` alone; the rest is told by HL7 alone.
    """

    retransmissions: float = 0.015
    duplicates: float = 0.03
    corrections: float = 0.04
    number_only: float = 0.25
    missing_part: float = 0.005
    cancellations: float = 0.01
    malformed: float = 0.015
    discharge_before_arrival: float = 0.01
    quality: float = 0.05
    no_discharge_paper: float = 0.05
    no_number: float = 0.10
    unregistered: float = 0.08
    other_number: float = 0.02
    told_by_both: float = 1 / 3
    told_by_xml: float = 1 / 3
    repaired: float = 0.6
    """Of malformed dossiers and of those refused by X01: sent again, mended."""


NONE = Flaws(
    retransmissions=0.0, duplicates=0.0, corrections=0.0, missing_part=0.0, cancellations=0.0, malformed=0.0,
    discharge_before_arrival=0.0, quality=0.0, no_discharge_paper=0.0, no_number=0.0, unregistered=0.0,
    other_number=0.0,
)  # fmt: skip
"""Nothing goes wrong and everybody is known."""
