"""Each role on a real engine: what it sees, and what it is refused. `make test-access` runs this file."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from infra.access import render
from infra.access.roles import HOUSE, PUBLISHED, Role, roles
from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.facilities import Source
from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse import migrate
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrations import MIGRATIONS
from sinks.clickhouse.views import DOCUMENTS, views
from tests.store import doc, heartbeat, put, rejected

pytestmark = pytest.mark.slow

DENIED: Final = 497
READONLY: Final = 164
ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = """<clickhouse>
<users_config>{path}</users_config>
<query_log><database>system</database><table>query_log</table></query_log>
{profiles}
<users>{user}</users>
</clickhouse>"""

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an engine with rows of two facilities, normal and restricted."""
    folder = tmp_path_factory.mktemp("access")
    with EmbeddedClickHouse(folder) as server:
        store = connect(load(ClickHouseSettings, clickhouse=server.url))
        migrate.migrate(store)
        migrate.load_register(store, [Source(f, f, f, True, "u", "encounter", "HIS", "hl7v2", 0, "2026-01-01", "V") for f in ("01001", "01002")])  # fmt: skip
        values = []
        for facility in ("01001", "01002"):
            for number in range(1, 8):
                restricted = "restricted" if number == 7 else "normal"
                code = "B20" if number == 7 else "A97"
                name = f"{facility}{number}"
                made = {"facility": facility, "adapter_id": facility, "sequence": number, "document_id": name,
                        "visit_key": f"v{name}", "patient_key": f"p{name}", "citizen_key": f"c{number}",
                        "sensitivity": restricted}  # fmt: skip
                values.append(doc("encounter", **made, main_diagnosis=code, visit_type="01"))
                number += 100
                values.append(doc("prescription", **(made | {"sequence": number, "document_id": f"x{name}"}), lines=[{"line": 1, "drug_code": "D"}]))  # fmt: skip
            values.append(rejected(facility=facility, adapter_id=facility, sequence=50, original=b"sealed"))
            values.append(heartbeat(facility=facility, adapter_id=facility, taken=50, acknowledged=50))
        put(store, values)
        store.close()
    return folder


