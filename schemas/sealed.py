"""The sealed record: two parts, identity and narrative (design: nothing of either stands in clear on Kafka).

`narrative` maps a field's path (`note`, `notes[2].course`) to its text, so a field nobody has named yet
(`extra.DU_PHONG`, a Z segment) is sealed without a schema change.
"""

from typing import Any, Final

IDENTITY: Final[tuple[str, ...]] = (
    "full_name",  # as the source wrote it, NFC
    "citizen_id",  # SO_CCCD: CCCD, CMND or passport
    "birth",  # yyyymmddHHMM or the part of it that is known
    "sex",
    "cards",  # MA_THE_BHYT, `;` between several
    "phone",
    "address",
    "patient_number",  # MA_BN, PID-3 MR
    "visit_number",  # MA_LK, PV1-19
)

SCHEMA: Final[dict[str, Any]] = {
    "type": "record",
    "name": "Sealed",
    "namespace": "livingdata",
    "fields": [
        {
            "name": "identity",
            "type": {
                "type": "record",
                "name": "Identity",
                "fields": [{"name": name, "type": ["null", "string"], "default": None} for name in IDENTITY],
            },
        },
        {"name": "narrative", "type": {"type": "map", "values": "string"}},
    ],
}
