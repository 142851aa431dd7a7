"""What is wrong with a part or a file, and what must not hurt."""

import tracemalloc
from collections.abc import Iterator

import pytest

from producers.insurance_xml.envelope import Limits, Problem, iter_dossiers
from tests.unit.insurance_xml.files import DRUGS, RESULTS, VISIT, encoded, envelope, hoso, inner, row, visit
from tests.unit.insurance_xml.reading import fault, good, only, part_problem, part_rows


class TestBrokenPart:
    """A broken part is a problem of its dossier; the others stand."""

    @pytest.mark.parametrize(
        ("reason", "content"),
        [
            ("base64", "không phải base64"),
            ("base64", "AAAA*AAA"),
            ("base64", "A"),
            ("xml_not_well_formed", encoded("<A><MA_LK>1</A>")),
            ("xml_not_well_formed", encoded(b"\x00\x01\x02 no xml")),
            ("xml_not_well_formed", encoded(b"<A><MA_LK>\xff\xfe</MA_LK></A>")),
            ("xml_not_well_formed", encoded(b"\xff\xfe<\x00A\x00\x00\xd8")),
            ("xml_not_well_formed", encoded("<A>&nbsp;</A>")),
            ("part_empty", ""),
            ("part_empty", " \n "),
        ],
    )
    def test_the_others_stand(self, reason: str, content: str) -> None:
        summary, results = encoded(inner("XML1", [VISIT])), encoded(inner("XML4", RESULTS))
        made = good(envelope(visit(), hoso(("XML1", summary), ("XML2", content), ("XML4", results)), visit()))
        dossier = made.dossiers[1]
        assert ["XML1", "XML4"] == [part.table for part in dossier.parts]
        assert [(reason, "HOSO[2]/XML2")] == [(problem.reason, problem.place) for problem in dossier.problems]
        assert () == made.dossiers[0].problems == made.dossiers[2].problems

    @pytest.mark.parametrize("table", ["XML16", "XML", "", "Nguyễn Văn A", "XML01"])
    def test_table_unknown(self, table: str) -> None:
        summary = ("XML1", encoded(inner("XML1", [VISIT])))
        dossier = only(envelope(hoso(summary, (table, encoded("<A/>")))))
        assert (Problem("xml_part_type", "HOSO[1]/FILEHOSO[2]"),) == dossier.problems

    def test_no_table_and_no_content(self) -> None:
        dossier = only(envelope("<HOSO><FILEHOSO/></HOSO>"))
        assert ["xml_part_type"] == [problem.reason for problem in dossier.problems]

    def test_what_is_wrong_never_quotes_the_message(self) -> None:
        secret = "NGUYEN-VAN-BI-MAT"
        for document in (
            f"<{secret}><A></{secret}>",
            f"<A>{secret}",
            f'<A {secret}="1" {secret}="2"/>',
            f"<A>&{secret};",
        ):
            problem = part_problem(encoded(document))
            assert secret not in repr(problem)
            assert secret not in repr(fault(document.encode()))

    def test_no_row_or_original_in_a_repr(self) -> None:
        made = good(envelope(visit(), hoso(("XML2", encoded(inner("XML2", [{"MA_LK": "LK-0001", "HU_CAU": "1"}]))))))
        for secret in ("LK-0001", "099200000001", "HU_CAU", "NOIDUNGFILE"):
            assert secret not in repr(made)


class TestBrokenFile:
    @pytest.mark.parametrize(
        ("reason", "raw"),
        [
            ("xml_not_well_formed", b""),
            ("xml_not_well_formed", b"   "),
            ("xml_not_well_formed", b"MSH|^~\\&|HIS"),
            ("xml_not_well_formed", envelope(visit())[:-30]),
            ("xml_not_well_formed", envelope(visit()) + b"<more/>"),
            ("xml_not_well_formed", b"\xff\xfe<\x00G\x00\x00\xd8"),
            ("xml_root", b"<Bundle xmlns='http://hl7.org/fhir'/>"),
            ("xml_root", inner("XML1", [VISIT]).encode()),
            ("xml_no_facility", envelope(visit(), facility=" ")),
            ("xml_no_facility", b"<GIAMDINHHS/>"),
        ],
    )
    def test_is_a_problem(self, reason: str, raw: bytes) -> None:
        assert reason == fault(raw).reason

    def test_says_where(self) -> None:
        assert (
            "line 3, column 22 ERR_TAG_NAME_MISMATCH"
            == fault(b"<GIAMDINHHS>\n<A>\n   <HOSO>x</HOSO></B></GIAMDINHHS>").detail
        )


