"""The embedded Redis through the ordinary client."""

import socket
import sys
from pathlib import Path

import pytest
import redis

from infra.embedded import redis as embedded
from infra.embedded.redis import EmbeddedRedis, answers, command
from infra.embedded.supervisor import Role, Supervisor, free_port

pytestmark = pytest.mark.slow

# Claims each key for the first who asks, and says who holds it: the shape of the worker's script.
SCRIPT = """
local out = {}
for i, key in ipairs(KEYS) do
  local held = redis.call('GET', key)
  if held then out[i] = held else redis.call('SET', key, ARGV[i], 'PX', 60000); out[i] = false end
end
return out
"""


def test_a_script_claims_each_key_once(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        claim = client.register_script(SCRIPT)
        keys = [f"claim:{number}" for number in range(250)]
        assert [None] * 250 == claim(keys=keys, args=[f"a{number}" for number in range(250)])
        assert [f"a{number}".encode() for number in range(250)] == claim(keys=keys, args=["b"] * 250)
        assert 250 == client.dbsize()
        assert 0 < client.pttl("claim:0") <= 60_000


def test_nothing_is_evicted_and_all_is_kept(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
        assert wanted == {name: client.config_get(name)[name] for name in wanted}
        assert {"bind": "127.0.0.1"} == client.config_get("bind")
        assert {"dir": str(tmp_path)} == client.config_get("dir")
        client.set("kept", "yes")
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert b"yes" == client.get("kept")


async def test_it_runs_under_a_supervisor(tmp_path: Path) -> None:
    port = free_port()
    async with Supervisor(tmp_path) as city:
        await city.start(Role("redis", command(tmp_path / "redis", port), ready=lambda: answers(port)))
        with redis.Redis(port=port) as client:
            assert client.ping()
    assert not answers(port)


def test_without_any_server_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "server_executable", lambda: None)
    monkeypatch.setattr(embedded, "_has_fakeredis", lambda: False)
    with pytest.raises(RuntimeError, match="redis-server"):
        command(tmp_path, 1)


def test_the_stand_in_is_named_where_no_real_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "server_executable", lambda: None)
    monkeypatch.setattr(embedded, "_has_fakeredis", lambda: True)
    assert [sys.executable, "-m", "infra.embedded.redis", "--fake", "--port", "6379"] == command(tmp_path, 6379)


def test_the_stand_in_answers_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fakeredis")
    monkeypatch.setattr(embedded, "server_executable", lambda: None)
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        claim = client.register_script(SCRIPT)
        assert [None, None] == claim(keys=["a", "b"], args=["1", "2"])
        assert [b"1", b"2"] == claim(keys=["a", "b"], args=["3", "4"])
        # An error is an answer: the connection stays.
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            for _ in range(2):
                connection.sendall(b"*1\r\n$6\r\nNOSUCH\r\n")
                assert b"-" == connection.recv(1)
                connection.recv(4096)
    assert "slower" in (tmp_path / "redis.log").read_text()
