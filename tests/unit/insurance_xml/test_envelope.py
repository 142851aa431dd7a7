"""Reading the envelope GIAMDINHHS: what is in it, and in how many forms it may come."""

import unicodedata

import pytest

from producers.insurance_xml.envelope import Problem
from tests.unit.insurance_xml.files import DRUGS, RESULTS, VISIT, encoded, envelope, hoso, inner, row, visit
from tests.unit.insurance_xml.reading import good, only, part_rows


class TestRegular:
    def test_all_of_it(self) -> None:
        made = good(envelope(visit("LK-1"), visit("LK-2")))
        assert ("01999", "20261123", 2, False, ()) == (
            made.facility,
            made.created,
            made.declared_count,
            made.signature_present,
            made.problems,
        )
        assert [1, 2] == [dossier.index for dossier in made.dossiers]
        first, second = made.dossiers
        assert ["XML1", "XML2", "XML4"] == [part.table for part in first.parts]
        assert [1, 3, 2] == [len(part.rows) for part in first.parts]
        assert {**VISIT, "MA_LK": "LK-1"} == first.parts[0].rows[0]
        assert [{**drug, "MA_LK": "LK-2"} for drug in DRUGS] == list(second.parts[1].rows)
        assert all({} == part.unknown_elements for part in first.parts)

    def test_an_empty_field_is_there_and_an_absent_one_is_not(self) -> None:
        (fields,) = part_rows("XML1", encoded("<TONG_HOP><MA_LK>1</MA_LK><GHI_CHU/><DU_PHONG> </DU_PHONG></TONG_HOP>"))
        assert {"MA_LK": "1", "GHI_CHU": "", "DU_PHONG": ""} == fields

    @pytest.mark.parametrize("signature", ["<Signature><SignedInfo/></Signature>", "MIIB"])
    def test_signature(self, signature: str) -> None:
        assert good(envelope(visit(), signature=signature)).signature_present

    def test_count_differs(self) -> None:
        made = good(envelope(visit(), count="3"))
        assert (Problem("xml_count", "GIAMDINHHS/THONGTINHOSO/SOLUONGHOSO", "3 declared, 1 found"),) == made.problems
        assert 1 == len(made.dossiers)

    @pytest.mark.parametrize("count", ["", "một", "-1", "1" * 5_000])
    def test_count_is_no_number(self, count: str) -> None:
        assert good(envelope(visit(), count=count)).declared_count is None

    def test_no_dossier(self) -> None:
        assert ["xml_no_dossier"] == [problem.reason for problem in good(envelope()).problems]

    def test_a_table_sent_twice_is_there_twice(self) -> None:
        results = ("XML4", encoded(inner("XML4", RESULTS)))
        assert ["XML4", "XML4"] == [part.table for part in only(envelope(hoso(results, results))).parts]


