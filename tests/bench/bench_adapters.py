"""`make bench-adapters`: how fast each dialect is read and translated, beside the library of its field where there is one.

Processor seconds of one thread, the best of a few rounds, on what the simulated city writes; only MLLP is wall time. The
machine's mood changes the figures by half, so the ratios are what is compared: within one run both sides have the same
mood.
"""

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from infra.city import history_csv
from infra.city.city import ONLY, City
from infra.city.flaws import NONE
from infra.city.folder import write_folder
from infra.city.hospitals import HOSPITALS
from infra.city.visits import LOCAL
from producers.adapter import Dialect, Document, Feed, Parsed, State
from producers.adapters import dialect as dialect_of
from producers.event import Keys, Number, compose
from runtime import collector, kafka, keyring
from tests.bench import hl7v2
from tests.bench.mix import machine

ROUNDS: Final = 3
START: Final = datetime(2026, 11, 24, 9, tzinfo=LOCAL)
NOW: Final = int(START.timestamp() * 1000)
CODE: Final = HOSPITALS[0].code
FILES: Final = {"fhir": 120, "dicom": 400, "history_csv": 3_000, "insurance_xml": 300}
ROWS: Final = 45
"""Of a visit (assumed mean of the city); the visits nearest to it are measured."""
VISITS: Final = 80
LARGE_BYTES: Final = 100_000_000
OUT: Final = Path("build/bench/adapters.json")
PEAK: Final = """
import sys
from pathlib import Path
from producers.adapter import Feed, Parsed
from producers.insurance_xml.listen import DIALECT
feed = Feed("x", "", "HIS", "insurance_xml", options=DIALECT.options().model_dump())
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
count = 0
for read in DIALECT.read(Path(sys.argv[1]), feed):
    if isinstance(read.parsed, Parsed):  # some dossiers of the city are faulty
        DIALECT.translator.translate(None, read.parsed, feed)
    count += 1
print(count, before, peak())
"""


class Report:
    """Rows of the report. A rate is per processor second."""

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.ratios: dict[str, float] = {}

    def rate(self, what: str, unit: str, count: int, work: Callable[[], Any]) -> float:
        best = float("inf")
        for _ in range(ROUNDS):
            collector.spare()  # as the role does
            began = time.process_time()
            work()
            best = min(best, time.process_time() - began)
        return self.add(what, count / best, unit, ROUNDS)

    def add(self, what: str, value: float, unit: str, runs: int) -> float:
        self.results.append({"what": what, "value": value, "unit": unit, "runs": runs})
        return value


class Written:
    """What the city wrote in one dialect, and the feed that reads it."""

    def __init__(self, name: str, folder: Path) -> None:
        alone = {CODE: name} if name in ONLY else {}
        city = City(4, 1, start=START, flaws=NONE, people=2_000, dialects=alone)
        write_folder(city, folder / name, name, FILES[name])
        self.name, self.dialect = name, dialect_of(name)
        self.files = sorted(p for p in (folder / name).iterdir() if p.name.lower().endswith(self.dialect.suffixes))
        mapping = {"mapping": str(folder / name / "mapping.yaml")} if name == "history_csv" else {}
        self.options = self.dialect.options.model_validate(mapping).model_dump()

    def feed(self, **options: Any) -> Feed:
        return Feed(f"{CODE}.bench", CODE, "BENCH", self.name, options=self.options | options)


def run(dialect: Dialect, feed: Feed, files: Sequence[Path], keys: Keys | None = None) -> tuple[int, int]:
    """Read, fold and translate; with `keys` compose the sealed events too. (messages, source rows)."""
    states: dict[str, State] = {}
    messages = rows = 0
    for path in files:
        for read in dialect.read(path, feed):
            messages += 1
            assert isinstance(read.parsed, Parsed)
            key = read.parsed.state_key or ""
            made = dialect.translator.translate(states.get(key), read.parsed, feed)
            rows += made.rows.read
            if key and made.state is not None:
                states[key] = made.state
            for part, outcome in enumerate(made.outcomes, 1):
                if keys is not None and isinstance(outcome, Document):
                    number = Number(feed.adapter_id, "0" * 16, messages, part, len(made.outcomes))
                    compose(
                        outcome, number, feed, keys,
                        captured_at=NOW, last_version=0, message_id=read.parsed.message_id, rows=made.rows,
                    )  # fmt: skip
    return messages, rows


def of_hl7(report: Report) -> None:
    """The figures of `tests.bench.hl7v2`, and the parser of the package `hl7` on the same messages."""
    found = hl7v2.measure()
    report.results += [row | {"what": f"hl7v2: {row['what']}", "runs": len(row["runs"])} for row in found["results"]]
    try:
        library = import_module("hl7")
    except ImportError:
        return
    payloads = [payload.decode() for _, _, payload in hl7v2.told(1_000)]
    raw = [text.encode() for text in payloads]
    theirs = report.rate(
        "hl7v2: package hl7 alone", "messages/s", len(raw), lambda: [library.parse(t) for t in payloads]
    )
    ours = report.rate("hl7v2: parse and envelope, same messages", "messages/s", len(raw), lambda: hl7v2.read_all(raw))
    report.ratios["hl7v2 parse and envelope / package hl7"] = ours / theirs


