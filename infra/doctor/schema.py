"""The registry: does it know every schema of this release, with every subject FULL_TRANSITIVE."""

from infra.doctor.finding import Finding, failed, named, ok
from infra.doctor.places import Places
from runtime import registry
from runtime.registry import COMPATIBILITY, NotRegistered, Registry, RegistryAway, RegistryRefused


def examine(places: Places) -> list[Finding]:
    if not places.registry:
        if not places.roles:
            return []
        return [ok("registry", "lock file", "mã lược đồ theo bản phát hành", "schema ids are those of the release")]
    try:
        return _ask(Registry(places.registry))
    except (RegistryAway, RegistryRefused) as error:
        return [
            failed(
                "registry",
                "server",
                f"kho lược đồ không trả lời: {error}",
                f"the registry does not answer: {error}",
                "kiểm tra địa chỉ `registry`; vai trò đã chạy vẫn dùng mã đã nhớ",
                "check `registry`; roles that have run before start with the ids they remember",
            )
        ]


def _ask(asked: Registry) -> list[Finding]:
    texts = registry.texts()
    absent: list[str] = []
    unfit: list[str] = []
    for name, text in texts.items():
        try:
            asked.look_up({name: text})
        except NotRegistered:
            (absent if asked.fits(name, text) else unfit).append(name)
    subjects = sorted({registry.subject_of(name) for name in texts})
    loose = [subject for subject in subjects if asked.compatibility(subject) != COMPATIBILITY]
    return verdict(len(texts), absent, unfit, loose)


def verdict(count: int, absent: list[str], unfit: list[str], loose: list[str]) -> list[Finding]:
    """`absent` are not registered yet, `unfit` could not be, `loose` subjects allow what would break readers."""
    found = []
    if unfit:
        found.append(
            failed(
                "registry",
                "compatibility",
                f"không tương thích với bản đã đăng ký: {named(unfit)}",
                f"not compatible with what is registered: {named(unfit)}",
                "kho này thuộc một dòng phát hành khác; không ép đăng ký, hãy hỏi người vận hành",
                "this registry belongs to another line of releases; do not force it, find out which",
            )
        )
    if absent:
        found.append(
            failed(
                "registry",
                "schemas",
                f"chưa đăng ký: {named(absent)}",
                f"not registered: {named(absent)}",
                "livingdata schemas register",
                "livingdata schemas register",
            )
        )
    if loose:
        found.append(
            failed(
                "registry",
                "level",
                f"không ở mức {COMPATIBILITY}: {named(loose)}",
                f"not {COMPATIBILITY}: {named(loose)}",
                "livingdata schemas register",
                "livingdata schemas register",
            )
        )
    said = (f"{count} lược đồ đã đăng ký, {COMPATIBILITY}", f"{count} schemas registered, {COMPATIBILITY}")
    return found or [ok("registry", "schemas", *said)]
