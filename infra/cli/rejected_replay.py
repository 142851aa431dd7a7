"""`livingdata rejected replay` and `show --unseal`: the commands that open originals, and so need the city's keyring."""

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.workbench import rejections
from infra.workbench.candidates import Candidate, Maker, Unable
from infra.workbench.explain import explained
from infra.workbench.fetch import Fetcher
from infra.workbench.forecast import Forecast, Forecaster, histogram
from infra.workbench.originals import Message, Original, Unopened, opened
from infra.workbench.replay import Opener, Sending, forecasts, not_thinned
from infra.workbench.sources import feed_finder
from producers import replay, replay_mend
from producers.feeds import feeds
from producers.outbox import OutboxInUse
from producers.replay_send import ReplaySender, Undelivered
from runtime import keyring, logs
from runtime.keyring import Keyring, KeyringError
from runtime.settings import ReplaySettings, SettingsError
from runtime.window import Window
from schemas import catalogues, topics
from schemas import rules as rulebook
from sinks.clickhouse.client import ClickHouse
from stream_processors.receive import Opened, receive
from stream_processors.rules import Rulebook

ANY_SIZE: Final = 1 << 31
_WHY: Final = {
    "no_key": ("khoá niêm phong không có trong chùm khoá", "the keyring lacks the key that sealed it"),
    "seal_broken": ("niêm phong không mở được", "the seal does not open"),
    "not_kept": ("bản gốc không được giữ", "the original was not kept"),
    "in_archive": ("bản gốc nằm ở kho của bộ kết nối: --archive", "the original lies in the adapter's archive: --archive"),
    "on_kafka": ("bản gốc chỉ còn trên Kafka: cần --kafka", "the original is on Kafka only: --kafka is needed"),
    "gone": ("bản gốc không còn", "the original is gone"),
    "not_a_document": ("không phải tài liệu", "it is no document"),
    "too_often": ("đã phát lại quá 5 lần", "replayed five times already: somebody must look at it"),
    "no_feed": ("không biết cách đọc định dạng này: khai feeds", "how to read it is not known: give its feed in the settings"),
    "no_document": ("không sinh tài liệu nào; có thể bỏ qua", "it yields no document; it may be discarded"),
    "erased": ("người bệnh đã yêu cầu xoá", "its patient was erased on request"),
    "partial_over_whole": (
        "tài liệu thiếu phần sẽ đè lên tài liệu đủ: gửi lại từ bệnh viện",
        "a partial document would take the place of a whole one: send it again from the hospital",
    ),
}  # fmt: skip
"""Why something cannot be sent, in both languages; what is not here is a reason of the table."""

log = logs.get("rejected")


def load_keyring(path: Path) -> Keyring:
    """The keyring of a file; SettingsError says what is wrong with it."""
    try:
        return keyring.load(path)
    except KeyringError as error:
        raise SettingsError(f"settings are wrong or missing:\n  keyring: {error}") from None


def unseal(
    client: ClickHouse, rows: Sequence[dict[str, Any]], ring: Keyring, archive: Path | None, purpose: str, who: str
) -> None:
    """Print originals to a person. The access is written down first: where it cannot be, nothing is shown."""
    for row, sealed in rejections.with_originals(client, rows):
        original = opened(row, sealed, ring, archive)
        if isinstance(original, Unopened):
            vi, en = _WHY[original.why]
            typer.echo(f"{vi} / {en}", err=True)
            raise typer.Exit(1)
        rejections.log_access(client, row, who, purpose)
        log.info("original_opened", number=row["number"], facility=row["facility"], opened_by=who, purpose=purpose)
        sys.stdout.flush()
        sys.stdout.buffer.write(_plain(original, ring))
        sys.stdout.buffer.flush()


