"""When a soak is well, and when not."""

from tests.faults.soak import ROLES, Sample, verdict


def samples(memory: float = 0.0, lag: float = 0.0, parts: float = 0.0) -> list[Sample]:
    """Twelve, with so much growth at each."""
    return [
        Sample(at, dict.fromkeys(ROLES, 100 + memory * at), int(50 + lag * at), int(300 + parts * at))
        for at in range(12)
    ]


def ill(found: dict[str, tuple[str, str, bool]]) -> set[str]:
    return {name for name, (_, _, well) in found.items() if not well}


def test_what_stays_flat_is_well() -> None:
    assert set() == ill(verdict(samples(), rate=100))


def test_what_grows_is_not() -> None:
    assert {f"{role}, MiB" for role in ROLES} == ill(verdict(samples(memory=2), rate=100))
    assert {"lag, records"} == ill(verdict(samples(lag=100), rate=100))
    assert {"parts in ClickHouse"} == ill(verdict(samples(parts=50), rate=100))


def test_a_lag_below_a_few_seconds_is_none() -> None:
    assert set() == ill(verdict(samples(lag=20), rate=100))


def test_too_few_samples_say_nothing() -> None:
    assert {"samples"} == ill(verdict(samples()[:5], rate=100))