def of_fhir(report: Report, folder: Path, keys: Keys) -> None:
    """Resources a second, and the library's own models on the same Bundles."""
    from fhir.resources.R4B.bundle import Bundle

    written = Written("fhir", folder)
    raw = [path.read_bytes() for path in written.files]
    count = sum(len(orjson.loads(one)["entry"]) for one in raw)
    rates = {}
    for profile in ("light", "full"):
        work = partial(run, written.dialect, written.feed(profile=profile), written.files, keys)
        rates[profile] = report.rate(f"fhir: {profile}, to sealed events", "resources/s", count, work)
    theirs = report.rate(
        "fhir: fhir.resources alone", "resources/s", count, lambda: [Bundle.model_validate_json(one) for one in raw]
    )
    report.ratios |= {f"fhir {profile} / fhir.resources": rate / theirs for profile, rate in rates.items()}


def of_dicom(report: Report, folder: Path, keys: Keys) -> None:
    import pydicom

    written = Written("dicom", folder)
    count = len(written.files)
    ours = report.rate(
        "dicom: to sealed events", "files/s", count, lambda: run(written.dialect, written.feed(), written.files, keys)
    )
    alone = report.rate(
        "dicom: read and translated", "files/s", count, lambda: run(written.dialect, written.feed(), written.files)
    )

    def theirs() -> None:
        for path in written.files:
            read = pydicom.dcmread(path, stop_before_pixels=True)
            assert [element.value for element in read]

    library = report.rate("dicom: pydicom.dcmread, all values", "files/s", count, theirs)
    report.ratios |= {"dicom translated / pydicom": alone / library, "dicom sealed / pydicom": ours / library}


def of_csv(report: Report, folder: Path, keys: Keys) -> None:
    written = Written("history_csv", folder)
    count = FILES["history_csv"]
    ours = report.rate(
        "history_csv: to sealed events",
        "rows/s",
        count,
        lambda: run(written.dialect, written.feed(), written.files, keys),
    )
    alone = report.rate(
        "history_csv: read and translated", "rows/s", count, lambda: run(written.dialect, written.feed(), written.files)
    )

    def theirs() -> None:
        for path in written.files:
            with path.open(encoding="utf-8", newline="") as file:
                assert all(len(row) == len(history_csv.COLUMNS) for row in csv.reader(file, delimiter=";"))

    library = report.rate("history_csv: csv.reader alone", "rows/s", count, theirs)
    report.ratios |= {
        "history_csv translated / csv.reader": alone / library,
        "history_csv sealed / translated": ours / alone,
    }


def of_xml(report: Report, folder: Path, keys: Keys) -> None:
    written = Written("insurance_xml", folder)
    rows_of = {path: run(written.dialect, written.feed(), [path])[1] for path in written.files}
    files = sorted(written.files, key=lambda path: abs(rows_of[path] - ROWS))[:VISITS]
    report.add("insurance_xml: rows of a visit", sum(rows_of[path] for path in files) / len(files), "rows", 1)
    sealed = partial(run, written.dialect, written.feed(), files, keys)
    ours = report.rate("insurance_xml: to sealed events", "visits/s", len(files), sealed)
    translated = partial(run, written.dialect, written.feed(), files)
    alone = report.rate("insurance_xml: read and translated", "visits/s", len(files), translated)
    report.ratios["insurance_xml sealed / translated"] = ours / alone
    large = folder / "large.xml"
    count = grown(files, large)
    told = subprocess.run([sys.executable, "-c", PEAK, str(large)], capture_output=True, text=True, check=True).stdout
    seen, before, peak = map(int, told.split())
    assert count == seen
    report.add("insurance_xml: file of 100 MB, peak memory", peak / 1024, "MiB", 1)
    report.add("insurance_xml: of it above an idle process", (peak - before) / 1024, "MiB", 1)


def grown(files: Sequence[Path], target: Path) -> int:
    """One file of at least `LARGE_BYTES` with the HOSO of these files again and again; how many it holds."""
    raw = [path.read_bytes() for path in files]
    dossiers = [one[one.index(b"<HOSO>") : one.rindex(b"</HOSO>") + len(b"</HOSO>")] for one in raw]
    head, tail = raw[0][: raw[0].index(b"<HOSO>")], raw[0][raw[0].rindex(b"</HOSO>") + len(b"</HOSO>") :]
    times = LARGE_BYTES // sum(map(len, dossiers)) + 1
    count = times * len(dossiers)
    with target.open("wb") as file:
        file.write(head.replace(b"<SOLUONGHOSO>1<", b"<SOLUONGHOSO>%d<" % count))
        for _ in range(times):
            file.writelines(dossiers)
        file.write(tail)
    return count


def show(report: Report) -> None:
    table = Table("what", "value", "unit")
    for row in report.results:
        table.add_row(str(row["what"]), f"{row['value']:,.0f}", str(row["unit"]))
    for name, value in report.ratios.items():
        table.add_row(name, f"{value:.2f}", "ratio")
    Console().print(table)


def main() -> None:
    kafka.producer = partial(kafka.producer, log_level=0)  # no broker is there, and it would tell
    report = Report()
    keys = Keys.of(keyring.create([CODE]), CODE)
    with tempfile.TemporaryDirectory() as name:
        of_hl7(report)
        for part in (of_fhir, of_dicom, of_csv, of_xml):
            part(report, Path(name), keys)
    versions = {
        name: version(name) for name in ("fhir.resources", "pydicom", "lxml", "orjson", "fastavro", "cryptography")
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    made = {"machine": machine(), "versions": versions, "results": report.results, "ratios": report.ratios}
    OUT.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    show(report)


if __name__ == "__main__":
    main()