def _plain(original: Original, ring: Keyring) -> bytes:
    """A source's own bytes as they came; a document as JSON, with what was sealed in it where that opens."""
    if isinstance(original, Message):
        return original.raw
    if isinstance(original, Unopened):
        return b""
    read = receive(original, ring, ANY_SIZE)
    body: dict[str, Any]
    if isinstance(read, Opened):
        body = {"event": read.event, "identity": read.identity, "narrative": read.narrative}
    else:
        body = {"event": read.event, "value": (original.value or b"").hex()}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a replay is asked to do."""

    mend: Path | None
    file: Path | None
    archive: Path | None
    dry_run: bool
    anyway: bool
    rate: float
    why: str
    json: bool


def run(client: ClickHouse, rows: Sequence[dict[str, Any]], settings: ReplaySettings, asked: Asked, who: str) -> int:
    """Foretell, and send what would be accepted. The exit code: 1 where something could not be sent."""
    ring = load_keyring(settings.keyring)
    console = Console(stderr=True, quiet=asked.json)
    with ExitStack() as stack:
        fetch = Fetcher(settings.kafka) if settings.kafka else None
        if fetch is not None:
            stack.callback(fetch.close)
        made = _foretold(client, rows, ring, settings, asked, Opener(ring, asked.archive, fetch), console)
        sending = [each for each in made if each.accepted or (asked.anyway and each.outcome == "rejected")]
        sent = 0
        if not asked.dry_run and sending:
            sent = _send(client, sending, ring, settings, asked, who, console)
    _tell(made, sent, asked)
    return 0 if asked.dry_run or sent == len(made) else 1


def _foretold(
    client: ClickHouse,
    rows: Sequence[dict[str, Any]],
    ring: Keyring,
    settings: ReplaySettings,
    asked: Asked,
    open_: Opener,
    console: Console,
) -> list[Forecast]:
    try:
        mend = replay_mend.load(asked.mend) if asked.mend else replay_mend.NOTHING
        replay.keys(ring, rows[0]["facility"])
        limit = topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES
        if settings.catalogues is not None:
            catalogues.adopt(catalogues.stored(settings.catalogues))
        own = rulebook.load(settings.rules) if settings.rules is not None else {}
        rules = Rulebook((rulebook.RULES | own).values(), settings.facility_groups)
        forecaster = Forecaster(ring, limit, rejections.erased(client), rules)
    except (replay_mend.MendError, rulebook.RuleError, catalogues.CatalogueError, KeyringError) as error:
        raise SettingsError(f"settings are wrong or missing:\n  {error}") from None
    find = feed_finder(feeds(settings.feeds))
    maker = Maker(ring, find, mend, replay.Retranslator(mend, _failed))
    make: Callable[[dict[str, Any], Original], Candidate] = maker
    if asked.file is not None:
        corrected = asked.file
        make = lambda row, _original: _corrected(maker, row, find(row), corrected)  # noqa: E731 - one line says it
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        found = forecasts(client, rows, open_, make, forecaster)
        return not_thinned(client, list(progress.track(found, len(rows), description="check")))


def _corrected(maker: Maker, row: dict[str, Any], found: Any, path: Path) -> Candidate:
    """The one message of a corrected file."""
    if found is None:
        return Unable(row, "no_feed")
    dialect, feed = found
    try:
        read = list(dialect.read(path, feed))
    except OSError as error:
        raise SettingsError(f"--file cannot be read: {error.strerror}") from None
    if len(read) != 1:
        raise SettingsError(f"--file: one message is expected, {len(read)} are in it")
    return maker.corrected(row, read[0].raw, read[0].parsed)


def _send(
    client: ClickHouse,
    sending: Sequence[Forecast],
    ring: Keyring,
    settings: ReplaySettings,
    asked: Asked,
    who: str,
    console: Console,
) -> int:
    keys = {facility: replay.keys(ring, facility) for facility in ring.pseudonym}
    limit = topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES
    window = Window(settings.kafka) if settings.embedded_kafka else None
    try:
        with (
            ReplaySender(settings.data, keys, settings.kafka, limit=limit, window=window) as sender,
            Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ):
            bar = progress.add_task("send", total=len(sending))
            send = Sending(client, sender, settings.kafka, who, asked.why)
            return send(sending, asked.rate, lambda count: progress.advance(bar, count))
    except OutboxInUse:
        raise SettingsError("--data: another replay works in this folder") from None
    except Undelivered as trouble:
        log.error("not_delivered", waiting=trouble.args[0], mend="bring Kafka back and run it again")
    except sqlite3.Error as error:
        log.error("outbox_failed", error=error, mend="check the disk and run it again")
    raise typer.Exit(1)


def _failed(error: Exception) -> None:
    log.error("translate_failed", error=error)


def _tell(made: Sequence[Forecast], sent: int, asked: Asked) -> None:
    rows = histogram(made)
    used: dict[int, int] = {}
    for each in made:
        for rule in getattr(getattr(each.candidate, "again", None), "used", ()):
            used[rule + 1] = used.get(rule + 1, 0) + 1
    if asked.json:
        said = {"parts": len(made), "sent": sent, "dry_run": asked.dry_run, "outcomes": rows, "rules_used": used}
        print(orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS).decode())
        return
    table = Table("", "lý do / reason", "quy tắc / rules", "phần / parts", "", header_style="bold")
    for row in rows:
        word = {"accepted": "sẽ được nhận / accepted", "rejected": "vẫn bị từ chối / rejected again"}
        shown = word.get(row["outcome"], "không gửi được / cannot be sent")
        table.add_row(shown, row["reason"], ", ".join(row["rules"]), str(row["parts"]), _meaning(row))
    Console().print(table)
    for rule, times in sorted(used.items()):
        print(f"rules.{rule}: {times} tài liệu được sửa / documents mended")
    print("chạy thử, chưa gửi gì / dry run, nothing was sent" if asked.dry_run else f"{sent} đã phát lại / replayed")


def _meaning(row: dict[str, Any]) -> str:
    if row["reason"] in _WHY:
        return os.linesep.join(_WHY[row["reason"]])
    return os.linesep.join(f"{each.vi}\n{each.en}" for each in explained(row["reason"], row["rules"])[-1:])
