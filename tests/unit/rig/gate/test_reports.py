"""The reports: well formed whatever a product calls itself, the same for the same verdict, and nothing lost between them."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from seamline.contract.problems import Span
from seamline.rig.gate.report import document, html, junit, markdown, text, write
from seamline.rig.gate.verdict import (
    Answer,
    Criterion,
    DayLine,
    Evidence,
    Outcome,
    SeedRun,
    Stage,
    Standing,
    Verdict,
    failed,
    not_applicable,
    not_judged,
    passed,
)

PLACE = Span("contract.yaml", 3, 4, 3, 9)
REPLAY = "seamline rig replay 'a plan.json'"


def verdict_of(said="a text", stage=Stage.BUILD):
    """One judgement of each outcome, and one that is asked later, all of which say `said`."""
    seen = Evidence(said, PLACE, "SL201")
    asked = [Criterion(f"build.{name}", Stage.BUILD, 1, said, said) for name in ("a", "b", "c")]
    day = Criterion("harden.week-offline", Stage.HARDEN, 6, said, said)
    found = (
        passed(asked[0], seen), failed(asked[1], said or "no", Evidence(said, replay=REPLAY)), not_judged(asked[2], said or "why"),
        not_judged(day, said or "later"),
    )  # fmt: skip
    answers = (Answer(1, said, (seen,), found[:3], (said,)),)
    days = (DayLine("week-offline", said, found[3], (SeedRun(1, 0, 8.0, 10, held=True), SeedRun(2, 3, 8.0, 10, held=False))),)
    return Verdict(
        said, said, said, stage, found, answers, when="2026-11-21T19:00:00", command=said, code="0.1.0",
        figures=(("worlds", "2"),), days=days, system_map="<svg/>", pictures=((said, "<svg/>"),),
    )  # fmt: skip


class Page(HTMLParser):
    """A page taken apart; raises where tags do not nest."""

    VOID = frozenset({"meta", "img", "br", "circle", "path"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.sources, self.text = [], [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.sources += [given["src"]] if "src" in given else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_a_page_loads_nothing_and_runs_nothing(verdict):
    page = Page(html.rendered(verdict))
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    assert not re.search(r"url\(|@import|https?://", html.CSS)


def test_every_link_of_a_page_leads_somewhere(verdict):
    page = Page(html.rendered(verdict))
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert all(each.criterion.id in page.ids for each in verdict.judgements)


def test_a_page_says_all_its_evidence_and_all_seven_answers(verdict):
    said = "".join(Page(html.rendered(verdict)).text)
    assert len(verdict.answers) == 7
    for answer in verdict.answers:
        assert answer.question in said
        assert all(each.text in said for each in answer.says)
    assert all(each.text in said and each.where in said for one in verdict.judgements for each in one.evidence)


@pytest.mark.parametrize("form", [html, junit, markdown, document, text], ids=lambda each: each.__name__)
def test_the_same_verdict_gives_the_same_report(form, verdict):
    assert form.rendered(verdict) == form.rendered(replace(verdict))


def test_what_fails_stands_first_with_the_line_that_repeats_it():
    found = verdict_of()
    page = html.rendered(found)
    assert page.index("What is lacking") < page.index("The seven questions")
    for form in (page.replace("&#x27;", "'"), markdown.rendered(found), text.rendered(found), junit.rendered(found)):
        assert REPLAY in form


def test_a_verdict_that_passes_has_no_section_of_what_is_lacking(verdict):
    assert "What is lacking" not in html.rendered(verdict)
    assert "### " not in markdown.rendered(verdict)


hostile = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", "a|b\nc", "]]>", "`x`", "![x](http://y)", "\x00\x08\x1b[31m", '" onload="x', "&amp;", "|\\|"]
)


@given(hostile)
def test_a_page_takes_any_text_for_text(said):
    page = Page(html.rendered(verdict_of(said)))
    assert set(page.tags) == set(Page(html.rendered(verdict_of())).tags)


@given(hostile)
def test_junit_is_xml_whatever_is_said(said):
    checked(ET.fromstring(junit.rendered(verdict_of(said))))


@given(hostile)
def test_a_table_in_markdown_keeps_its_columns(said):
    rows = [line for line in markdown.rendered(verdict_of(said)).splitlines() if line.startswith("| 1 |")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", rows[0])) == 5
    assert "<script>" not in re.sub(r"(`+)[^`].*?\1", "", markdown.rendered(verdict_of(said)))


# The shape of JUnit XML that Jenkins' junit-10.xsd takes, and Ant's schema (windyroad/JUnit-Schema, JUnit.xsd) where there is a time:
# element: (required attributes, optional ones, children in this order).
SHAPE = {
    "testsuites": (set(), set(), ["testsuite*"]),
    "testsuite": (
        {"id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors"},
        {"skipped", "time"},
        ["properties", "testcase*", "system-out", "system-err"],
    ),
    "properties": (set(), set(), ["property*"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname"}, {"time"}, ["skipped?", "error?", "failure?"]),
    "skipped": (set(), {"message"}, []),
    "error": ({"type"}, {"message"}, []),
    "failure": ({"type"}, {"message"}, []),
    "system-out": (set(), set(), []),
    "system-err": (set(), set(), []),
}


def checked(element):
    """Hold an element and all within against SHAPE."""
    required, optional, children = SHAPE[element.tag]
    assert required <= set(element.attrib) <= required | optional
    expected = "".join(f"(?:{each.rstrip('*?')} ){each[-1] if each[-1] in '*?' else ''}" for each in children)
    assert re.fullmatch(expected, "".join(f"{child.tag} " for child in element)), [child.tag for child in element]
    if element.tag == "testcase":
        assert len(element) <= 1
    if element.tag == "testsuite":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.attrib["timestamp"])
        cases = element.findall("testcase")
        assert int(element.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[attribute]) == sum(case.find(tag) is not None for case in cases)
    for child in element:
        checked(child)


def test_junit_has_the_shape_that_ci_systems_take(verdict):
    root = ET.fromstring(junit.rendered(verdict))
    checked(root)
    assert [suite.attrib["name"] for suite in root] == list(Stage)
    assert sum(len(suite.findall("testcase")) for suite in root) == len(verdict.judgements)


def test_junit_has_the_time_of_what_was_measured_and_no_other(verdict):
    assert "time=" not in junit.rendered(replace(verdict, took=()))
    root = ET.fromstring(junit.rendered(replace(verdict, took=((Stage.MAP, 0.0004), (Stage.HARDEN, 83.25)))))
    assert [suite.get("time") for suite in root] == ["0.000", None, "83.250", None, None]
    assert not any("time" in case.attrib for case in root.iter("testcase"))


def test_junit_tells_failures_errors_and_what_is_asked_later_apart():
    root = ET.fromstring(junit.rendered(verdict_of()))
    found = {case.attrib["name"].partition(":")[0]: [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {"build.a": [], "build.b": ["failure"], "build.c": ["error"], "harden.week-offline": ["skipped"]}


def test_the_json_holds_every_criterion_with_its_evidence(verdict):
    found = json.loads(document.rendered(verdict))
    assert found["format"] == "seamline-gate/1"
    assert found["passes"] is True
    assert [each["id"] for each in found["criteria"]] == [each.criterion.id for each in verdict.judgements]
    assert [len(each["evidence"]) for each in found["criteria"]] == [len(each.evidence) for each in verdict.judgements]
    counts = {str(outcome): sum(each.outcome is outcome for each in verdict.judgements) for outcome in Outcome}
    assert found["counts"] == counts
    assert counts["passed"] > 10
    assert [each["number"] for each in found["questions"]] == [1, 2, 3, 4, 5, 6, 7]


def test_a_long_markdown_is_cut_at_a_line_and_says_so():
    long = verdict_of()
    many = tuple(replace(long.judgements[1], reason=f"{at} {'x' * 500}") for at in range(300))
    told = markdown.rendered(replace(long, judgements=many))
    assert len(told) < 65_536
    assert told.endswith("… and more: see the HTML report.\n")


def test_a_folder_gets_every_form_and_a_file_the_one_it_ends_in(verdict, tmp_path):
    assert [file.name for file in write.save(verdict, tmp_path / "out")] == ["gate.html", "gate.xml", "gate.md", "gate.json"]
    (file,) = write.save(verdict, tmp_path / "deep" / "here.xml")
    assert file.read_text() == junit.rendered(verdict)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "gate.html",
        "gate.json",
        "gate.md",
        "gate.xml",
        "here.xml",
    ]


def test_worlds_are_told_by_more_than_colour():
    page = html.rendered(verdict_of())
    assert 'aria-label="1 of 2 worlds held"' in page
    assert '<i class="quiet"' in page
    assert '<i class="broken"' in page


def test_the_terminal_names_each_stage_and_what_is_lacking():
    told = text.rendered(verdict_of("a text"))
    assert told.startswith("FAILED build.b: a text\n  a text\n")
    assert "NOT JUDGED build.c" in told
    assert told.endswith("a text/a text does not pass build: 1 passed, 1 failed, 1 not judged")
    assert all(f"\n{stage}" in told for stage in Stage)


def test_what_is_not_applicable_is_said_in_every_form_and_lacks_nothing():
    short = verdict_of("a text")
    criterion = Criterion("build.d", Stage.BUILD, 7, "a day", "a remedy")
    passed_only = [each for each in short.judgements if each.outcome is Outcome.PASSED]
    verdict = replace(short, judgements=(*passed_only, not_applicable(criterion, "it has no settings")))
    assert verdict.passes
    told = text.rendered(verdict)
    assert "not applicable: build.d: it has no settings" in told
    assert told.endswith("passes build: 1 passed, 0 failed, 0 not judged, 1 not applicable")
    assert "➖ `build.d`" in markdown.rendered(verdict)
    assert 'aria-label="not applicable"' in html.rendered(verdict)
    (case,) = ET.fromstring(junit.rendered(verdict)).iterfind(".//testcase/skipped")
    assert case.attrib["message"] == "it has no settings"
    counts = json.loads(document.rendered(verdict))["counts"]
    assert counts == {"passed": 1, "passed in part": 0, "failed": 0, "not judged": 0, "not applicable": 1}


def test_what_passes_in_part_is_marked_in_every_form_with_what_is_missing():
    short = verdict_of("a text")
    criterion = Criterion("harden.offline-toggle", Stage.HARDEN, 4, "survives offline-toggle: a setting", "a remedy")
    part = replace(passed(criterion, Evidence("seen"), part=("no <commands> yet",)), scale="8 of 20,000 devices")
    days = (DayLine("offline-toggle", "a setting", part, (SeedRun(1, 3, 8.0, 10, held=True, devices=8),)),)
    answers = (Answer(4, "what is shown?", (), (part,)),)
    verdict = replace(short, stage=Stage.HARDEN, judgements=(part,), days=days, answers=answers)
    assert verdict.passes
    assert verdict.answers[0].standing is Standing.PARTLY
    told = text.rendered(verdict)
    assert "passed in part: harden.offline-toggle: missing: no <commands> yet" in told
    assert "with 8 of 20,000 devices: harden.offline-toggle" in told
    assert told.endswith("passes harden: 0 passed, 1 passed in part, 0 failed, 0 not judged")
    marked = markdown.rendered(verdict)
    assert (
        "🌓 `harden.offline-toggle` survives offline-toggle: a setting (8 of 20,000 devices): missing: no \\<commands\\> yet"
        in marked
    )
    assert "✅ `harden.offline-toggle`" not in marked
    page = html.rendered(verdict)
    assert 'aria-label="passed in part"' in page
    assert '<span class="missing">missing: no &lt;commands&gt; yet</span>' in page
    assert '<td class="n">8 of 20,000</td>' in page
    root = ET.fromstring(junit.rendered(verdict))
    checked(root)
    (named,) = [each for each in root.iter("property") if each.attrib["name"].startswith("passed in part")]
    assert named.attrib == {"name": "passed in part: harden.offline-toggle", "value": "missing: no <commands> yet"}
    said = root.find("testsuite[@name='harden']/system-out").text
    assert "passed in part; missing: no <commands> yet" in said
    assert "with 8 of 20,000 devices" in said
    (found,) = json.loads(document.rendered(verdict))["criteria"]
    assert (found["outcome"], found["missing"], found["devices"]) == (
        "passed in part",
        ["no <commands> yet"],
        "8 of 20,000 devices",
    )
    (day,) = json.loads(document.rendered(verdict))["days"]
    assert (day["missing"], day["devices"], day["worlds"][0]["devices"]) == (["no <commands> yet"], "8 of 20,000 devices", 8)


def test_long_evidence_is_counted_where_it_is_cut():
    many = tuple(Evidence(f"thing {at}") for at in range(30))
    found = verdict_of()
    long = replace(found, judgements=(replace(found.judgements[1], evidence=many),))
    assert "and 22 more" in text.rendered(long)
    assert "… and 18 more" in markdown.rendered(long)
    assert "… and 10 more" in html.rendered(long)
    assert Outcome.FAILED.upper() in text.rendered(long)
