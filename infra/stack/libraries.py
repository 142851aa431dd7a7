"""The jars: resolved by Maven from its central repository as `pom.xml` pins them, once."""

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).with_name("pom.xml")
OLDEST_JAVA: Final = 17
_MAVEN_SECONDS: Final = 900
_QUOTED: Final = 2000


class Missing(Exception):
    """What this machine lacks for a real stack, and what to do."""


def lacking() -> str | None:
    """Why no real stack can run here, None if one can: Java 17, Maven."""
    for name in ("java", "mvn"):
        if shutil.which(name) is None:
            return f"`{name}` is not on the path"
    found = java_version()
    if found < OLDEST_JAVA:
        return f"Java {found} is too old, {OLDEST_JAVA} is needed"
    return None


def java_version() -> int:
    """The major version of `java`, 0 if it does not say."""
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def resolve(into: Path, *, registry: bool) -> None:
    """Put the jars below `into` unless they are there already; `Missing` where that cannot be.

    A folder that another pom filled is emptied first: two versions of one library on a class path are a riddle.
    """
    wanted = sha256(POM.read_bytes()).hexdigest()
    parts = ["lib", "registry"] if registry else ["lib"]
    missing = [part for part in parts if not _is_current(into / part, wanted)]
    if not missing:
        return
    why = lacking()
    if why is not None:
        raise Missing(f"no real stack on this machine: {why}")
    for part in missing:
        shutil.rmtree(into / part, ignore_errors=True)
    into.mkdir(parents=True, exist_ok=True)
    argv = ["mvn", "-B", "-q", "-f", str(POM), "generate-resources", f"-Dinto={into.resolve()}"]
    if registry:
        argv += ["-P", "registry"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_MAVEN_SECONDS)
    if done.returncode != 0:
        raise Missing(f"Maven could not fetch the jars:\n{(done.stdout + done.stderr)[:_QUOTED]}")
    for part in missing:
        _stamp(into / part).write_text(wanted)


def registry_jar(libraries: Path) -> Path:
    """The registry's runner; `Missing` if it was not resolved."""
    found = sorted((libraries / "registry").glob("*-runner.jar"))
    if not found:
        raise Missing("the registry's jar is not there")
    return found[0]


def _stamp(folder: Path) -> Path:
    return folder / ".pom.sha256"


def _is_current(folder: Path, wanted: str) -> bool:
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_text() == wanted
