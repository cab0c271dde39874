"""What holds for every target: registered, deterministic, plain text under relative paths."""

import pytest
from tests.unit.contract.codegen.specimens import EVERYTHING

from seamline.contract.codegen import TARGETS, target

OURS = ("asyncapi", "html", "jsonschema", "map", "markdown", "mermaid", "numpy", "sparkplug", "sql", "typescript")


@pytest.mark.parametrize("name", OURS)
def test_a_target_makes_the_same_texts_every_time(family, name):
    texts = target(name)(family, family.current)
    assert texts
    assert texts == target(name)(family, family.current)
    for path, text in texts.items():
        assert not path.startswith(("/", "."))
        assert text.endswith("\n")
        assert "\r" not in text


def test_every_target_of_the_documents_is_registered():
    assert set(OURS) <= set(TARGETS)


def test_an_unknown_target_is_a_key_error():
    with pytest.raises(KeyError):
        target("cobol")


@pytest.mark.parametrize("name", ["html", "jsonschema", "markdown", "sql", "typescript"])
def test_a_value_that_a_model_guessed_is_marked_as_such_everywhere(name):
    text = "".join(target(name)(EVERYTHING, EVERYTHING.current).values())
    assert "nferred by shades 1.4.0, confidence in level" in text