class TestForms:
    """The same rows however they are wrapped, encoded and placed."""

    @pytest.mark.parametrize(
        "table", ["XML0", "XML1", "XML2", "XML3", "XML4", "XML5", "XML7", "XML8", "XML13", "XML14"]
    )
    def test_every_wrapping(self, table: str) -> None:
        fields = {"MA_LK": "LK-9", "DU_PHONG": "ghi chú"}
        assert [fields] == part_rows(table, encoded(inner(table, [fields])))

    @pytest.mark.parametrize(
        "document",
        [
            "<DSACH_CHI_TIET_THUOC>{}</DSACH_CHI_TIET_THUOC>",
            "<CHI_TIEU_CHI_TIET_THUOC><DS>{}</DS></CHI_TIEU_CHI_TIET_THUOC>",
            "<THUOC><!-- đơn thuốc -->{}<?pi x?></THUOC>",
            '<A xmlns="urn:x">{}</A>',
            '<A xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x y">{}</A>',
            "<A><B><C><D>{}</D></C></B><CHUKYDONVI><Signature><KeyInfo><X>1</X></KeyInfo></Signature></CHUKYDONVI></A>",
        ],
    )
    def test_rows_are_found_by_what_they_hold(self, document: str) -> None:
        written = "".join(row("CHI_TIET_THUOC", drug) for drug in DRUGS)
        assert list(DRUGS) == part_rows("XML2", encoded(document.format(written)))

    def test_a_root_that_holds_the_fields_beside_a_signature(self) -> None:
        document = "<GIAY><MA_LK>1</MA_LK><CHUKYDONVI><Signature><A><B>x</B></A></Signature></CHUKYDONVI></GIAY>"
        dossier = only(envelope(hoso(("XML13", encoded(document)))))
        (rows,) = (part.rows for part in dossier.parts)
        assert "1" == rows[0]["MA_LK"]
        assert {} == dossier.parts[0].unknown_elements

    def test_a_number_beside_the_list_does_not_hide_the_rows(self) -> None:
        written = "".join(row("CHI_TIET_THUOC", drug) for drug in DRUGS)
        document = f"<X><MA_LK>LK-0001</MA_LK><DSACH_CHI_TIET_THUOC>{written}</DSACH_CHI_TIET_THUOC></X>"
        dossier = only(envelope(hoso(("XML2", encoded(document)))))
        assert DRUGS == dossier.parts[0].rows
        assert {"MA_LK": 1} == dossier.parts[0].unknown_elements

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="utf-16"?>', '<?xml version="1.0"?>\n'])
    def test_inner_encodings(self, codec: str, declared: str) -> None:
        document = (declared + inner("XML1", [VISIT])).encode(codec)
        assert [VISIT] == part_rows("XML1", encoded(document))

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_outer_encodings(self, codec: str) -> None:
        text = envelope(hoso(("XML1", inner("XML1", [VISIT])))).decode()
        assert VISIT == only(text.encode(codec)).parts[0].rows[0]

    def test_windows_1258(self) -> None:
        text = "<TONG_HOP><MA_LK>1</MA_LK><HO_TEN>{}</HO_TEN></TONG_HOP>"
        name = "a\u0323\u0111"  # as that code page writes it: the tone after its letter
        raw = b'<?xml version="1.0" encoding="windows-1258"?>' + text.format(name).encode("cp1258")
        assert [{"MA_LK": "1", "HO_TEN": "ạđ"}] == part_rows("XML1", encoded(raw))

    def test_blanks_before_the_declaration(self) -> None:
        assert [VISIT] == part_rows("XML1", encoded(b'\r\n <?xml version="1.0"?>' + inner("XML1", [VISIT]).encode()))
        assert ["XML1", "XML2", "XML4"] == [part.table for part in only(b"\n\n  " + envelope(visit())).parts]

    def test_base64_with_line_breaks_and_without_padding(self) -> None:
        plain = encoded(inner("XML2", DRUGS))
        lines = "\r\n   ".join(plain[at : at + 76] for at in range(0, len(plain), 76))
        assert list(DRUGS) == part_rows("XML2", f"\n {lines}\n")
        assert list(DRUGS) == part_rows("XML2", plain.rstrip("="))

    def test_inner_xml_as_cdata(self) -> None:
        document = f'<?xml version="1.0" encoding="utf-16"?>{inner("XML1", [VISIT])}'
        assert [VISIT] == part_rows("XML1", f"<![CDATA[{document}]]>")
        assert [VISIT] == part_rows("XML1", document.replace("&", "&amp;").replace("<", "&lt;"))

    def test_inner_xml_as_children(self) -> None:
        assert [VISIT] == part_rows("XML1", inner("XML1", [VISIT]))
        assert list(DRUGS) == part_rows("XML2", f"\n{inner('XML2', DRUGS)}\n")
        assert list(DRUGS) == part_rows("XML2", "".join(row("CHI_TIET_THUOC", drug) for drug in DRUGS))

    @pytest.mark.parametrize("written", ["XML2", " XML2\n", "xml2"])
    def test_table_name(self, written: str) -> None:
        dossier = only(envelope(hoso((written, encoded(inner("XML2", DRUGS))))))
        assert ["XML2"] == [part.table for part in dossier.parts]

    def test_a_default_namespace_on_the_envelope(self) -> None:
        raw = envelope(visit()).replace(b"<GIAMDINHHS ", b'<GIAMDINHHS xmlns="urn:bhxh" ')
        assert good(envelope(visit())) == good(raw)


