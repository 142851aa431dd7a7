"""Coverage-guided fuzzing of every dialect: `make fuzz SECONDS=60`. libFuzzer through atheris, a process per dialect.

It begins with the golden inputs and what earlier runs found interesting (build/fuzz/<dialect>/corpus). An input that is
a fault, takes longer than TIMEOUT seconds or more than MEMORY MiB is left in build/fuzz/<dialect>/ and the exit code
is 1: mend it, and put it under tests/fuzz/found/<dialect>/, which the fast suite runs again.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

from tests.fuzz.seeds import TOKENS, seeds

DIALECTS: Final = tuple(TOKENS)
PLACE: Final = Path("build/fuzz")
LARGEST: Final = 64 << 10
TIMEOUT: Final = 10
MEMORY: Final = 1024


def fuzz(name: str, seconds: int) -> None:
    """Never returns: libFuzzer ends the process."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    with atheris.instrument_imports(include=["producers"]):
        from tests.fuzz.target import Target

        target = Target(name, Path(folder.name))  # loads the dialect's modules
    corpus = _corpus(name)
    words = PLACE / name / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in TOKENS[name]))
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-artifact_prefix={PLACE / name}/",
        f"-dict={words}",
        f"-max_len={LARGEST}",
        f"-max_total_time={seconds}",
        f"-rss_limit_mb={MEMORY}",
        f"-timeout={TIMEOUT}",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup(arguments, lambda data: target.run(data))
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _corpus(name: str) -> Path:
    corpus = PLACE / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"golden-{number}").write_bytes(seed)
    return corpus


def all_of_them(names: list[str], seconds: int) -> int:
    """The exit code; `seconds` is for all of them together."""
    failed = []
    for name in names:
        share = max(seconds // len(names), 1)
        print(f"{name}: {share} s", flush=True)
        log = PLACE / name / "log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as told:
            one = [sys.executable, "-m", "tests.fuzz", name, "--alone", "--seconds", str(share)]
            ended = subprocess.run(one, stdout=told, stderr=subprocess.STDOUT, check=False)
        lines = log.read_text(errors="replace").splitlines()
        if ended.returncode != 0:
            failed.append(name)
            lines = lines[-40:]
        else:
            lines = [line for line in lines if line.startswith("stat::number_of_executed_units")] + lines[-1:]
        print(*lines, sep="\n", flush=True)
    if failed:
        print(f"faults found: {', '.join(failed)}; see {PLACE}/<dialect>/", flush=True)
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("dialects", nargs="*", help="all where none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for all dialects together")
    parser.add_argument("--alone", action="store_true", help="one dialect, in this process")
    given = parser.parse_args()
    if unknown := set(given.dialects) - set(DIALECTS):
        parser.error(f"no such dialect: {', '.join(sorted(unknown))}")
    if given.alone:
        fuzz(given.dialects[0], given.seconds)
    return all_of_them(given.dialects or list(DIALECTS), given.seconds)


if __name__ == "__main__":
    sys.exit(main())
