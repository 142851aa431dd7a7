"""The whole city: hospitals' formats in, the ledger equal to the city's own books, whatever is killed on the way."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from infra.demo.show import Demo, Options

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


async def run(folder: Path, options: Options) -> dict[str, Any]:
    async with Demo(options, folder) as demo:
        return await demo.run()


def assert_books_agree(report: dict[str, Any]) -> None:
    assert [] == report["differences"]
    assert 0 == report["totals"]["missing"]
    assert report["injected"] == report["totals"]
    assert 0 == report["answers_differ"]
    assert 0 == report["unanswered"]


async def test_every_part_of_a_city_is_accounted_for(tmp_path: Path) -> None:
    report = await run(tmp_path, Options(seconds=8, facilities=5, rate=150, seed=7, people=2_000))

    assert_books_agree(report)
    totals = report["totals"]
    assert 500 < totals["published"]
    for outcome in ("accepted", "amended", "duplicate", "rejected"):
        assert 0 < totals[outcome], f"the run was too short to show any {outcome}"
    assert 0 < totals["identity"]["verified"]
    assert 0 < report["latency_samples"]


async def test_all_five_dialects_are_accounted_for(tmp_path: Path) -> None:
    """Four hospitals: one with XML and HL7 v2, one each of FHIR, DICOM and CSV."""
    report = await run(tmp_path, Options(seconds=8, facilities=4, rate=150, seed=3, people=2_000, every_dialect=True))

    assert_books_agree(report)
    assert 4 == sum(books["published"] > 0 for books in report["facilities"].values())


async def test_killed_roles_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Worker, sink and adapter are killed in the middle. `make test-faults` has many more seeds and faults."""
    seed = 11
    chance = random.Random(seed)
    async with Demo(Options(seconds=11, facilities=5, rate=150, seed=seed, people=2_000), tmp_path) as demo:
        running = asyncio.create_task(demo.run())
        for name in chance.sample(("processor", "sink", "adapter"), 3):
            await asyncio.sleep(chance.uniform(1.5, 3.0))
            demo.supervisor.kill(name, signal.SIGKILL)
        report = await running

    assert {"processor": 1, "sink": 1} == {name: report["restarts"][name] for name in ("processor", "sink")}
    assert_books_agree(report)


async def test_a_translator_that_forgets_a_diagnosis_is_found_out(tmp_path: Path) -> None:
    """The books are the city's own: an adapter that loses a part cannot balance them."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import producers.insurance_xml.translate as t\n"
        "whole = t.TRANSLATOR.translate\n"
        "class Lossy(type(t.TRANSLATOR)):\n"
        "    def translate(self, state, parsed, feed):\n"
        "        made = whole(state, parsed, feed)\n"
        "        return type(made)(made.outcomes[:1], made.state, made.rows, made.silence)\n"
        "t.TRANSLATOR = Lossy()\n"
    )
    demo = Demo(Options(seconds=4, facilities=2, rate=100, seed=3, people=1_000), tmp_path / "city")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(broken))
        async with demo:
            report = await demo.run()

    assert [] != report["differences"]
