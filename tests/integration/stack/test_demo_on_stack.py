"""The city on a real stack: its ledger equals its books, and what others wrote is not deleted unasked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import build
from infra.demo import engines
from infra.demo.show import Demo, Options
from runtime import kafka as clients
from runtime.admin import Admin
from schemas import topics
from tests.servers import PATIENCE, RealStack, empty

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # three processes' starts, each with its patience

OPTIONS = Options(seconds=3, facilities=3, rate=40)


async def test_the_ledger_equals_the_citys_books(real_stack: RealStack, tmp_path: Path) -> None:
    empty(real_stack.servers)
    start = engines.running(real_stack.plan.data, fresh=False)
    async with Demo(OPTIONS, tmp_path, start=start, patience=PATIENCE) as demo:
        report = await demo.run()
    assert ([], 0) == (report["differences"], report["totals"]["missing"])
    assert report["totals"]["published"] > 40
    empty(real_stack.servers)


def test_what_the_topics_hold_is_deleted_only_when_asked(real_stack: RealStack) -> None:
    empty(real_stack.servers)
    admin = Admin(real_stack.servers.kafka)
    sending = clients.producer(real_stack.servers.kafka, "test")
    sending.produce(topics.REJECTED, b"somebody's")
    assert 0 == sending.flush(30)
    code, said = demo("--stack-data", real_stack.plan.data)
    assert (1, "the topics hold 1 records: --fresh deletes them") == (code, said)
    assert 1 == admin.held([topics.REJECTED])[topics.REJECTED]
    engines.prepare(real_stack.plan.addresses)
    assert 0 == sum(admin.held(list(topics.TOPICS)).values())


def test_without_a_stack_it_says_so(tmp_path: Path) -> None:
    code, said = demo("--stack-data", tmp_path)
    assert (1, True) == (code, said.endswith("make stack"))


def demo(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(build("demo"), ["demo", "--stack", *map(str, arguments)])
    return done.exit_code, done.stderr.rstrip()
