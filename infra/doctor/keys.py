"""Key pairs: what an adapter seals, a worker must open. Keys are compared, never told."""

import hmac
from pathlib import Path
from typing import Final

from infra.doctor.finding import Finding, failed, named, ok
from infra.doctor.places import Places
from runtime import keyring
from runtime.keyring import WORKER, Keyring, KeyringError
from runtime.seal import SealBroken, seal, unseal
from schemas.numbers import REPLAY

_CITY: Final = (WORKER, REPLAY)
_PROBE: Final = b"livingdata doctor"


def examine(places: Places) -> list[Finding]:
    found: list[Finding] = []
    adapter = worker = None
    if places.adapter is not None:
        adapter, said = _load("adapter", places.adapter.keyring)
        found += said
    if places.processor is not None:
        worker, said = _load("processor", places.processor.keyring)
        found += said
    facilities = sorted({feed.facility for feed in places.feeds})
    if adapter is not None:
        found += adapters(adapter, facilities)
    if worker is not None:
        found += workers(worker)
    if adapter is not None and worker is not None:
        found += pairs(adapter, worker, facilities)
    return found


def _load(role: str, path: Path) -> tuple[Keyring | None, list[Finding]]:
    try:
        ring = keyring.load(path)
        mode = path.stat().st_mode & 0o777
    except (KeyringError, OSError) as error:
        said = str(error) if isinstance(error, KeyringError) else "cannot be read"
        return None, [
            failed(
                "keys",
                role,
                f"vòng khóa không dùng được: {said}",
                f"the keyring cannot be used: {said}",
                "lấy lại tệp khóa từ bản sao lưu; khóa giả danh đã mất thì không tạo lại được",
                "restore the keyring from its backup; a lost pseudonym key cannot be made again",
            )
        ]
    if mode & 0o077:
        return ring, [
            failed(
                "keys",
                role,
                f"tệp khóa mở cho người khác đọc ({mode:o})",
                f"the keyring is open to others ({mode:o})",
                "chmod 600 tệp khóa",
                "chmod 600 the keyring",
            )
        ]
    return ring, [ok("keys", role, "vòng khóa đọc được, chỉ chủ đọc", "the keyring is readable, by its owner only")]


def adapters(ring: Keyring, facilities: list[str]) -> list[Finding]:
    """An adapter holds the keys of its facilities, and none of the city's."""
    found = []
    without = [name for name in facilities if not _has(ring, name)]
    if without:
        found.append(
            failed(
                "keys",
                "adapter",
                f"thiếu khóa của {named(without)}",
                f"keys are missing for {named(without)}",
                "cấp vòng khóa của các cơ sở này cho bộ kết nối",
                "give the adapter the keyring of these facilities",
            )
        )
    if ring.citizen is not None or any(key.owner in _CITY for key in ring.seal.values()):
        found.append(
            failed(
                "keys",
                "adapter",
                "bộ kết nối giữ khóa của thành phố",
                "the adapter holds keys of the city",
                "chỉ giao cho bộ kết nối khóa của cơ sở nó phục vụ; đổi các khóa đã lộ",
                "give it the keys of its own facilities only; rotate the keys it has seen",
            )
        )
    return found


def _has(ring: Keyring, facility: str) -> bool:
    return facility in ring.pseudonym and any(key.owner == facility for key in ring.seal.values())


def workers(ring: Keyring) -> list[Finding]:
    """A worker needs the city's keys: its own, the replay adapter's, the citizens'."""
    missing = [name for name in _CITY if not any(key.owner == name for key in ring.seal.values())]
    missing += ["citizen"] if ring.citizen is None else []
    if not missing:
        return [ok("keys", "processor", "đủ khóa worker, replay, citizen", "worker, replay and citizen keys are there")]
    return [
        failed(
            "keys",
            "processor",
            f"vòng khóa thành phố thiếu: {named(missing)}",
            f"the city's keyring lacks: {named(missing)}",
            "dùng vòng khóa của thành phố, không phải của một cơ sở",
            "use the city's keyring, not that of a facility",
        )
    ]


def pairs(adapter: Keyring, worker: Keyring, facilities: list[str]) -> list[Finding]:
    """What each facility seals now, the worker opens; and both make the same pseudonyms."""
    unread = [name for name in facilities if _has(adapter, name) and not _opens(adapter, worker, name)]
    others = [name for name in facilities if not _same(adapter, worker, name)]
    found = []
    if unread:
        found.append(
            failed(
                "keys",
                "pairs",
                f"worker không mở được niêm phong của {named(unread)}",
                f"the worker cannot open what {named(unread)} seal",
                "đưa khóa niêm phong mới của cơ sở vào vòng khóa thành phố TRƯỚC khi bộ kết nối dùng nó",
                "put the facility's new seal key into the city's keyring BEFORE its adapter uses it",
            )
        )
    if others:
        found.append(
            failed(
                "keys",
                "pairs",
                f"khóa giả danh hai bên khác nhau: {named(others)}",
                f"the two sides' pseudonym keys differ: {named(others)}",
                "khôi phục khóa giả danh gốc của cơ sở: khóa khác sẽ tách đôi hồ sơ của mỗi người bệnh",
                "restore the facility's original pseudonym key: another one splits every patient's records in two",
            )
        )
    count = len(facilities)
    good = ok("keys", "pairs", f"{count} cặp khóa khớp", f"{count} key pairs fit")
    return found or [good]


def _opens(adapter: Keyring, worker: Keyring, facility: str) -> bool:
    key = adapter.sealing(facility)
    theirs = worker.seal.get(key.id)
    if theirs is None or theirs.owner != facility:
        return False
    try:
        return unseal(theirs, seal(key, _PROBE, _PROBE), _PROBE) == _PROBE
    except SealBroken:
        return False


def _same(adapter: Keyring, worker: Keyring, facility: str) -> bool:
    ours, theirs = adapter.pseudonym.get(facility, b""), worker.pseudonym.get(facility, b"")
    return not ours or hmac.compare_digest(ours, theirs)
