"""A person's documents across facilities, by the newest link between patient and citizen."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.kinds import KINDS, RESTRICTED
from sinks.clickhouse.views.view import View


def _links(where: str = "") -> str:
    return f"(SELECT patient_key, surviving_key, citizen_key, 1 AS known FROM identity_now{where})"


LINKS: Final = _links()
"""What was said late; a null citizen is nobody."""


def citizen(document: str, link: str) -> str:
    """The citizen of a document as now known: the late link's where there is one, else the worker's."""
    return f"if({link}.known = 1, {link}.citizen_key, {document}.citizen_key)"


_SHOWN: Final = (
    "facility, document_date, document_id, patient_key, visit_key, citizen_key, "
    "identity_tier, sensitivity, occurred_at, source_system"
)


def _timeline(narrow: str, links: str) -> str:
    """Documents of a patient but for restricted kinds. The current table says whose each is: a document may have moved.

    Of the tables and not of their views: to plan a hundred columns of eleven kinds takes longer than to read some documents.
    """
    each = "\n  UNION ALL\n  ".join(
        f"SELECT '{kind}' AS kind, {_SHOWN} FROM {kind}_current FINAL WHERE status = 'active' AND patient_key IS NOT NULL"
        for kind in KINDS
        if kind not in RESTRICTED
    )
    return f"""SELECT assumeNotNull(c.patient_key) AS patient_key, {citizen("c", "l")} AS citizen_key,
  c.occurred_at AS occurred_at, c.document_date AS document_date, c.facility AS facility, c.kind AS kind,
  c.document_id AS document_id, c.visit_key AS visit_key, c.source_system AS source_system,
  c.identity_tier AS identity_tier, c.sensitivity AS sensitivity,
  coalesce({citizen("c", "l")}, if(l.known = 1, l.surviving_key, patient_key)) AS person_key
FROM (SELECT * FROM (
  {each}
){narrow}) AS c
LEFT JOIN {links} AS l ON l.patient_key = c.patient_key"""


def patient_timeline() -> View:
    return View(
        "patient_timeline",
        "Hồ sơ theo thời gian của người bệnh / A patient's documents in time",
        _timeline("", LINKS),
    )


_NAMED: Final = """SELECT patient_key FROM person_documents WHERE citizen_key = {citizen:String}
    UNION ALL SELECT patient_key FROM identity_current WHERE citizen_key = {citizen:String}"""
_NEAR: Final = f"""{_NAMED}
    UNION ALL SELECT patient_key FROM identity_merged WHERE surviving_key IN (
      SELECT surviving_key FROM identity_merged WHERE surviving_key != '' AND patient_key IN ({_NAMED}))"""
"""Every patient who may be the citizen: of whom a document or a link ever said so, and with whom such a one was ever merged."""


def timeline_of() -> View:
    """One citizen's timeline by primary keys: `SELECT … FROM timeline_of(citizen = '…') ORDER BY occurred_at`.

    Where to look may be too much, never too little: whose each document is, the current table and `identity_now` say.
    """
    keys = f"SELECT document_date, facility, document_id FROM person_documents WHERE patient_key IN ({_NEAR})"
    inner = _timeline(
        f" WHERE (document_date, facility, document_id) IN ({keys})", _links(f" WHERE patient_key IN ({_NEAR})")
    )
    return View(
        "timeline_of",
        "Hồ sơ của một công dân (nhanh) / One citizen's documents, fast",
        f"SELECT * FROM (\n{inner}\n) WHERE citizen_key = {{citizen:String}}\n"
        # Of a document that is not asked for only its key is read; only conditions on keys go before FINAL.
        "SETTINGS optimize_move_to_prewhere_if_final = 1",
        parameters=("String",),
    )
