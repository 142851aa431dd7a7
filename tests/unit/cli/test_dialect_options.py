"""Options of a dialect that are missing or wrong: named, with what to do, in both languages; never the value given."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import build
from producers.adapters import DIALECTS, dialect


def refused(name: str, options: str | None) -> str:
    given = [] if options is None else ["--options", options]
    done = CliRunner().invoke(build("adapter"), ["adapter", "check", "--dialect", name, *given, __file__])
    assert 2 == done.exit_code
    assert "ValidationError" not in done.stderr
    return " ".join(done.stderr.replace("│", " ").split())


def test_the_missing_mapping_is_named_with_what_to_do() -> None:
    said = refused("history_csv", None)
    assert "mapping: thiếu, cần thêm / missing, must be given (the mapping file" in said
    assert "--options '{mapping: …}'" in said
    assert "xem / see docs/adapters/history_csv.md" in said


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("history_csv", "{mapping: /nowhere.yaml}", "mapping: sai, cần sửa / wrong, to be mended: the mapping cannot"),
        ("history_csv", f"{{mapping: {__file__}}}", "mapping: sai, cần sửa / wrong, to be mended: not YAML"),
        ("history_csv", "{maping: visits.yaml}", "maping: không có tùy chọn này / there is no such option; có phải / did you mean: mapping"),
        ("insurance_xml", "{signatures: maybe}", "signatures: sai, cần sửa / wrong, to be mended: Input should be"),
        ("hl7v2", "{charset: klingon}", "charset: sai, cần sửa / wrong, to be mended: not a known character set"),
        ("hl7v2", "{tls_key: key.pem}", "sai / wrong: tls_certificate and tls_key go together"),
        ("fhir", "{release: R3}", "release: sai, cần sửa / wrong, to be mended: Input should be 'R4' or 'R5'"),
        ("dicom", "{port: 70000}", "port: sai, cần sửa / wrong, to be mended: Input should be"),
        ("fhir", "[", "không đọc được, cần YAML hoặc JSON / cannot be read, YAML or JSON is expected"),
        ("fhir", "R5", "cần cặp tên: giá trị / names with their values are expected"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, options: str, told: str) -> None:
    assert told in refused(name, options)


def test_every_mistake_is_told_at_once_and_no_value_is_shown() -> None:
    said = refused("hl7v2", "{charset: 001099123456, max_bytes: -1, folders: here}")
    assert [True] * 3 == [name in said for name in ("charset: sai", "max_bytes: sai", "folders: không")]
    assert "001099123456" not in said


@pytest.mark.parametrize("name", DIALECTS)
def test_the_page_that_is_named_is_there(name: str) -> None:
    assert (Path(__file__).parents[3] / "docs/adapters" / f"{dialect(name).name}.md").is_file()
