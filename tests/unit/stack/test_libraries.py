"""Fetching the jars, with a Maven that is a script."""

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from infra.stack import libraries
from infra.stack.libraries import Missing

_MAVEN = """#!/bin/sh
into=$(echo "$@" | sed 's/.*-Dinto=\\([^ ]*\\).*/\\1/')
mkdir -p "$into/lib" "$into/registry"
echo called >> "$into/calls"
echo "$@" > "$into/arguments"
"""
_JAVA = """#!/bin/sh
echo 'openjdk version "{version}" 2025-04-15' >&2
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with a Java 17 and a Maven on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    put(folder / "java", _JAVA.format(version="17.0.15"))
    put(folder / "mvn", _MAVEN)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def put(file: Path, script: str) -> None:
    file.write_text(script)
    file.chmod(0o755)


def test_they_are_fetched_once(tools: Path, tmp_path: Path) -> None:
    assert tools.exists()
    for _ in range(2):
        libraries.resolve(tmp_path / "into", registry=False)
    assert "called\n" == (tmp_path / "into/calls").read_text()
    assert "-P registry" not in (tmp_path / "into/arguments").read_text()


def test_the_registry_is_fetched_when_it_is_wanted(tools: Path, tmp_path: Path) -> None:
    assert tools.exists()
    libraries.resolve(tmp_path / "into", registry=False)
    libraries.resolve(tmp_path / "into", registry=True)
    assert "-P registry" in (tmp_path / "into/arguments").read_text()


def test_jars_of_another_pom_do_not_stay(tools: Path, tmp_path: Path) -> None:
    assert tools.exists()
    old = tmp_path / "into/lib/kafka-old.jar"
    old.parent.mkdir(parents=True)
    old.touch()
    (old.parent / ".pom.sha256").write_text("another")
    libraries.resolve(tmp_path / "into", registry=False)
    assert not old.exists()


def test_an_old_java_is_told(tools: Path, tmp_path: Path) -> None:
    put(tools / "java", _JAVA.format(version="11.0.2"))
    with pytest.raises(Missing, match="Java 11 is too old, 17"):
        libraries.resolve(tmp_path / "into", registry=False)


def test_what_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Missing, match="`java` is not on the path"):
        libraries.resolve(tmp_path / "into", registry=False)


def test_what_maven_says_is_quoted(tools: Path, tmp_path: Path) -> None:
    put(tools / "mvn", "#!/bin/sh\necho 'no such artifact'; exit 1\n")
    with pytest.raises(Missing, match="no such artifact"):
        libraries.resolve(tmp_path / "into", registry=False)


def test_every_version_is_pinned() -> None:
    names = {"m": "http://maven.apache.org/POM/4.0.0"}
    root = ET.parse(libraries.POM).getroot()  # noqa: S314 our own file
    versions = [one.text or "" for one in root.iterfind(".//m:version", names)]
    versions += [one.text or "" for one in root.iterfind("m:properties/*", names)]
    assert 6 < len(versions)
    assert [] == [text for text in versions if "SNAPSHOT" in text or "LATEST" in text or "[" in text]


def test_java_that_says_nothing_is_too_old(tools: Path) -> None:
    put(tools / "java", "#!/bin/sh\n")
    assert 0 == libraries.java_version()
    assert 0 == subprocess.run([tools / "java"], check=False).returncode
