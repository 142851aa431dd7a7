"""The structure of every resource type as one compiled check, made from what `fhir.resources` knows of it.

A shape is a `pydantic_core` schema over plain JSON: elements and their cardinality, data types in JSON's own types,
value[x] said once, required elements (or the extension that says why they are absent), and what the models themselves
do not check: required codes, the form of ids, empty lists and objects. It walks a resource in a tenth of the time the
models take and copies no value into its errors.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from fhir_core import types as fhir_types
from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError, core_schema

from producers.fhir.codes import CONCEPTS, codes
from producers.fhir.json_text import Decimal
from producers.fhir.releases import WITHOUT_MODEL, Release, model

Schema = core_schema.CoreSchema
_NOT_FHIR: Final = frozenset(("fhir_comments", "resource_type"))
_INT32: Final = 1 << 31
_INT64: Final = 1 << 63
_LONGEST_STRING: Final = 1 << 20

_DATE_TIME: Final = fhir_types.DateTime.pattern.fullmatch
_FORMS: Final[dict[str, Callable[[str], Any]]] = {
    "Date": fhir_types.Date.pattern.fullmatch,
    "DateTime": _DATE_TIME,
    "Instant": fhir_types.Instant.pattern.fullmatch,
    "Time": fhir_types.Time.pattern.fullmatch,
}


def _time(form: Callable[[str], Any]) -> Schema:
    def check(text: str) -> str:
        if form(text) is None:
            raise PydanticCustomError("fhir_time", "form")
        if text[4:5] == "-" and len(text) >= 10:
            try:
                date(int(text[:4]), int(text[5:7]), int(text[8:10]))
            except ValueError:
                raise PydanticCustomError("fhir_time", "no such day") from None
        return text

    return core_schema.no_info_after_validator_function(check, core_schema.str_schema(strict=True))


_STRING: Final = core_schema.str_schema(min_length=1, max_length=_LONGEST_STRING, strict=True)
_ANY_STRING: Final = core_schema.str_schema(min_length=1, strict=True)
_PRIMITIVES: Final[dict[str, Schema]] = {
    "Id": core_schema.str_schema(pattern=r"^[A-Za-z0-9\-.]{1,64}$", strict=True),
    "Code": core_schema.str_schema(pattern=r"^[^\s]+(\s[^\s]+)*$", strict=True),
    "Oid": core_schema.str_schema(pattern=r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$", strict=True),
    "UuidVersion": core_schema.str_schema(pattern=r"^(urn:uuid:)?[0-9a-fA-F-]{32,36}$", strict=True),
    "Base64Binary": _ANY_STRING,
    "Xhtml": _ANY_STRING,
    "Decimal": core_schema.union_schema(
        [core_schema.is_instance_schema(Decimal), core_schema.int_schema(ge=-_INT64, le=_INT64 - 1, strict=True)],
        custom_error_type="fhir_value",
        custom_error_message="a number",
    ),
    "Integer": core_schema.int_schema(ge=-_INT32, le=_INT32 - 1, strict=True),
    "UnsignedInt": core_schema.int_schema(ge=0, le=_INT32 - 1, strict=True),
    "PositiveInt": core_schema.int_schema(ge=1, le=_INT32 - 1, strict=True),
    "Integer64": core_schema.str_schema(pattern=r"^(0|[-+]?[1-9][0-9]{0,18})$", strict=True),
    **{name: _time(form) for name, form in _FORMS.items()},
}
"""By the name of the models' marker. A decimal is a number with its text, or a whole number."""
_BOOLEAN: Final = core_schema.bool_schema(strict=True)


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """(type, markers, whether a list) of `list[Annotated[type, markers] | None] | None` and its like."""
    markers: tuple[Any, ...] = ()
    many = False
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation, markers = arguments[0], markers + arguments[1:]
        elif origin in (Union, UnionType):
            kept = [argument for argument in arguments if argument is not type(None)]
            if len(kept) > 1:  # url: AnyUrl | str; xhtml and extensions of lists: str | list[str]
                return str, markers, many
            annotation = kept[0]
        elif origin is list:
            annotation, many = arguments[0], True
        else:
            return annotation, markers, many


def _primitive(kind: Any, markers: tuple[Any, ...], allowed: frozenset[str] | None) -> Schema:
    if allowed is not None:
        return core_schema.literal_schema(sorted(allowed))
    for marker in markers:
        found = _PRIMITIVES.get(type(marker).__name__)
        if found is not None:
            return found
    return _BOOLEAN if kind is bool else _STRING


