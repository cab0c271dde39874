"""Whatever is done to a plan, it is read, or refused with problems that have a place; nothing else happens."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

from seamline.contract.problems import ContractErrors
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.loader import read_plan

YARD = Path(__file__).parents[4] / "examples" / "sites" / "yard"
LINES = (YARD / "plan.yaml").read_text(encoding="utf-8").replace("../../", f"{YARD.parents[1]}/").splitlines()
WORDS = st.sampled_from(
    [
        "",
        "x",
        "5",
        "-1 m",
        "0 m",
        "1e9 m",
        "[]",
        "{}",
        "[1, 2]",
        "{a: 1}",
        "removed",
        "''",
        "~",
        "!!int 3",
        "&a",
        "9999999 m",
        "360 deg",
        "true",
    ]
)


def changed(lines, at, how, word):
    """One line taken out, doubled, pushed to the right, or its value replaced."""
    line = lines[at]
    key, colon, _ = line.partition(":")
    now = {
        "out": [],
        "twice": [line, line],
        "deeper": [f"  {line}"],
        "value": [f"{key}{colon} {word}"],
        "key": [line.replace(key.strip() or "#", word or "k", 1)],
    }
    return [*lines[:at], *now[how], *lines[at + 1 :]]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(["out", "twice", "deeper", "value", "key"]), WORDS),
        min_size=1,
        max_size=3,
    )
)
def test_a_plan_that_was_changed_anyhow_is_read_or_refused(tmp_path, changes):
    lines = LINES
    for at, how, word in changes:
        lines = changed(lines, min(at, len(lines) - 1), how, word)
    if not (tmp_path / "survey.kml").exists():
        (tmp_path / "survey.kml").write_bytes((YARD / "survey.kml").read_bytes())
    path = tmp_path / "plan.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    plan, problems = read_plan(path, "fewer")
    assert plan is not None or problems
    for problem in problems:
        assert problem.code.startswith("SP") or problem.span.file != str(path)
        assert problem.message
    found = read_plan(path)
    if not found[1]:
        assert sound(load_plan(path))


def sound(plan):
    """Whether a plan becomes a site whose notes have remedies, or is refused with fixes."""
    try:
        site = resolve(plan)
    except ContractErrors as errors:
        return all(problem.code.startswith("SP") and problem.fix for problem in errors.problems)
    return all(note.remedy for note in site.notes)