class TestText:
    @pytest.mark.parametrize(
        ("expected", "sent"),
        [
            ("Nguyễn Thị Bưởi", unicodedata.normalize("NFD", "Nguyễn Thị Bưởi")),
            ("Nguyễn Văn", "  Nguyễn\u00a0Văn\u00a0 "),
            ("Nguyễn Văn", "\ufeffNguyễn\u202fVăn\u200b"),
            ("đau > 3 ngày", "<![CDATA[đau &gt; 3&nbsp;ng&agrave;y]]>"),
            ("A&B;C", "A&amp;B;C"),
            ("1 < 2", "1 &lt; 2"),
            ("ạ", "a&#x323;"),
            ("dòng 1\ndòng 2", "\n dòng 1\ndòng 2 \n"),
        ],
    )
    def test_one_form(self, expected: str, sent: str) -> None:
        document = f"<TONG_HOP><MA_LK>1</MA_LK><GHI_CHU>{sent}</GHI_CHU></TONG_HOP>"
        assert [{"MA_LK": "1", "GHI_CHU": expected}] == part_rows("XML1", encoded(document))


class TestUnknown:
    def test_unknown_fields_are_counted_and_kept(self) -> None:
        drug = {**DRUGS[0], "MA_NOI_BO": "7"}
        dossier = only(envelope(hoso(("XML2", encoded(inner("XML2", [drug, drug]))))))
        assert (drug, drug) == dossier.parts[0].rows
        assert {"MA_NOI_BO": 2} == dossier.parts[0].unknown_elements

    def test_a_row_of_nothing_known(self) -> None:
        fields = {"ma_lk": "1", "ten_thuoc": "x"}
        dossier = only(envelope(hoso(("XML2", encoded(inner("XML2", [fields]))))))
        assert (fields,) == dossier.parts[0].rows
        assert {"ma_lk": 1, "ten_thuoc": 1} == dossier.parts[0].unknown_elements

    def test_a_repeated_field_keeps_the_first_that_says_something(self) -> None:
        document = "<TONG_HOP><MA_LK/><MA_LK>1</MA_LK><MA_LK>2</MA_LK></TONG_HOP>"
        dossier = only(envelope(hoso(("XML1", encoded(document)))))
        assert ({"MA_LK": "1"},) == dossier.parts[0].rows
        assert {"MA_LK": 2} == dossier.parts[0].unknown_elements

    def test_elements_inside_a_field_are_its_text_and_counted(self) -> None:
        document = "<TONG_HOP><MA_LK>1</MA_LK><GHI_CHU>đau <b>rất <i>nhiều</i></b></GHI_CHU></TONG_HOP>"
        dossier = only(envelope(hoso(("XML1", encoded(document)))))
        assert ({"MA_LK": "1", "GHI_CHU": "đau rất nhiều"},) == dossier.parts[0].rows
        assert {"b": 1, "i": 1} == dossier.parts[0].unknown_elements

    def test_empty_tables_have_no_rows(self) -> None:
        for document in ("<CHITIEU_CHITIET_THUOC/>", inner("XML2", []), inner("XML2", [{}])):
            assert [] == part_rows("XML2", encoded(document))

    def test_both_spellings_of_the_referral_are_known(self) -> None:
        for spelling in ("MA_NOI_DEN", "MA_CSKCB_DEN"):
            dossier = only(envelope(hoso(("XML13", encoded(inner("XML13", [{"MA_LK": "1", spelling: "01002"}]))))))
            assert {} == dossier.parts[0].unknown_elements