@pytest.fixture(scope="module")
def ask(city: Path) -> Ask:
    """Statements put to the engine as a role; rows, or the code of the refusal, of each."""

    def asked(role: Role, *statements: str, facility: str = "") -> list[Any]:
        config = city / f"{role.name}{facility}.xml"
        user = render.user("default", role, "default", facility, password="<password></password>")
        profiles = render.profiles().replace("<profiles>", "<profiles><default></default>")
        config.write_text(CONFIG.format(path=config, profiles=profiles, user=user), encoding="utf-8")
        process = subprocess.run(
            [sys.executable, "-m", "tests.as_role", str(config), str(city / "data")],
            input=json.dumps(statements), capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
        assert 0 == process.returncode, process.stderr[-2000:]
        answers: list[Any] = json.loads(process.stdout.splitlines()[-1])
        return answers

    return asked


def everything(role: Role) -> list[str]:
    """A question to every relation the role was granted, by the columns it was granted."""
    parameterised = {view.name for view in views() if view.parameters}
    return [
        f"SELECT {', '.join(shown) if shown else '*'} FROM {name} LIMIT 1"  # noqa: S608
        for name, shown in role.reads.items()
        if name not in parameterised
    ]


_SOON = {"facility_reader", "analyst"}
"""The others ask the same of as many views again: `make test-access`."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in _SOON else pytest.mark.long)
        for name, role in roles().items()
        if role.reads
    ],
)
def test_what_is_granted_can_be_read(ask: Ask, name: str) -> None:
    role = roles()[name]
    questions = everything(role)
    answers = ask(role, *questions, facility="01001" if role.own_facility else "")
    refused = [(q, a) for q, a in zip(questions, answers, strict=True) if isinstance(a, int)]
    assert [] == refused


@pytest.mark.parametrize("name", [name for name, role in roles().items() if role.reader])
def test_a_reader_changes_nothing_and_reaches_nothing_outside(ask: Ask, name: str) -> None:
    answers = ask(
        roles()[name],
        "DROP TABLE encounter_history",
        "CREATE TABLE mine (a Int8) ENGINE = Memory",
        "ALTER TABLE encounter_current DELETE WHERE 1",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SET readonly = 0",
    )
    assert {DENIED, READONLY} >= set(answers[:5])
    assert answers[5] in (DENIED, READONLY)


def test_a_facility_sees_its_own_normal_rows_wherever_it_looks(ask: Ask) -> None:
    role = roles()["facility_reader"]
    sources = ("encounters", "encounters_history", "visits", "prescription_lines", "patient_timeline",
               "encounter_current", "prescription_history", "ledger", "ledger_balance", "facility_scorecard",
               "connection_progress", "feed_freshness", "rejections", "notifiable_cases")  # fmt: skip
    answers = ask(role, *(f"SELECT DISTINCT facility FROM {name}" for name in sources), facility="01001")  # noqa: S608
    assert {name: [["01001"]] for name in sources} == dict(zip(sources, answers, strict=True))
    counted = ask(
        role,
        "SELECT count() FROM encounters",
        "SELECT count() FROM encounters WHERE sensitivity != 'normal'",
        "SELECT count() FROM timeline_of(citizen = 'c1')",
        "SELECT count() FROM visits_between(since = '2026-01-01', until = '2026-01-02')",
        "SELECT * FROM outcomes",
        "SELECT * FROM rejected",
        "SELECT * FROM erased_persons",
        facility="01001",
    )
    assert [[[6]], [[0]], [[2]], [[6]], DENIED, DENIED, DENIED] == counted


def test_an_analyst_sees_no_key_and_small_counts_hidden(ask: Ask) -> None:
    role = roles()["analyst"]
    answers = ask(
        role,
        "SELECT count(), uniqExact(facility) FROM encounters",
        "SELECT main_diagnosis, count() FROM encounters GROUP BY main_diagnosis",
        "SELECT drug_code, count() FROM prescription_lines GROUP BY drug_code",
        "SELECT facility, visits FROM published_visits ORDER BY facility",
        "SELECT disease, cases FROM published_cases",
        "SELECT patient_key FROM encounters",
        "SELECT document_id FROM encounter_current",
        "SELECT citizen_key FROM prescription_lines",
        "SELECT * FROM encounters",
        "SELECT count() FROM visits",
        "SELECT count() FROM patient_timeline",
        "SELECT count() FROM timeline_of(citizen = 'c1')",
        "SELECT count() FROM encounter_history",
        "SELECT count() FROM rejected",
        "SELECT count() FROM repeated_tests",
    )
    # Documents are read by columns; published counts hold no restricted document.
    assert [[[12, 2]], [["A97", 12]], [["D", 12]], [["01001", 6], ["01002", 6]], [["dengue", 6]]] == answers[:5]
    assert [DENIED] * 10 == answers[5:]


def test_restricted_documents_are_for_the_closed_list(ask: Ask) -> None:
    question = "SELECT sensitivity, count() FROM encounters GROUP BY sensitivity ORDER BY sensitivity"
    hiv = "SELECT sum(cases) FROM notifiable_cases WHERE disease = 'hiv'"
    assert [[["normal", 12]], [[0]]] == ask(roles()["surveillance_officer"], question, hiv)
    assert [[["normal", 12], ["restricted", 2]], [[2]]] == ask(roles()["restricted_reader"], question, hiv)
    assert [[["normal", 12]], [[0]]] == ask(roles()["data_steward"], question, hiv)
    alone = ("SELECT count() FROM hiv_care_records", "SELECT count() FROM hiv_care_history")
    assert [[[0]], [[0]]] == ask(roles()["restricted_reader"], *alone)
    for name in ("analyst", "surveillance_officer", "data_steward"):
        assert [DENIED, DENIED] == ask(roles()[name], *alone)


def test_a_steward_reads_rejections_without_their_originals(ask: Ask) -> None:
    answers = ask(
        roles()["data_steward"],
        "SELECT facility, reason FROM rejected ORDER BY facility",
        "SELECT original FROM rejected",
        "SELECT count() > 0 FROM quality_rules",
    )
    assert [[["01001", "charset"], ["01002", "charset"]], DENIED, [[1]]] == answers


def test_a_sink_inserts_and_reads_nothing_of_it(ask: Ask) -> None:
    answers = ask(
        roles()["sink_writer"],
        "INSERT INTO facilities (facility) VALUES ('09999')",
        "INSERT INTO encounter_history (facility) VALUES ('09999')",
        "SELECT count() FROM encounter_history",
        "SELECT count() > 0 FROM system.columns WHERE database = currentDatabase()",
        "DROP TABLE heartbeats",
        "SELECT number FROM schema_migrations ORDER BY number",
    )
    applied = [[migration.number] for migration in MIGRATIONS]
    assert [[], DENIED, DENIED, [[1]], DENIED, applied] == answers
    # What an insert feeds runs with the rights of who made the tables: here that is this very user, so not asked.


def test_an_auditor_sees_no_data(ask: Ask) -> None:
    assert [DENIED, DENIED] == ask(
        roles()["auditor"], "SELECT count() FROM encounters", "SELECT * FROM published_visits"
    )


def test_every_open_view_is_for_all_or_counts_only() -> None:
    keys = {"patient_key", "citizen_key", "visit_key", "document_id"}
    text = {view.name: view.sql for view in views() if view.open}
    assert set(text) == {*HOUSE, *PUBLISHED}
    for name, sql in text.items():
        shown = sql[: sql.find("FROM")]
        assert not [key for key in keys if f" AS {key}" in shown or shown.endswith(key)], name


def test_every_granted_relation_with_a_facility_is_filtered_for_a_facility() -> None:
    role = roles()["facility_reader"]
    by_itself = {view.name for view in views() if not view.open}
    lists = {"facility_register", "quality_rules", "notifiable_diseases", "test_validity"}
    assert set() == set(role.reads) - set(role.rows) - by_itself - lists
    assert set(DOCUMENTS.values()) <= by_itself


@pytest.mark.parametrize(
    ("name", "made"), [("users.d/livingdata.xml", render.users_file), ("access.sql", render.access_sql)]
)
def test_the_checked_in_configuration_is_what_the_roles_say(name: str, made: Callable[[], str]) -> None:
    path = ROOT / "infra" / "clickhouse" / name
    assert path.read_text(encoding="utf-8") == made(), "run `livingdata access write`"
    if name.endswith(".xml"):
        root = ElementTree.parse(path).getroot()  # noqa: S314 (our own file)
        assert {role.name for role in roles().values() if not role.own_facility} == {
            user.tag for user in root.find("users") or ()
        }
