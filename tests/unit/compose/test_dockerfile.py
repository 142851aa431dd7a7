"""Rules for `infra/Dockerfile` that a reader may rely on."""

import re
from typing import Final

import pytest

from tests.unit.compose.model import INFRA

REPOSITORY: Final = INFRA.parent
FILE: Final = INFRA / "Dockerfile"


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, the rest), continued lines joined, comments left out."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1].strip()) for line in joined.splitlines() if line]


LINES: Final = instructions(FILE.read_text(encoding="utf-8"))


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, rest in LINES:
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


def values(stage: list[tuple[str, str]], instruction: str) -> list[str]:
    return [rest for name, rest in stage if name == instruction]


def test_two_stages_on_one_pinned_base() -> None:
    bases = [values(stage, "FROM")[0] for stage in stages()]
    assert [True, True] == [re.match(r"python:\d+\.\d+\.\d+-slim-\w+ AS \w+$", base) is not None for base in bases]
    assert 1 == len({base.split()[0] for base in bases})


def test_the_role_is_not_root_and_holds_no_build_tools() -> None:
    role = stages()[-1]
    assert ["10001:10001"] == values(role, "USER")
    assert [] == [rest for rest in values(role, "RUN") if re.search(r"\b(pip|uv|apt-get|gcc)\b", rest)]
    assert ["--from=build /app/.venv /app/.venv"] == values(role, "COPY")


def test_the_build_stops_without_the_compiled_stream() -> None:
    checks = [rest for rest in values(stages()[0], "RUN") if "refuse_unsafe_faust()" in rest]
    assert 1 == len(checks)
    assert values(stages()[0], "RUN")[-1] == checks[0]


def test_libraries_come_from_the_lock_file() -> None:
    synced = [rest for rest in values(stages()[0], "RUN") if "uv sync" in rest]
    assert 2 == len(synced)
    assert all("--frozen" in rest and "--no-dev" in rest for rest in synced)
    assert re.search(r"uv==\d+\.\d+\.\d+", " ".join(values(stages()[0], "RUN")))


def test_whatever_is_copied_is_there_and_not_ignored() -> None:
    kept = {line[1:] for line in (INFRA / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {one for rest in values(stages()[0], "COPY") for one in rest.split()[:-1]}
    assert [] == [one for one in sources if not (REPOSITORY / one).exists()]
    assert sources == kept


@pytest.mark.parametrize("instruction", ["ADD", "MAINTAINER"])
def test_what_is_better_left(instruction: str) -> None:
    assert [] == [rest for name, rest in LINES if name == instruction]


def test_nothing_secret_is_baked_in() -> None:
    for name, rest in LINES:
        if name in ("ENV", "ARG"):
            assert re.search(r"PASSWORD|SECRET|TOKEN|KEY", rest) is None


def test_lines_are_joined_and_comments_left_out() -> None:
    assert [("RUN", "a   && b"), ("USER", "1")] == instructions("# x\nRUN a \\\n && b\nuser 1\n")
