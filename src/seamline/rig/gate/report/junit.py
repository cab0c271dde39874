"""The verdict as JUnit XML: a suite for each stage, a case for each criterion.

Written so that Jenkins' schema (junit-10) takes it, and Ant's (windyroad/JUnit-Schema) but for one thing: that demands a `time`
everywhere, and here only what was measured has one. What failed is a failure; what a demanded stage could not judge is an error; what is
asked later is skipped. JUnit has no word for what passed in part: a property of the suite, and its output, say what is missing.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from seamline.rig.gate.verdict import Judgement, Outcome, Stage, Verdict

HOST: Final = "localhost"
"""What the schema asks for where the host is of no matter."""
NO_TIME: Final = "1970-01-01T00:00:00"
FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 does not take."""


def rendered(verdict: Verdict) -> str:
    """Return the document as text."""
    root = Element("testsuites")
    for stage in Stage:
        root.append(_suite(verdict, stage))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(verdict: Verdict, stage: Stage) -> Element:
    cases = [_case(verdict, each) for each in verdict.at(stage)]

    def count(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    suite = Element("testsuite", {
        "id": str(stage.order), "package": _text(f"seamline.gate.{verdict.product}"), "name": str(stage), "hostname": HOST,
        "timestamp": verdict.when or NO_TIME, "tests": str(len(cases)), "failures": count("failure"), "errors": count("error"),
        "skipped": count("skipped"),
    })  # fmt: skip
    for measured, seconds in verdict.took:
        if measured is stage:
            suite.set("time", f"{seconds:.3f}")
    properties = SubElement(suite, "properties")
    told = {"product": verdict.reference, "stage": str(verdict.stage), "seamline": verdict.code, "command": verdict.command}
    for name, value in told.items():
        SubElement(properties, "property", {"name": name, "value": _text(value)})
    for each in verdict.at(stage):
        if each.part:
            SubElement(properties, "property", {"name": f"passed in part: {each.criterion.id}", "value": _text(each.missing)})
    suite.extend(cases)
    SubElement(suite, "system-out").text = _text("\n".join(_passed(each) for each in verdict.at(stage) if each.holds))
    SubElement(suite, "system-err").text = ""
    return suite


def _case(verdict: Verdict, each: Judgement) -> Element:
    criterion = each.criterion
    classname = _text(f"{verdict.product}.{criterion.stage}")
    case = Element("testcase", {"classname": classname, "name": f"{criterion.id}: {_text(criterion.title)}"})
    demanded = criterion.stage.order <= verdict.stage.order
    if each.holds:
        return case
    if not demanded or each.outcome is Outcome.NOT_APPLICABLE:
        SubElement(case, "skipped", {"message": _text(each.reason)})
        return case
    tag = "failure" if each.outcome is Outcome.FAILED else "error"
    SubElement(case, tag, {"message": _text(each.reason), "type": criterion.id}).text = _text(_told(each))
    return case


def _told(each: Judgement) -> str:
    lines = [f"{evidence}{f' | {evidence.replay}' if evidence.replay else ''}" for evidence in each.evidence]
    return "\n".join([each.reason, *lines, f"remedy: {each.remedy}"])


def _passed(each: Judgement) -> str:
    part = [f"  passed in part; {each.missing}"] if each.part else []
    scale = [f"  with {each.scale}"] if each.scale else []
    told = [*part, *scale, *(f"  {evidence}" for evidence in each.evidence)]
    return "\n".join([f"{each.criterion.id}: {each.criterion.title}", *told])


def _text(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
