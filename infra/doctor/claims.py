"""Redis: does it answer, may it forget claims, does it keep them on disk, what time is it there."""

from infra.doctor.clocks import Reading, judge
from infra.doctor.finding import Finding, failed, ok, warning
from infra.doctor.places import Places
from runtime.clock import now_ms
from stream_processors.state import RedisAway, RedisState, describe


def examine(places: Places) -> list[Finding]:
    if not places.redis:
        return []
    before = now_ms()
    try:
        state = describe(places.redis)
    except RedisAway as error:
        return [
            failed(
                "redis",
                "server",
                f"Redis không trả lời: {error}",
                f"Redis does not answer: {error}",
                "kiểm tra địa chỉ `redis`; worker chờ tới khi Redis trở lại",
                "check `redis`; workers wait until it is back",
            )
        ]
    found = verdict(state)
    if state.at_ms is not None:
        found.append(judge(Reading("redis", state.at_ms, before, now_ms())))
    return found


def verdict(state: RedisState) -> list[Finding]:
    """Of what it said of itself. A claim that is evicted makes a duplicate an amendment."""
    said = f"Redis {state.version}, {state.keys} khóa / keys"
    found = [ok("redis", "server", said, said)]
    if state.policy not in ("noeviction", None):
        found.append(
            failed(
                "redis",
                "maxmemory-policy",
                f"{state.policy}: Redis được phép xóa bản ghi đã nhận",
                f"{state.policy}: Redis may throw claims away",
                "CONFIG SET maxmemory-policy noeviction (và trong tệp cấu hình)",
                "CONFIG SET maxmemory-policy noeviction (and in its file)",
            )
        )
    elif state.policy is not None:
        found.append(ok("redis", "maxmemory-policy", "noeviction", "noeviction"))
    if state.appendonly is False:
        found.append(
            warning(
                "redis",
                "appendonly",
                "không ghi ra đĩa: khởi động lại là mất các bản ghi đã nhận",
                "nothing is kept on disk: a restart loses the claims",
                "CONFIG SET appendonly yes; sau khi mất: livingdata claims rebuild",
                "CONFIG SET appendonly yes; after a loss: livingdata claims rebuild",
            )
        )
    share = state.used_bytes / state.max_bytes if state.max_bytes else 0.0
    if share > 0.8:
        found.append(
            warning(
                "redis",
                "memory",
                f"đã dùng {share:.0%} bộ nhớ cho phép",
                f"{share:.0%} of its memory is used",
                "tăng maxmemory; đầy thì worker dừng chờ",
                "raise maxmemory; once it is full the workers wait",
            )
        )
    return found
