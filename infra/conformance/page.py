"""The report of conformance: one HTML file that needs nothing else, readable on a screen, in the dark and on paper.

It is made to be handed on, so it names no file (a file's name may hold a patient's) and shows no value but codes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from typing import Final

from infra.conformance.priority import GATE, PRIORITIES, Priority
from infra.conformance.tally import KindTally, Tally
from infra.conformance.verdict import ENOUGH, TITLES, WELL, Verdict, percent, verdict
from runtime.clock import HANOI

MOST_ISSUES: Final = 25
MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class About:
    """Whose interface was checked. `made_at` is epoch milliseconds UTC."""

    dialect: str
    facility: str
    vendor: str
    version: str
    made_at: int


def page(tally: Tally, about: About) -> str:
    """The whole file."""
    found = verdict(tally)
    title = f"{about.vendor or 'Hệ thống chưa nêu tên / system not named'} {about.version}".strip()
    parts = (
        _head(title, about, found),
        _numbers(tally),
        _kinds(tally),
        _priorities(tally),
        _issues(tally),
        _codes(tally),
        _rows(tally),
        _freshness(tally),
        _foot(),
    )
    style = files("infra.conformance").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>livingdata · {escape(title)}</title>\n<style>\n{style}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _head(title: str, about: About, found: Verdict) -> str:
    vi, en = TITLES[found.grade]
    reasons = "".join(
        f'<li class="{"grave" if r.grave else "mild"}">{escape(r.vi)}.<br><i>{escape(r.en)}.</i></li>'
        for r in found.reasons
    )
    made = datetime.fromtimestamp(about.made_at / 1000, HANOI)
    facility = f" · {escape(about.facility)}" if about.facility else ""
    why = f"<ul>{reasons}</ul>" if reasons else "<p>Không có điều kiện nào. <i>No conditions.</i></p>"
    return (
        f"<header><p class=over>livingdata · báo cáo tuân thủ / conformance report</p><h1>{escape(title)}</h1>"
        f"<p>{escape(about.dialect)}{facility} · {made:%d/%m/%Y %H:%M} (Asia/Ho_Chi_Minh)</p></header>"
        f'<section class="verdict {found.grade}"><h2>{vi} <i>{en}</i></h2>{why}</section>'
    )


def _numbers(tally: Tally) -> str:
    share = percent(tally.accepted / tally.messages) if tally.messages else "–"
    cards = (
        ("thông điệp / messages", str(tally.messages)),
        ("đạt / accepted", f"{tally.accepted} ({share})"),
        ("bị từ chối / rejected", str(tally.rejected)),
        ("tài liệu / documents", str(tally.documents)),
        ("tệp / files", str(tally.files)),
        ("tệp không đọc được / unreadable files", str(tally.unreadable)),
    )
    return "<section class=cards>" + "".join(f"<div><b>{v}</b>{k}</div>" for k, v in cards) + "</section>"


def _kinds(tally: Tally) -> str:
    rows = []
    for name, kind in sorted(tally.kinds.items()):
        whole = kind.documents + kind.refused
        complete = kind.completeness
        rows.append(
            (
                name,
                str(kind.documents),
                str(kind.refused),
                _bar(kind.documents / whole if whole else 0, WELL),
                _bar(kind.clean / kind.documents if kind.documents else 0, 0),
                "–" if complete is None else _bar(complete, GATE),
            )
        )
    heads = (
        "loại / kind", "tài liệu / documents", "bị từ chối / refused", "tỷ lệ đạt / pass rate",
        "không lỗi nào / without any issue", "đủ trường ưu tiên 1 / first-priority fields",
    )  # fmt: skip
    silent = ", ".join(f"{_text(reason)} × {count}" for reason, count in tally.silent.most_common(10))
    note = f"<p>Không sinh tài liệu / without a document: {silent}.</p>" if silent else ""
    return _section("Theo loại tài liệu", "By kind of document", _table(heads, rows, "lrrwww") + note)


def _priorities(tally: Tally) -> str:
    """Fields that are filled everywhere take one line per kind."""
    rows: list[tuple[str, ...]] = []
    for name, kind in sorted(tally.kinds.items()):
        asked = [row for row in PRIORITIES.get(name, ()) if kind.asked[row.name]]
        whole = ", ".join(row.name for row in asked if kind.share(row.name) == 1)
        rows += [_field(name, kind, row) for row in asked if kind.share(row.name) < 1]
        if whole:
            rows.append((name, f"<code>{escape(whole)}</code>", "", "", _bar(1, GATE)))
    heads = ("loại / kind", "trường / field", "nghĩa / meaning", "có / filled", "")
    note = (
        f"<p>Danh sách trường ưu tiên do chúng tôi chọn; ngưỡng {percent(GATE)} theo CDC NSSP. "
        f"<i>The list of fields is our own choice; the {percent(GATE)} gate is that of CDC NSSP.</i></p>"
    )
    return _section("Trường ưu tiên 1", "First-priority fields", _table(heads, rows, "llltw") + note)


def _field(name: str, kind: KindTally, row: Priority) -> tuple[str, ...]:
    return (
        name,
        f"<code>{escape(row.name)}</code>",
        f"{escape(row.vi)} / <i>{escape(row.en)}</i>",
        f"{kind.filled[row.name]} / {kind.asked[row.name]}",
        _bar(kind.share(row.name), GATE),
    )


def _issues(tally: Tally) -> str:
    ordered = sorted(tally.issues.values(), key=lambda line: (line.issue.severity, -line.messages))
    rows = []
    for line in ordered[:MOST_ISSUES]:
        issue = line.issue
        places = ", ".join(_text(place) for place, _ in line.places.most_common(3) if place)
        rows.append(
            (
                f'<b class="{issue.severity}">{escape(issue.rule)}</b>',
                str(line.messages),
                f"<b>{escape(issue.vi)}.</b> {escape(issue.mend_vi)}.<br><i>{escape(issue.en)}. "
                f"{escape(issue.mend_en)}.</i>",
                f"<code>{places}</code>" if places else "",
            )
        )
    heads = (
        "mã / rule",
        "thông điệp / messages",
        "lỗi và cách sửa / what is wrong, and how to mend it",
        "ở đâu / where",
    )
    more = f"<p>{len(ordered) - MOST_ISSUES} … </p>" if len(ordered) > MOST_ISSUES else ""
    note = "<p>Đỏ: bị từ chối. Vàng: chỉ giảm chất lượng. <i>Red: rejected. Yellow: only lowers quality.</i></p>"
    return _section("Lỗi hay gặp nhất", "Most frequent issues", _table(heads, rows, "lrll") + more + note)


def _codes(tally: Tally) -> str:
    systems = [
        (f"<code>{escape(place)}</code>", escape(system), str(count))
        for (place, system), count in tally.systems.most_common(MOST_ROWS)
    ]
    unknown = [
        (f"<code>{escape(place)}</code>", escape(system), f"<code>{escape(code)}</code>", str(count))
        for (place, system, code), count in tally.unknown.most_common(MOST_ROWS)
    ]
    first = _table(("trường / field", "hệ mã / code system", "số lần / times"), systems, "llr")
    second = _table(("trường / field", "hệ mã / code system", "mã / code", "số lần / times"), unknown, "lllr")
    note = "<p>Chỉ có mã; … là giá trị không có dạng mã. <i>Codes only; … stands for what has not the form of a code.</i></p>"
    return _section("Hệ mã", "Code systems met", first) + _section(
        "Mã chưa có trong danh mục", "Codes that no list knows, or local ones", second + note
    )


def _rows(tally: Tally) -> str:
    unused = max(tally.rows_read - tally.rows_used, 0)
    line = (
        f"<p>Đọc / read {tally.rows_read} · dùng / used {tally.rows_used} · không dùng / not used {unused} · "
        f"chưa ánh xạ / unmapped {sum(tally.unmapped.values())}</p>"
    )
    rows = [(f"<code>{_text(name)}</code>", str(count)) for name, count in tally.unmapped.most_common(MOST_ROWS)]
    table = _table(("chưa ánh xạ / unmapped", "số lần / times"), rows, "lr")
    return _section("Dòng, đoạn nguồn", "Source rows or segments", line + table)


def _freshness(tally: Tally) -> str:
    behind = None if tally.newest is None else tally.captured - tally.newest
    rows = [
        ("tài liệu cũ nhất / oldest document", _day(tally.oldest)),
        ("tài liệu mới nhất / newest document", _day(tally.newest)),
        ("mới nhất cách lúc kiểm tra / newest, before this check", _span(behind)),
        ("từ lúc xảy ra đến lúc ghi, trung vị / happened to recorded, median", _span(tally.delay(0.5))),
        ("từ lúc xảy ra đến lúc ghi, p95 / happened to recorded, p95", _span(tally.delay(0.95))),
        ("không có thời điểm / without a time", str(tally.without_time)),
    ]
    return _section("Độ tươi", "Freshness", _table(("", ""), rows, "lr"))


def _foot() -> str:
    return (
        f"<footer><p>Đạt: thông điệp đạt từ {percent(WELL)}, mỗi trường ưu tiên 1 từ {percent(GATE)}, ít nhất {ENOUGH} "
        f"thông điệp. Chưa đạt: dưới {percent(GATE)} thông điệp đạt, hoặc một loại tài liệu đầy đủ dưới {percent(GATE)}. "
        "Còn lại: đạt có điều kiện.</p>"
        f"<p><i>Certified: at least {percent(WELL)} of messages accepted, each first-priority field at least "
        f"{percent(GATE)} full, at least {ENOUGH} messages. Not yet: less than {percent(GATE)} accepted, or a kind whose "
        f"first-priority fields together are less than {percent(GATE)} full. Otherwise: certified with conditions.</i></p>"
        "</footer>"
    )


def _section(vi: str, en: str, body: str) -> str:
    return f"<section><h2>{vi} <i>{en}</i></h2>{body}</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], classes: str) -> str:
    """Cells are HTML already. `classes`: a letter per column, r right, w wide."""
    made = "".join(
        "<tr>" + "".join(f"<td class={c}>{cell}</td>" for cell, c in zip(row, classes, strict=True)) + "</tr>"
        for row in rows
    )
    if not made:
        return "<p>Không có. <i>None.</i></p>"
    head = "".join(f"<th class={c}>{cell}</th>" for cell, c in zip(heads, classes, strict=True))
    top = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"<div class=scroll><table>{top}<tbody>{made}</tbody></table></div>"


def _bar(share: float, gate: float) -> str:
    good = "good" if share >= gate else "bad"
    return f'<span class="bar {good}"><span style="width:{share * 100:.1f}%"></span></span> {percent(share)}'


def _text(text: str) -> str:
    """A name out of the input: bounded, and no long number in it."""
    kept = "".join(char if char.isprintable() else " " for char in text[:80])
    return escape("…" if sum(map(str.isdigit, kept)) > 8 else kept)


def _day(ms: int | None) -> str:
    if ms is None:
        return "–"
    try:
        return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(HANOI):%d/%m/%Y %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "…"


def _span(ms: int | None) -> str:
    if ms is None:
        return "–"
    minutes = ms / 60_000
    if abs(minutes) < 120:
        return f"{minutes:.0f} phút / min"
    return f"{minutes / 60:.1f} giờ / h" if abs(minutes) < 2880 else f"{minutes / 1440:.1f} ngày / days"
