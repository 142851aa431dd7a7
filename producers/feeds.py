"""The feeds of an adapter process, from its settings: all mistakes told at once, before anything is opened."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from producers.adapter import Dialect, Feed
from producers.adapters import DIALECTS, dialect
from producers.event import Keys
from runtime.keyring import Keyring, KeyringError
from runtime.settings import SettingsError
from schemas.numbers import REPLAY, history_adapter, is_history, is_replay

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class _Feed(BaseModel):
    """One entry of `feeds`."""

    model_config = ConfigDict(extra="forbid")

    facility: str = Field(pattern=r"^[0-9A-Z]{5}$", description="MACSKCB")
    system: Name = Field(description="source system: HIS, LIS, PACS ...")
    dialect: str
    adapter_id: Name | None = Field(None, description="its name in the ledger; FACILITY.SYSTEM where it is left out")
    purpose: str = "treatment"
    legal_basis: str = "luat-kcb-15-2023"
    options: dict[str, Any] = Field(default_factory=dict, description="of the dialect, see docs/adapters")


def feeds(entries: list[dict[str, Any]]) -> list[Feed]:
    """The feeds, or SettingsError with every mistake in any of them."""
    made: list[Feed] = []
    wrong: list[str] = []
    for number, entry in enumerate(entries):
        place = f"feeds.{number}"
        try:
            read = _Feed.model_validate(entry)
            if read.dialect not in DIALECTS:
                wrong.append(f"  {place}.dialect: one of {', '.join(DIALECTS)}")
                continue
            if is_replay(read.adapter_id or ""):
                wrong.append(f"  {place}.adapter_id: {REPLAY} is the name of what is mended and sent again")
                continue
            spoken = dialect(read.dialect)
            if is_history(read.adapter_id or "") and not spoken.history:
                wrong.append(f"  {place}.adapter_id: this name is of history (livingdata backfill)")
                continue
            place += ".options"
            made.append(_feed(read, spoken, spoken.options.model_validate(read.options)))
        except ValidationError as error:
            wrong += [
                f"  {place}.{'.'.join(str(part) for part in e['loc'])}: {e['msg']}"
                for e in error.errors(include_input=False)
            ]
    names = [feed.adapter_id for feed in made]
    wrong += [f"  feeds: adapter_id {name} is used twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if wrong:
        raise SettingsError("settings are wrong or missing:\n" + "\n".join(wrong))
    return made


def _feed(entry: _Feed, spoken: Dialect, options: BaseModel) -> Feed:
    name = entry.adapter_id or f"{entry.facility}.{entry.system}"
    return Feed(
        adapter_id=history_adapter(name) if spoken.history else name,
        facility=entry.facility,
        source_system=entry.system,
        dialect=entry.dialect,
        purpose=entry.purpose,
        legal_basis=entry.legal_basis,
        options=options.model_dump(),
    )


def keys(made: list[Feed], keyring: Keyring) -> Mapping[str, Keys]:
    """What each facility writes with; SettingsError naming every facility without keys."""
    found: dict[str, Keys] = {}
    wrong: list[str] = []
    for facility in dict.fromkeys(feed.facility for feed in made):
        try:
            found[facility] = Keys.of(keyring, facility)
        except KeyringError as error:
            wrong.append(f"  keyring: {error}")
    if wrong:
        raise SettingsError("settings are wrong or missing:\n" + "\n".join(wrong))
    return found