class TestHostile:
    """What must cost little and read nothing else."""

    BOMB = (
        '<!DOCTYPE x [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 50}">' for n in range(8))
        + "]>"
    )

    @pytest.mark.parametrize(
        "doctype",
        [
            BOMB,
            '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>',
            "<!-- x --><?pi?>\n<!DOCTYPE x>",
        ],
    )
    def test_entities(self, doctype: str) -> None:
        document = f'<?xml version="1.0"?>{doctype}<x k="&a;"><MA_LK>&a;&h;</MA_LK></x>'
        assert Problem("xml_entities", "HOSO[1]/XML2") == part_problem(encoded(document))
        assert Problem("xml_entities", "HOSO[1]/XML2") == part_problem(encoded(document.encode("utf-16")))
        assert Problem("xml_entities") == fault(document.encode())
        assert Problem("xml_entities") == fault(document.encode("utf-16"))

    def test_a_doctype_in_text_is_text(self) -> None:
        document = "<TONG_HOP><MA_LK><![CDATA[<!DOCTYPE x>]]></MA_LK></TONG_HOP>"
        assert [{"MA_LK": "<!DOCTYPE x>"}] == part_rows("XML1", encoded(document))

    def test_utf_7_hides_nothing(self) -> None:
        hidden = '+ADwAIQ-DOCTYPE x +AFsAPAAh-ENTITY a "ha"+AD4AXQA+-<x>+ACY-a;</x>'
        raw = f'<?xml version="1.0" encoding="utf-7"?>{hidden}'.encode()
        assert "xml_not_well_formed" == part_problem(encoded(raw)).reason
        assert "xml_not_well_formed" == fault(raw).reason

    @pytest.mark.parametrize("depth", [33, 300, 100_000])
    def test_depth(self, depth: int) -> None:
        deep = "<A>" * depth + "1" + "</A>" * depth
        assert Problem("xml_too_deep", "HOSO[1]/XML2") == part_problem(encoded(deep))
        field = f"<TONG_HOP><MA_LK>1</MA_LK><GHI_CHU>{deep}</GHI_CHU></TONG_HOP>"
        assert Problem("xml_too_deep", "HOSO[1]/XML1") == part_problem(encoded(field), "XML1")
        assert Problem("xml_too_deep") == fault(envelope(deep))

    def test_depth_of_the_limit_is_read(self) -> None:
        document = "<A>" * 30 + row("CHI_TIET_THUOC", DRUGS[0]) + "</A>" * 30
        assert [DRUGS[0]] == part_rows("XML2", encoded(document))

    def test_a_part_too_large(self) -> None:
        bomb = encoded("<A>" + "x" * 5_000 + "</A>")
        limits = Limits(part=4_000)
        assert "too_large" == part_problem(bomb, limits=limits).reason
        assert "too_large" == part_problem(f"<![CDATA[<A>{'x' * 20_000}</A>]]>", limits=limits).reason
        assert "too_large" == part_problem("<A/>" * 5_000, limits=limits).reason

    def test_a_file_too_large(self) -> None:
        assert "too_large" == fault(envelope(visit()), Limits(file=500)).reason

    def test_fields_rows_and_dossiers(self) -> None:
        limits = Limits(rows=2, fields=4, field=20, dossiers=2, parts=2)
        two = encoded(inner("XML2", DRUGS[:2]))
        assert [] == list(only(envelope(hoso(("XML2", two))), limits).problems)
        assert "xml_too_many" == part_problem(encoded(inner("XML2", DRUGS)), limits=limits).reason
        assert "xml_too_many" == part_problem(encoded(inner("XML1", [VISIT])), "XML1", limits).reason
        long = encoded(inner("XML2", [{"MA_LK": "đ" * 11}]))
        assert Problem("too_large", "HOSO[1]/XML2", "row 1: a field of more than 20 bytes") == part_problem(
            long, limits=limits
        )
        assert Problem("xml_too_many", "GIAMDINHHS", "more than 2 HOSO") == fault(envelope(*[visit()] * 3), limits)
        crowded = only(envelope(hoso(*[("XML2", two)] * 3)), limits)
        assert (2, ["xml_too_many"]) == (len(crowded.parts), [problem.reason for problem in crowded.problems])

    def test_a_text_over_ten_megabytes(self) -> None:
        document = f"<TONG_HOP><MA_LK>{'x' * 11_000_000}</MA_LK></TONG_HOP>"
        assert "too_large" == part_problem(encoded(document), "XML1").reason

    @pytest.mark.parametrize(
        "inside",
        [
            f"<HOSO a='{'x' * 11_000_000}'/>",
            f"<!--{'x' * 11_000_000}-->",
            f"<HOSO><![CDATA[{'x' * 11_000_000}]]></HOSO>",
            "<HOSO " + " ".join(f"a{n}=''" for n in range(1_300_000)) + "/>",
        ],
        ids=["attribute", "comment", "cdata", "attributes"],
    )
    def test_markup_over_ten_megabytes(self, inside: str) -> None:
        assert "too_large" == fault(envelope(inside)).reason

    def test_base64_over_ten_megabytes_is_read(self) -> None:
        note = "x" * 60_000
        rows = [{"MA_LK": "1", "DIEN_BIEN_LS": note}] * 150
        assert rows == part_rows("XML5", encoded(inner("XML5", rows)))

    def test_elements_of_the_envelope_are_bounded(self) -> None:
        assert "xml_too_many" == fault(envelope("<HOSO>" + "<A/>" * 1_000 + "</HOSO>"), Limits(elements=900)).reason

    def test_many_unknown_elements(self) -> None:
        document = "<A>" + "".join(f"<B{n}/>" for n in range(1_000)) + "</A>"
        assert "xml_too_many" == part_problem(encoded(document)).reason

    def test_markup_is_bounded_before_a_tree_is_built(self) -> None:
        limits = Limits(markup=10_000)
        assert "xml_too_many" == part_problem(encoded("<A>" + "<B/>" * 10_001 + "</A>"), limits=limits).reason

    def test_a_large_file_of_nothing_costs_no_memory(self) -> None:
        def chunks() -> Iterator[bytes]:
            yield b"<GIAMDINHHS>"
            for _ in range(16):
                yield b"<A/>" * 16_384
            yield b"</GIAMDINHHS>"

        tracemalloc.start()
        try:
            problems = list(iter_dossiers(chunks()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert ["xml_no_facility", "xml_no_dossier"] == [p.reason for p in problems if isinstance(p, Problem)]
        assert peak < 1 << 20
