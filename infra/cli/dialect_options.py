"""The `--options` of a dialect as they are given on the command line; every mistake is told at once, none with a value."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import typer
import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from producers.adapter import Dialect

_HINT = "--options"


def chosen(dialect: Dialect, text: str) -> dict[str, Any]:
    """The options, defaults filled in. typer.BadParameter (exit 2) says what is missing or wrong and what to do."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:
        raise _bad(dialect, ["không đọc được, cần YAML hoặc JSON / cannot be read, YAML or JSON is expected"]) from None
    if not isinstance(given, dict | None):
        raise _bad(dialect, ["cần cặp tên: giá trị / names with their values are expected"])
    try:
        return dialect.options.model_validate(given or {}).model_dump()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise _bad(dialect, [line for one in found for line in _told(one, dialect.options)]) from None


def _told(error: ErrorDetails, options: type[BaseModel]) -> Iterator[str]:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        yield f"{name}: thiếu, cần thêm / missing, must be given ({options.model_fields[name].description})"
        yield f"--options '{{{name}: …}}'"
    elif error["type"] == "extra_forbidden":
        close = get_close_matches(name, options.model_fields, 1)
        meant = f"; có phải / did you mean: {close[0]}" if close else ""
        yield f"{name}: không có tùy chọn này / there is no such option{meant}"
    else:
        why = error["msg"].removeprefix("Value error, ")
        yield f"{name}: sai, cần sửa / wrong, to be mended: {why}" if name else f"sai / wrong: {why}"


def _bad(dialect: Dialect, lines: list[str]) -> typer.BadParameter:
    page = f"docs/adapters/{dialect.name}.md"
    told = [*lines, f"mọi tùy chọn / all options: {', '.join(dialect.options.model_fields)}", f"xem / see {page}"]
    return typer.BadParameter("\n".join(told), param_hint=_HINT)
