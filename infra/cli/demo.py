"""`livingdata demo`: the whole city on this machine."""

import asyncio
import signal
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.live import Live

from infra.demo import engines
from infra.demo.answers import QUESTIONS, answer, ledger_table
from infra.demo.picture import picture
from infra.demo.show import Demo, Options, Start
from infra.demo.stage import start_engines
from runtime import logs
from runtime.admin import KafkaAway
from sinks.clickhouse.client import Away

_REFRESH = 0.5
_EXAMPLE = "SELECT * FROM visit_counts LIMIT 10"


class Dialects(StrEnum):
    usual = "usual"
    all = "all"


def add(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    seconds: Annotated[float, typer.Option(min=1, max=86_400, help="How long the city sends.")] = 30,
    facilities: Annotated[int, typer.Option(min=1, max=42, help="How many of the 42 hospitals.")] = 42,
    rate: Annotated[float, typer.Option(min=0, help="Events (parts) a second; 0: as fast as it goes.")] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same city.")] = 1,
    dialects: Annotated[
        Dialects,
        typer.Option(help="usual: insurance XML and HL7 v2; all: some hospitals speak FHIR, DICOM or CSV alone."),
    ] = Dialects.usual,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder; otherwise a temporary one, removed at the end.")
    ] = None,
    picture_file: Annotated[
        Path | None, typer.Option("--picture", help="Save the last picture and the answers as SVG.")
    ] = None,
    stack: Annotated[
        bool, typer.Option("--stack", help="On the real Kafka, registry, Redis and ClickHouse of `make stack`.")
    ] = False,
    stack_data: Annotated[Path, typer.Option(help="The folder that stack was started on.")] = Path("build/stack/data"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="With --stack: delete the records that the house's topics hold.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Stay open at the end, for questions of your own.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
) -> None:
    """The whole city on this machine: 42 simulated hospitals send real formats, and the books must balance.

    Starts an in-memory Kafka, Redis and ClickHouse, the adapter, the worker and the sink; shows what arrives; ends by
    itself with the ledger beside the city's own books. Ctrl-C ends it early, with the same summary. Exit 1 where the
    ledger does not balance or differs from the books.

    With --stack the same city sends to a real Kafka: the house's topics are made anew (they must be empty, or --fresh),
    ClickHouse's database `demo` and Redis's database 9 are the demo's own and are emptied at each start.
    """
    began = time.monotonic()
    logs.configure("demo", "ERROR")
    console = Console(stderr=json, quiet=json, record=picture_file is not None)
    with ExitStack() as exits:
        folder = data or Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="livingdata-")))
        options = Options(seconds, facilities, rate, seed, every_dialect=dialects is Dialects.all)
        start = _engines(stack_data, fresh) if stack else start_engines
        made = asyncio.run(_show(Demo(options, folder, began, start), console, keep and not json, stack))
    if picture_file is not None:
        console.save_svg(str(picture_file), title="livingdata demo")
    if report is not None:
        report.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    if json:
        print(orjson.dumps(made, option=orjson.OPT_INDENT_2).decode())
    well = not made["differences"] and made["totals"]["missing"] == 0
    if not well:
        for line in made["differences"][:20]:
            console.print(f"[red]{line}[/red]")
    raise typer.Exit(0 if well else 1)


def _engines(stack_data: Path, fresh: bool) -> Start:
    try:
        return engines.running(stack_data, fresh=fresh)
    except (engines.StackInUse, KafkaAway) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _show(demo: Demo, console: Console, keep: bool, stack: bool) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, demo.stop)
    if not stack:
        console.print("Kafka nhúng giữ mọi thứ trong bộ nhớ và quên dần; chỉ để thử.")
        console.print("The embedded Kafka keeps everything in memory and forgets the oldest: for trying out only.\n")
    async with AsyncExitStack() as exits:
        with console.status("đang khởi động / starting …"):
            await exits.enter_async_context(demo)
        with Live(console=console, auto_refresh=False, transient=True) as live:
            drawing = asyncio.create_task(_draw(demo, live, console))
            try:
                made = await demo.run()
            finally:
                drawing.cancel()
                await asyncio.gather(drawing, return_exceptions=True)
        await _summary(demo, made, console)
        if keep:
            await _hold(demo, console)
    return made


async def _draw(demo: Demo, live: Live, console: Console) -> None:
    while True:
        live.update(picture(demo, console.height), refresh=True)
        await asyncio.sleep(_REFRESH)


async def _summary(demo: Demo, made: dict[str, Any], console: Console) -> None:
    console.print(picture(demo, console.height))
    console.print(ledger_table(made))
    for question in QUESTIONS:
        try:
            rows = await asyncio.to_thread(demo.watch.ask, question.sql) if demo.watch is not None else []
        except Away as error:
            console.print(f"[red]{question.en}: {error}[/red]")
            continue
        console.print(answer(question, rows))
    latency = made["latency_ms"]
    if latency["p50"] is not None:
        console.print(
            f"{made['events_per_second']} phần/giây (parts/s); từ lúc nhận đến lúc hỏi được (capture to queryable): "
            f"p50 {latency['p50']} ms, p95 {latency['p95']} ms, p99 {latency['p99']} ms; "
            f"bộ nhớ (memory) {made['peak_pss_mib']:.0f} MiB; dòng đầu tiên sau (first row after) "
            f"{made['seconds_to_first_row']} s"
        )
    history = made["history_latency_ms"]
    if history["p50"] is not None:
        console.print(
            "dữ liệu cũ nhường đường (history, which gives way): "
            f"p50 {history['p50']} ms, p95 {history['p95']} ms, p99 {history['p99']} ms"
        )


async def _hold(demo: Demo, console: Console) -> None:
    """Until Ctrl-C."""
    if demo.engines is None:
        return
    console.print(f"\nClickHouse: {demo.engines.clickhouse}")
    where = "" if demo.engines.database == "default" else f"LIVINGDATA_DATABASE={demo.engines.database} "
    console.print(f'  {where}livingdata sql --url {demo.engines.clickhouse} "{_EXAMPLE}"')
    console.print("Ctrl-C để kết thúc / to end")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
