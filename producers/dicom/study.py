"""A study as its source has told it so far: instances fold into it, in any order and any grouping. Pure.

The form is JSON, because it is the adapter's sealed state, and the bytes of a message (a snapshot): an instance is known
by a short hash of its UID, so that one sent again is counted once. Of attributes that instances repeat, the last one
said stands; an empty one says nothing.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import orjson

from producers.adapter import Refusal
from producers.dicom.attributes import SERIES, STUDY, TAGS, Said, Values
from producers.dicom.bounds import LIMITS
from producers.dicom.file import MEDIA_CLASS, MEDIA_INSTANCE, is_uid

Study: TypeAlias = dict[str, Any]
"""`uid`; `said` and `bad` of the study; `series` by UID: `said`, `first`, `created`, `instances`: hash -> [SOP class,
frames, bytes]."""

MAGIC: Final = b"livingdata-dicom-study-1\n"
_NO_PATIENT: Final = (
    "1.2.840.10008.1.3.10",
    "1.2.840.10008.5.1.4.38.",
    "1.2.840.10008.5.1.4.39.",
    "1.2.840.10008.5.1.4.43.",
)
"""Media directories, hanging protocols, palettes, templates: DICOM, but of no study."""


def of(said: Said, size: int | None, more: Iterable[int] = ()) -> Study | Refusal | None:
    """The study of one instance; None for what belongs to no study. `more` are the tags the feed asks for.

    `size` is the data set's, in bytes; None where the source does not say (QIDO).
    """
    values = said.values
    sop_class = _text(values, "SOPClassUID") or _at(values, MEDIA_CLASS)
    if sop_class.startswith(_NO_PATIENT):
        return None
    uid = _text(values, "StudyInstanceUID")
    if not uid:
        return Refusal("dicom_no_study", "StudyInstanceUID", kind="imaging")
    instance = _text(values, "SOPInstanceUID") or _at(values, MEDIA_INSTANCE)
    series = _text(values, "SeriesInstanceUID")
    for place, found in (("StudyInstanceUID", uid), ("SOPInstanceUID", instance), ("SOPClassUID", sop_class)):
        if not is_uid(found):
            return Refusal("dicom_bad_uid", place, kind="imaging")
    kept = {f"{number:08x}": text for number in more if isinstance(text := values.get(number), str)}
    return {
        "uid": uid,
        "said": _said(values, STUDY) | _nested(values) | kept,
        "bad": sorted({f"{number:08x}" for number in said.bad}),
        "series": {
            series if is_uid(series) else "": {
                "said": _said(values, SERIES),
                "first": _moment(values, "Acquisition") or _moment(values, "Content"),
                "created": _moment(values, "InstanceCreation"),
                "instances": {_short(instance): [sop_class, _count(_text(values, "NumberOfFrames")), size]},
            }
        },
    }


def fold(whole: Study, now: Study) -> None:
    """Add to `whole`, which is changed, what is said now."""
    whole["said"].update(now["said"])
    whole["bad"] = sorted({*whole["bad"], *now["bad"]})
    for uid, new in now["series"].items():
        old = whole["series"].setdefault(uid, {"said": {}, "first": "", "created": "", "instances": {}})
        old["said"].update(new["said"])
        old["first"] = min(filter(None, (old["first"], new["first"])), default="")
        old["created"] = max(old["created"], new["created"])
        old["instances"].update(new["instances"])


def merge(before: Study, now: Study) -> Study:
    """What is known after `now`. Neither argument is changed."""
    whole = empty(before["uid"])
    fold(whole, before)
    fold(whole, now)
    return whole


def empty(uid: str) -> Study:
    return {"uid": uid, "said": {}, "bad": [], "series": {}}


def instances(study: Study) -> int:
    return sum(len(series["instances"]) for series in study["series"].values())


def too_many(study: Study) -> Refusal | None:
    """Whether a study has outgrown what the adapter can hold."""
    if len(study["series"]) > LIMITS.series:
        return Refusal("dicom_too_many", "", f"more than {LIMITS.series} series", "imaging")
    if instances(study) > LIMITS.instances:
        return Refusal("dicom_too_many", "", f"more than {LIMITS.instances} instances", "imaging")
    return None


def to_bytes(study: Study) -> bytes:
    """The canonical bytes of a snapshot: the same instances give the same bytes."""
    return MAGIC + orjson.dumps(study, option=orjson.OPT_SORT_KEYS)


def from_bytes(raw: bytes) -> Study | None:
    """What `to_bytes` wrote; None for anything else."""
    try:
        study: Study = orjson.loads(raw.removeprefix(MAGIC))
    except orjson.JSONDecodeError:
        return None
    return study if _is_study(study) else None


def _text(values: Values, keyword: str) -> str:
    return _at(values, TAGS[keyword])


def _at(values: Values, number: int) -> str:
    text = values.get(number)
    return text.strip() if isinstance(text, str) else ""


def _said(values: Values, keywords: Iterable[str]) -> dict[str, str]:
    return {name: text for name in keywords if isinstance(text := values.get(TAGS[name]), str) and text}


def _nested(values: Values) -> dict[str, str]:
    """What is wanted of sequences, flat: the first code, all other numbers of the patient, the first request."""
    out: dict[str, str] = {}
    for sequence in ("RequestedProcedureCodeSequence", "ProcedureCodeSequence"):
        for item in _items(values, sequence)[:1]:
            code = _text(item, "CodeValue") or _text(item, "LongCodeValue")
            out |= _filled(code=code, system=_text(item, "CodingSchemeDesignator"), meaning=_text(item, "CodeMeaning"))
    for item in _items(values, "RequestAttributesSequence")[:1]:
        names = ("AccessionNumber", "RequestedProcedureDescription")
        out |= {f"requested.{name}": text for name in names if (text := _text(item, name))}
    others = [
        "\x1f".join((number, _text(item, "IssuerOfPatientID"), _text(item, "TypeOfPatientID")))
        for item in _items(values, "OtherPatientIDsSequence")
        if (number := _text(item, "PatientID"))
    ]
    return out | _filled(others="\x1e".join(others))


def _filled(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _items(values: Values, keyword: str) -> list[Values]:
    items = values.get(TAGS[keyword])
    return items if isinstance(items, list) else []


def _moment(values: Values, stem: str) -> str:
    """Date and time as written, one after the other; "" without a date."""
    day = _text(values, f"{stem}Date")
    return day + _text(values, f"{stem}Time") if day else ""


def _short(uid: str) -> str:
    return blake2b(uid.encode(), digest_size=10).hexdigest()


def _count(text: str) -> int:
    """Frames of an instance: 1 where none or nonsense is said."""
    text = text.lstrip("+")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 7 else 1


def _is_study(study: object) -> bool:
    return (
        isinstance(study, dict)
        and study.keys() == {"uid", "said", "bad", "series"}
        and is_uid(study["uid"] if isinstance(study["uid"], str) else None)
        and _is_texts(study["said"])
        and isinstance(study["bad"], list)
        and all(isinstance(name, str) for name in study["bad"])
        and isinstance(study["series"], dict)
        and all(_is_series(series) for series in study["series"].values())
    )


def _is_texts(texts: object) -> bool:
    return isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())


def _is_series(series: object) -> bool:
    return (
        isinstance(series, dict)
        and series.keys() == {"said", "first", "created", "instances"}
        and _is_texts(series["said"])
        and isinstance(series["first"], str)
        and isinstance(series["created"], str)
        and isinstance(series["instances"], dict)
        and all(_is_instance(instance) for instance in series["instances"].values())
    )


def _is_instance(instance: object) -> bool:
    return (
        isinstance(instance, list)
        and len(instance) == 3
        and isinstance(instance[0], str)
        and type(instance[1]) is int
        and (instance[2] is None or type(instance[2]) is int)
    )