class _Compiler:
    """Collects the definitions that one resource type needs."""

    def __init__(self, release: Release, nested: Schema) -> None:
        self._release, self._nested = release, nested
        self.definitions: dict[str, Schema] = {}

    def add(self, class_: Any) -> Schema:
        name = class_.__name__
        if name not in self.definitions:
            self.definitions[name] = core_schema.any_schema()  # held while its elements refer back to it
            self.definitions[name] = {**self._shape(class_), "ref": name}
        return core_schema.definition_reference_schema(name)

    def _shape(self, class_: Any) -> Schema:
        fields: dict[str, core_schema.TypedDictField] = {}
        required: list[str] = []
        choices: dict[str, tuple[bool, set[str]]] = {}
        for name, field in class_.model_fields.items():
            if name in _NOT_FHIR:
                continue
            known = field.json_schema_extra or {}
            fields[field.alias] = core_schema.typed_dict_field(
                self._element(class_.__name__, field, known), required=field.is_required()
            )
            if known.get("element_required") and not field.is_required():
                required.append(field.alias)
            if "one_of_many" in known:
                _, names = choices.setdefault(known["one_of_many"], (known["one_of_many_required"], set()))
                names.add(field.alias)
        if class_.has_resource_base():
            fields["resourceType"] = core_schema.typed_dict_field(core_schema.literal_schema([class_.__name__]))
        # More elements than there are is one fault: a million unknown ones must not become a million errors.
        some = core_schema.dict_schema(min_length=1, max_length=len(fields), strict=True)
        made = core_schema.chain_schema(
            [some, core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)]
        )
        whole = _whole(class_.__name__, required, choices)
        return core_schema.no_info_after_validator_function(whole, made) if whole else made

    def _element(self, owner: str, field: Any, known: Any) -> Schema:
        kind, markers, many = _unwrapped(field.annotation)
        made: Schema
        if isinstance(kind, type) and issubclass(kind, fhir_types.FhirElementOrResourceBase):
            made = self._nested
        elif isinstance(kind, type) and issubclass(kind, fhir_types.FhirBase):
            made = self.add(kind.get_model_klass())
            if many and field.alias.startswith("_"):
                made = core_schema.nullable_schema(made)
        else:
            allowed = codes(self._release, f"{owner}.{field.alias}", known.get("enum_values"))
            made = _primitive(kind, (*markers, *field.metadata), allowed)
            if many:  # a null keeps the place of a value that has only an extension
                made = core_schema.nullable_schema(made)
        return core_schema.list_schema(made, min_length=1, strict=True, fail_fast=True) if many else made


def _whole(
    owner: str, required: list[str], choices: dict[str, tuple[bool, set[str]]]
) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """What is asked of an object as a whole, None where it is nothing. Errors carry the element's name as `at`."""
    groups = tuple((prefix, needed, frozenset(names)) for prefix, (needed, names) in choices.items())
    concepts = tuple((key.split(".")[1], *bound) for key, bound in CONCEPTS.items() if key.split(".")[0] == owner)

    if not (groups or required or concepts):
        return None

    def check(value: dict[str, Any]) -> dict[str, Any]:
        for name in required:
            if name not in value and f"_{name}" not in value:
                raise PydanticCustomError("fhir_missing", "missing", {"at": name})
        for prefix, needed, names in groups:
            said = names.intersection(value)
            if len(said) > 1:
                raise PydanticCustomError("fhir_choice", "said more than once", {"at": f"{prefix}[x]"})
            if needed and not said:
                raise PydanticCustomError("fhir_missing", "missing", {"at": f"{prefix}[x]"})
        for name, system, allowed in concepts:
            codings = value[name].get("coding") if name in value else None
            if codings and not any(c.get("system") == system and c.get("code") in allowed for c in codings):
                raise PydanticCustomError("fhir_code", "one of {codes}", {"at": name, "codes": _listed(allowed)})
        return value

    return check


def _listed(allowed: frozenset[str]) -> str:
    return " | ".join(sorted(allowed))


@cache
def shape(release: Release, name: str) -> SchemaValidator | None:
    """The compiled check of a resource type (5 ms), None where the release has no model of it."""
    class_ = model(release, name)
    if class_ is None:
        return None
    compiler = _Compiler(release, core_schema.no_info_plain_validator_function(_nested(release)))
    root = compiler.add(class_)
    return SchemaValidator(core_schema.definitions_schema(root, list(compiler.definitions.values())))


def _nested(release: Release) -> Callable[[Any], Any]:
    """A resource within another (contained, an entry's, a parameter's): by its own type."""

    def check(value: Any) -> Any:
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str):
            raise PydanticCustomError("fhir_no_type", "no resourceType")
        found = shape(release, name)
        if found is not None:
            found.validate_python(value)
        elif name not in WITHOUT_MODEL[release]:
            raise PydanticCustomError("fhir_unknown_type", "unknown resourceType", {"at": "resourceType"})
        return value

    return check


def faults(found: SchemaValidator, resource: dict[str, Any], limit: int) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    """(error type, path, detail) of what is wrong with a resource, the first `limit` of them."""
    try:
        found.validate_python(resource)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False)[:limit]:
            context = fault.get("ctx", {})
            at = context.get("at")
            path = (*fault["loc"], at) if at else fault["loc"]
            yield fault["type"], path, _detail(fault["type"], context)


_QUOTED: Final = re.compile(r"'([^']*)'")


def _detail(kind: str, context: dict[str, Any]) -> str:
    """Words of the standard only: the codes that would be allowed, the bounds."""
    if kind == "literal_error":
        return " | ".join(_QUOTED.findall(context["expected"]))
    if "codes" in context:
        return str(context["codes"])
    return ", ".join(f"{name} {context[name]}" for name in ("ge", "le", "min_length", "max_length") if name in context)
