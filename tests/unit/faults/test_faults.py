"""What is done to a city follows from the seed; the proxy does to a connection what a bad network does."""

import asyncio
from pathlib import Path

import pytest

from infra.embedded.process import free_port
from infra.embedded.supervisor import Supervisor
from tests.faults.faults import BROKERS, Fault, inflict, plan, plan_stack
from tests.faults.proxy import HOST, Proxy


def test_the_same_seed_is_the_same_round() -> None:
    assert plan_stack(7, 25) == plan_stack(7, 25) != plan_stack(8, 25)
    assert plan(7, 10) == plan(7, 10) != plan(8, 10)


def test_every_sort_of_fault_has_its_turn() -> None:
    done = {(fault.what, fault.role) for seed in range(200) for fault in plan_stack(seed, 25)}
    assert {"kill", "pause", "cut", "slow", "full", "jump", "lose", "down"} == {what for what, _ in done}
    assert {*BROKERS, "redis"} == {role for what, role in done if what == "lose"}
    assert all(2 == len(set(role.split("+"))) for what, role in done if what == "down")


async def test_a_process_that_is_not_there_is_spared(tmp_path: Path) -> None:
    fault = Fault(0, "sink", "kill")
    assert [f"{fault} (was down)"] == await inflict(Supervisor(tmp_path), [fault])


async def test_what_ends_while_another_goes_on_is_not_over(tmp_path: Path) -> None:
    first, second = Fault(0, "a", "wait"), Fault(0, "b", "wait")
    ended, over = asyncio.Event(), []

    async def wait(fault: Fault) -> bool:
        if fault is second:
            ended.set()
        else:
            await ended.wait()
        return True

    async def note(fault: Fault) -> bool:
        over.append(fault)
        return True

    assert [str(first), str(second)] == await inflict(Supervisor(tmp_path), [first, second], {"wait": wait}, note)
    assert [first] == over


@pytest.fixture
async def echo() -> int:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    port = free_port()
    await asyncio.start_server(answer, HOST, port)
    return port


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(b"hello")
        return await reader.read(100)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_cut_ends_what_is_open_and_what_comes_until_it_heals(echo: int) -> None:
    proxy = Proxy(free_port(), echo)
    await proxy.start()
    assert b"hello" == await ask(proxy.port)
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    writer.write(b"a")
    assert b"a" == await reader.read(10)
    proxy.cut()
    with pytest.raises((ConnectionError, EOFError)):
        await reader.readexactly(1)
    writer.close()
    assert b"" == await ask(proxy.port)
    proxy.slow(0.001)
    proxy.heal()
    assert b"hello" == await ask(proxy.port)
    await proxy.stop()
