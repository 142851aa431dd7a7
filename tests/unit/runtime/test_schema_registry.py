"""The registry's client against a server of the test's own."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runtime import registry
from runtime.registry import Incompatible, NotRegistered, Registry, RegistryAway, RegistryRefused
from schemas import registry as schemas

SECRET = "not-to-be-told"


@dataclass
class Fake:
    """A registry of a few lines: gives ids from 100 on, and remembers what it was asked."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    login: str | None = None
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    answer: tuple[int, bytes] | None = None

    def said(self, method: str, path: str, body: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((method, path))
        if self.answer is not None:
            return self.answer
        _, what, subject, *rest = path.split("/")
        if what == "config":
            if method == "PUT":
                self.levels[subject] = body["compatibility"]
            level = self.levels.get(subject)
            return (200, _json(compatibilityLevel=level)) if level else (404, _json(message="no level"))
        key = (subject, body["schema"])
        if rest == ["versions"]:
            self.ids.setdefault(key, 100 + len(self.ids))
        return (200, _json(id=self.ids[key])) if key in self.ids else (404, _json(message="no schema"))


def _json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            made.login = self.headers.get("Authorization")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, answer = made.said(self.command, self.path, json.loads(body or b"{}"))
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815 their names are the library's

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    schemas.adopt({})


def test_each_subject_is_fully_compatible_before_its_first_version(fake: Fake) -> None:
    given = Registry(fake.url).register_all({"rejected.2": "{}", "rejected.1": "[]"})
    assert {"rejected.1": 100, "rejected.2": 101} == given
    assert {"rejected-value": "FULL_TRANSITIVE"} == fake.levels
    assert [("GET", "/config/rejected-value"), ("PUT", "/config/rejected-value")] == fake.asked[:2]


def test_versions_go_in_by_number(fake: Fake) -> None:
    names = ["accepted.a.10-1", "accepted.a.2-1", "accepted.a.2-10", "accepted.a.2-2"]
    given = Registry(fake.url).register_all({name: json.dumps(name) for name in names})
    ordered = sorted(given, key=lambda name: given[name])
    assert ["accepted.a.2-1", "accepted.a.2-2", "accepted.a.2-10", "accepted.a.10-1"] == ordered


def test_what_was_registered_is_found(fake: Fake) -> None:
    wanted = registry.texts()
    given = Registry(fake.url).register_all(wanted)
    assert given == Registry(fake.url).look_up(wanted)
    assert "received.encounter-value" == registry.subject_of("received.encounter.1")


def test_what_was_not_is_named(fake: Fake) -> None:
    with pytest.raises(NotRegistered, match=r"rejected\.1 is not registered: livingdata schemas register"):
        Registry(fake.url).look_up({"rejected.1": "{}"})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((409, _json(message="incompatible")), Incompatible),
        ((422, _json(message="no schema at all")), RegistryRefused),
        ((500, b""), RegistryAway),
        ((200, b"<html>"), RegistryAway),
        ((200, b"[]"), RegistryAway),
        ((200, _json(id="7")), RegistryAway),
        ((200, _json(id=1 << 31)), RegistryAway),
        ((200, _json()), RegistryAway),
        ((409, b"\xff"), Incompatible),
    ],
)
def test_other_answers_are_errors_that_say_what(fake: Fake, answer: tuple[int, bytes], error: type[Exception]) -> None:
    fake.answer = answer
    with pytest.raises(error):
        Registry(fake.url).look_up({"rejected.1": "{}"})


def test_credentials_are_sent_and_never_told(fake: Fake) -> None:
    url = fake.url.replace("http://", f"http://user:{SECRET}@")
    fake.answer = (500, b"")
    with pytest.raises(RegistryAway) as caught:
        Registry(url).look_up({"rejected.1": "{}"})
    assert f"Basic {base64.b64encode(f'user:{SECRET}'.encode()).decode()}" == fake.login
    assert SECRET not in str(caught.value)
    with pytest.raises(RegistryAway) as away:
        Registry(f"http://user:{SECRET}@127.0.0.1:1").look_up({"rejected.1": "{}"})
    assert SECRET not in str(away.value)


def test_a_role_takes_the_ids_it_was_given(fake: Fake, tmp_path: Path) -> None:
    given = Registry(fake.url).register_all(registry.texts())
    registry.adopt(fake.url, tmp_path)
    number, _ = schemas.latest("received.encounter")
    assert given["received.encounter.1"] == number
    assert given["accepted.encounter.1-1"] == schemas.accepted_id(number)
    assert "received.encounter.1" == schemas.names()[number]
    assert schemas.codec(1) is None


def test_without_a_url_it_is_the_lock_file(tmp_path: Path) -> None:
    registry.adopt("", tmp_path)
    assert schemas.lock_file() == schemas.ids()


def test_while_the_registry_is_away_the_last_ids_hold(fake: Fake, tmp_path: Path) -> None:
    given = Registry(fake.url).register_all(registry.texts())
    registry.adopt(fake.url, tmp_path)
    schemas.adopt({})
    fake.answer = (503, b"")
    registry.adopt(fake.url, tmp_path)
    assert given == schemas.ids()


@pytest.mark.parametrize("remembered", [None, "", "[]", '{"received.encounter.1": 1}'])
def test_without_any_a_role_does_not_start(fake: Fake, tmp_path: Path, remembered: str | None) -> None:
    if remembered is not None:
        (tmp_path / registry.REMEMBERED).write_text(remembered)
    fake.answer = (503, b"")
    with pytest.raises(RegistryAway):
        registry.adopt(fake.url, tmp_path)
    assert schemas.lock_file() == schemas.ids()


def test_a_registry_that_lost_its_schemas_is_no_registry_that_is_away(fake: Fake, tmp_path: Path) -> None:
    Registry(fake.url).register_all(registry.texts())
    registry.adopt(fake.url, tmp_path)
    fake.ids.clear()
    with pytest.raises(NotRegistered):
        registry.adopt(fake.url, tmp_path)


def test_ids_must_be_of_this_release_and_each_its_own() -> None:
    with pytest.raises(ValueError, match="every schema of this release"):
        schemas.adopt({"received.encounter.1": 7})
    with pytest.raises(ValueError, match="one id"):
        schemas.adopt(dict.fromkeys(schemas.lock_file(), 7))
    assert schemas.lock_file() == schemas.ids()
