"""The release's schemas at a real registry, and a worker that lives by the ids it gave."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import build
from infra.doctor import schema as doctor
from infra.doctor.places import Places
from runtime import registry
from runtime.registry import Incompatible, Registry
from schemas import registry as schemas
from tests.servers import RealStack, empty
from tests.workers import Hospital

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

NAME = "received.encounter.1"


@pytest.fixture
def url(real_stack: RealStack) -> Iterator[str]:
    """A registry that knows the release; this process is back to the lock file afterwards."""
    address = real_stack.plan.addresses["registry"]
    Registry(address).register_all({"other.1": json.dumps({"type": "record", "name": "other", "fields": []})})
    Registry(address).register_all(registry.texts())
    yield address
    schemas.adopt({})


def changed(**field: object) -> str:
    """The encounter's schema with one field more."""
    body = json.loads(schemas.text(NAME))
    body["fields"].insert(30, field)
    return json.dumps(body)


def test_registering_again_changes_nothing(url: str) -> None:
    once = Registry(url).register_all(registry.texts())
    assert once == Registry(url).look_up(registry.texts())
    assert set(schemas.lock_file()) == set(once)
    assert len(once) == len(set(once.values()))
    # It has met another schema before: its ids are not the lock file's.
    assert once != schemas.lock_file()
    levels = {Registry(url).compatibility(registry.subject_of(name)) for name in once}
    assert {"FULL_TRANSITIVE"} == levels


def test_a_version_that_breaks_the_one_before_is_refused(url: str) -> None:
    with pytest.raises(Incompatible, match=r"received\.encounter-value: 409"):
        Registry(url).register_all({"received.encounter.2": changed(name="must", type="string")})
    optional = changed(name="may", type=["null", "string"], default=None)
    given = Registry(url).register_all({"received.encounter.2": optional})
    assert given["received.encounter.2"] not in Registry(url).look_up(registry.texts()).values()


def test_whether_a_schema_fits_is_told_without_registering_it(url: str) -> None:
    asked = Registry(url)
    assert asked.fits(NAME, schemas.text(NAME))
    assert asked.fits("nobody.knows.1", schemas.text(NAME))
    assert not asked.fits("received.encounter.3", changed(name="must", type="string"))


def test_the_doctor_asks_it_for_every_schema(url: str) -> None:
    (found,) = doctor.examine(Places(addresses={"registry": url}))
    assert ("schemas", "ok") == (found.subject, found.level)


def test_the_command_registers_and_checks(url: str) -> None:
    for command in ("register", "check"):
        done = CliRunner().invoke(build("schemas"), ["schemas", command, "--registry", url, "--json"])
        assert (0, set(schemas.lock_file())) == (done.exit_code, set(json.loads(done.stdout)["ids"]))


def test_a_worker_lives_by_its_ids(real_stack: RealStack, url: str, tmp_path: Path) -> None:
    empty(real_stack.servers)
    registry.adopt(url, tmp_path)
    hospital = Hospital(real_stack.servers, tmp_path, registry=url)
    hospital.publish(50)
    with hospital.worker("a") as worker:
        hospital.wait_for_all()
        assert 0 == worker.end(signal.SIGTERM), worker.said()
    assert {number: [("a", "accepted")] for number in range(1, 51)} == hospital.outcomes()
    hospital.close()
