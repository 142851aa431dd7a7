"""Logs: JSON with fields by name; the text of an exception, ours or a library's, never appears."""

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from runtime import logs

CANARY = "Nguyễn Thị Hoàng Yến"


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Logging is of the whole process: what a test sets up ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def failed() -> ValueError:
    """An exception with a traceback, as it is caught."""
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        return error


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, err = capsys.readouterr()
    assert "" == out
    (only,) = err.splitlines()
    made: dict[str, Any] = json.loads(only)
    return made


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")
    logs.get("outbox").info("started", feeds=3, word="đủ")
    made = line(capsys)
    assert made.pop("timestamp").endswith("Z")
    assert {
        "event": "started", "role": "adapter", "room": "outbox", "level": "info", "feeds": 3, "word": "đủ",
    } == made  # fmt: skip


def test_a_level_below_the_chosen_one_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter", "WARNING")
    logs.get("outbox").info("started")
    assert ("", "") == capsys.readouterr()


def test_an_error_says_type_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")
    logs.get("outbox").error("failed", error=failed())
    assert line(capsys)["error"].startswith("ValueError failed:")


def test_an_error_that_was_never_raised_says_its_type(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")
    logs.get("outbox").error("failed", error=KeyError(CANARY), code="E1")
    assert {"error": "KeyError", "code": "E1"}.items() <= line(capsys).items()


def handled(write: Callable[[], None]) -> Callable[[], None]:
    def inside() -> None:
        try:
            raise ValueError(CANARY)
        except ValueError:
            write()

    return inside


OWN: dict[str, Callable[[], None]] = {
    "error": lambda: logs.get("a").error("failed", error=failed()),
    "another field": lambda: logs.get("a").error("failed", why=failed()),
    "the event itself": lambda: logs.get("a").error(failed()),  # type: ignore[arg-type]
    "in a list": lambda: logs.get("a").error("failed", why=[failed()]),
    "exc_info given": lambda: logs.get("a").error("failed", exc_info=failed()),
    "exc_info true": handled(lambda: logs.get("a").error("failed", exc_info=True)),
    "exception()": handled(lambda: logs.get("a").exception("failed")),
    "a path": lambda: logs.get("a").error("failed", path=Path(CANARY)),
}
LIBRARIES: dict[str, Callable[[], None]] = {
    "argument": lambda: logging.getLogger("lib").error("failed: %s", failed()),
    "argument as repr": lambda: logging.getLogger("lib").error("failed: %r", failed()),
    "named argument": lambda: logging.getLogger("lib").error("failed: %(why)s", {"why": failed()}),
    "the message itself": lambda: logging.getLogger("lib").error(failed()),
    "exc_info": lambda: logging.getLogger("lib").error("failed", exc_info=failed()),
    "exception()": handled(lambda: logging.getLogger("lib").exception("failed")),
    "stack": lambda: logging.getLogger("lib").error("failed", exc_info=failed(), stack_info=True),
}


@pytest.mark.parametrize("write", [*OWN.values(), *LIBRARIES.values()], ids=[*OWN, *(f"lib {x}" for x in LIBRARIES)])
def test_the_text_of_an_exception_never_appears(write: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")
    write()
    out, err = capsys.readouterr()
    assert CANARY not in out + err
    assert CANARY.encode("unicode_escape").decode() not in out + err
    assert 1 == len(err.splitlines())
    assert "ValueError" in err or "PosixPath" in err


def test_without_our_settings_it_would_appear(capsys: pytest.CaptureFixture[str]) -> None:
    """What the test above looks for is really there to be found."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    LIBRARIES["exc_info"]()
    assert CANARY in capsys.readouterr().err


def test_a_task_that_failed_unseen_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")

    async def lose() -> None:
        async def fail() -> None:
            raise ValueError(CANARY)

        asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()

    asyncio.run(lose())
    err = capsys.readouterr().err
    assert "Task exception was never retrieved: ValueError fail:" in err
    assert CANARY not in err


def test_an_ordinary_message_of_a_library_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("adapter")
    logging.getLogger("lib").warning("%d of %s", 3, "five")
    logging.getLogger("lib").warning("100 %")
    assert "3 of five\n100 %\n" == capsys.readouterr().err
