"""A file in chunks, and one HOSO on its own."""

import base64
from dataclasses import replace

from producers.insurance_xml.envelope import Dossier, Limits, Problem, Splitter, iter_dossiers, open_sheet, read_dossier
from tests.unit.insurance_xml.files import VISIT, envelope, hoso, inner, visit
from tests.unit.insurance_xml.reading import good, only


class TestStreaming:
    def test_any_chunks_give_the_same(self) -> None:
        raw = envelope(visit("LK-1"), visit("LK-2"))
        expected = list(good(raw).dossiers)
        for size in (1, 7, 1_000, len(raw)):
            chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
            assert expected == list(iter_dossiers(chunks))

    def test_each_dossier_comes_as_soon_as_it_is_complete(self) -> None:
        raw = envelope(visit("LK-1"), visit("LK-2"))
        splitter = Splitter(Limits())
        cut = raw.index(b"</HOSO>") + len(b"</HOSO>")
        (first,) = splitter.feed(raw[:cut])
        assert ("01999", "20261123", 2) == (splitter.facility, splitter.created, splitter.declared_count)
        assert "LK-1" == open_sheet(first).parts[0].rows[0]["MA_LK"]
        (second,) = splitter.feed(raw[cut:])
        assert () == splitter.close()
        assert (None, 2) == (splitter.problem, second.index)

    def test_a_file_that_ends_early_ends_with_its_problem(self) -> None:
        raw = envelope(visit("LK-1"), visit("LK-2"))
        first, last = iter_dossiers(raw[: raw.rindex(b"</HOSO>")])
        assert isinstance(first, Dossier)
        assert isinstance(last, Problem)
        assert "xml_not_well_formed" == last.reason

    def test_after_a_problem_nothing_more_is_read(self) -> None:
        splitter = Splitter(Limits())
        splitter.feed(b"<Bundle>" + b" " * 1_000)
        assert Problem("xml_root") == splitter.problem
        assert () == splitter.feed(envelope(visit())) == splitter.close()


class TestRaw:
    def test_one_dossier_alone(self) -> None:
        dossier = only(envelope(visit()))
        assert dossier == read_dossier(dossier.raw)
        assert replace(good(envelope(visit(), visit("LK-2"))).dossiers[1], index=7) == read_dossier(
            good(envelope(visit(), visit("LK-2"))).dossiers[1].raw, index=7
        )

    def test_does_not_depend_on_the_file_around_it(self) -> None:
        other = good(envelope(visit("LK-2"), visit(), facility="01998", signature="x")).dossiers[1]
        assert only(envelope(visit())).raw == other.raw

    def test_changes_with_the_content(self) -> None:
        assert only(envelope(visit("LK-1"))).raw != only(envelope(visit("LK-2"))).raw

    def test_of_awkward_markup(self) -> None:
        inside = (
            '<HOSO b="2" a="&lt;&quot;&#10;&#13;" xmlns:x="urn:x" x:a="3"><x:y/>]]&gt;&#13;'
            "<FILEHOSO><LOAIHOSO>XML1</LOAIHOSO><NOIDUNGFILE><![CDATA[<A>&]]></NOIDUNGFILE></FILEHOSO></HOSO>"
        )
        dossier = only(envelope(inside))
        assert dossier == read_dossier(dossier.raw)

    def test_is_no_dossier(self) -> None:
        for raw, reason in (
            (b"", "xml_not_well_formed"),
            (b"<A/>", "xml_root"),
            (b"<!DOCTYPE HOSO><HOSO/>", "xml_entities"),
        ):
            problem = read_dossier(raw)
            assert isinstance(problem, Problem)
            assert reason == problem.reason

    def test_base64_is_kept_as_sent(self) -> None:
        content = base64.b64encode(inner("XML1", [VISIT]).encode())
        assert content in only(envelope(hoso(("XML1", content.decode())))).raw
