"""A schema registry by URL: registering what the release has, and the ids that were given for it. The only door to it.

Any that speaks Confluent's HTTP interface. A subject is Kafka's topic with `-value`, as other tools expect it.
Credentials stand in the URL (`https://user:password@host`) and are never told.
"""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from runtime import logs
from schemas import registry

COMPATIBILITY: Final = "FULL_TRANSITIVE"
REMEMBERED: Final = "registry-ids.json"
"""In a role's data folder: the ids it was last given, for a start while the registry is away."""

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 4 << 20
_MOST_TOLD: Final = 300
_NOT_THERE: Final = 404
_CONFLICT: Final = 409
_KIND: Final = "application/vnd.schemaregistry.v1+json"

log = logs.get("registry")


class RegistryAway(RuntimeError):
    """It does not answer as a registry does."""


class RegistryRefused(RuntimeError):
    """It answered no: says which schema and why. `Incompatible` where a version breaks the one before."""


class Incompatible(RegistryRefused):
    """A version that not every other version could be read with."""


class NotRegistered(RegistryRefused):
    """It does not know a schema of this release."""


class Registry:
    """Questions to one registry. Every method raises `RegistryAway` or `RegistryRefused`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        self._url = urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host)).rstrip("/")
        self._headers = {"Content-Type": _KIND, "Accept": _KIND}
        if parts.username is not None:
            login = f"{parts.username}:{parts.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"

    def register_all(self, schemas: Mapping[str, str]) -> dict[str, int]:
        """Register schemas (name -> text), oldest versions first, each subject FULL_TRANSITIVE; name -> id.

        Registering again what is there changes nothing.
        """
        given = {}
        for name in sorted(schemas, key=_order):
            subject = subject_of(name)
            if self.compatibility(subject) != COMPATIBILITY:
                self._ask("PUT", f"/config/{quote(subject)}", {"compatibility": COMPATIBILITY})
            given[name] = self._id(
                name, self._ask("POST", f"/subjects/{quote(subject)}/versions", _body(schemas[name]))
            )
        return given

    def look_up(self, schemas: Mapping[str, str]) -> dict[str, int]:
        """The ids of schemas (name -> text) that were registered before; `NotRegistered` where one was not."""
        given = {}
        for name, text in schemas.items():
            try:
                given[name] = self._id(name, self._ask("POST", f"/subjects/{quote(subject_of(name))}", _body(text)))
            except NotRegistered:
                raise NotRegistered(f"{name} is not registered: livingdata schemas register") from None
        return given

    def compatibility(self, subject: str) -> str:
        """The level set for a subject, empty where none is."""
        try:
            return str(self._ask("GET", f"/config/{quote(subject)}").get("compatibilityLevel", ""))
        except NotRegistered:
            return ""

    def fits(self, name: str, text: str) -> bool:
        """Whether a schema could be registered beside every version of its subject; also where there is none yet."""
        try:
            path = f"/compatibility/subjects/{quote(subject_of(name))}/versions"
            return bool(self._ask("POST", path, _body(text)).get("is_compatible", False))
        except NotRegistered:
            return True

    @staticmethod
    def _id(name: str, answer: Mapping[str, Any]) -> int:
        number = answer.get("id")
        if not isinstance(number, int) or not 0 <= number < 1 << 31:
            raise RegistryAway(f"no id was given for {name}")
        return number

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)  # noqa: S310 set by us
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 http(s) by the settings
                found = json.loads(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise _refusal(error, path) from None
        except (OSError, ValueError) as error:
            raise RegistryAway(f"the registry does not answer: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise RegistryAway("the registry's answer is no object")
        return found


def subject_of(name: str) -> str:
    """`received.encounter.1` -> `received.encounter-value`."""
    return f"{name.rpartition('.')[0]}-value"


def texts() -> dict[str, str]:
    """Every schema of this release: name -> text."""
    return {name: registry.text(name) for name in registry.lock_file()}


def adopt(url: str, folder: Path) -> None:
    """Let `schemas.registry` use the ids that the registry at `url` gave; nothing to do where `url` is empty.

    While the registry is away a role starts with the ids it was last given (`folder`); without any it does not start.
    """
    if not url:
        return
    file = folder / REMEMBERED
    try:
        given = Registry(url).look_up(texts())
    except RegistryAway as error:
        remembered = _remembered(file)
        if remembered is None:
            raise
        log.warning("registry_away", trouble=str(error), ids="as last given")
        given = remembered
    registry.adopt(given)
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(given), encoding="utf-8")
    partial.replace(file)


def _remembered(file: Path) -> dict[str, int] | None:
    """What was given before, if it is for this release's schemas."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and set(found) == set(registry.lock_file()) else None


def _order(name: str) -> tuple[str, tuple[int, ...]]:
    subject, _, version = name.rpartition(".")
    return subject, tuple(int(part) for part in version.split("-"))


def _body(text: str) -> dict[str, str]:
    return {"schema": text, "schemaType": "AVRO"}


def _refusal(error: urllib.error.HTTPError, path: str) -> Exception:
    try:
        said = str(json.loads(error.read(_MOST_BYTES)).get("message", ""))[:_MOST_TOLD]
    except (OSError, ValueError, AttributeError):
        said = ""
    what = f"{path.split('/')[2] if path.count('/') > 1 else path}: {error.code} {said}".strip()
    if error.code == _NOT_THERE:
        return NotRegistered(what)
    if error.code == _CONFLICT:
        return Incompatible(what)
    return RegistryAway(what) if error.code >= 500 else RegistryRefused(what)
