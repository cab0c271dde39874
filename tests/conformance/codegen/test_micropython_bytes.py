"""The generated module writes and reads on MicroPython the bytes that Python does."""

import json

import pytest
from tests.conformance import interpreters
from tests.conformance.codegen.cases import cases, layouts
from tests.conformance.codegen.layouts import PRODUCTS, contract

from seamline.contract.codegen.micropython import generate

PROGRAM = """
import json
import sys
sys.path.append("/")
import %s as product

for line in open("/cases.jsonl"):
    name, values, body = json.loads(line)
    message = getattr(product, name)
    if body is None:
        try:
            print(message.pack(values).hex())
        except ValueError:
            print("refused")
    else:
        found = message.unpack(bytes.fromhex(body))
        print(" ".join([str(found.get(column[0], "-")) for column in message.columns]))
"""


@pytest.fixture(scope="module")
def micropython():
    result = interpreters.install()
    if result == interpreters.NO_NODE:
        pytest.skip("install the package nodejs")
    assert result == 0, "run python tests/conformance/interpreters.py"
    return interpreters.run


def questions(product):
    """Each case as the module is asked it, and the line it must answer."""
    for case in cases(product):
        layout = layouts(product)[case.message]
        name = layout.message.upper()
        if case.values is not None:
            yield [name, case.values, None], "refused" if case.body is None else case.body.hex()
        else:
            found = layout.unpack(case.body)
            yield [name, None, case.body.hex()], " ".join(str(found.get(place.name, "-")) for place in layout.places)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_micropython_answers_as_python_does(micropython, version, product):
    asked, answers = zip(*questions(product), strict=True)
    files = {f"/{name}": text for name, text in generate(None, contract(product)).items()}
    files["/cases.jsonl"] = "".join(json.dumps(question) + "\n" for question in asked)
    said = micropython(version, files, PROGRAM % contract(product).product).split("\n")
    assert said.pop() == ""
    for question, wanted, got in zip(asked, answers, said, strict=True):
        assert got == wanted, question


PARTS = """
import sys
sys.path.append("/")
import heater

print(heater.topic(heater.TOPIC_DATA, "heater-1"), heater.topic(heater.TOPIC_DOWN, "x" * 64))
for device in ("", "a/b", "x" * 65, "+", "a b"):
    try:
        print(heater.topic(heater.TOPIC_DATA, device))
    except ValueError:
        print("refused")
print([heater.backoff_ms(tries, 0xFFFFFFFF) for tries in (0, 1, 2, 9, 40)], heater.backoff_ms(3, 0))
print(heater.FAULTS[heater.FAULT_SENSOR_OPEN], heater.CONTRACT, heater.POLICY["answer_timeout_ms"])
for wrong in ({"room": 1}, {"room": "1"}, {"nothing": 1}):
    try:
        print(heater.READING.pack(wrong))
    except ValueError as error:
        print(error)
"""
PARTS_ANSWER = f"""\
up/heater-1/data dn/{"x" * 64}/#
refused
refused
refused
refused
refused
[2000, 4000, 8000, 600000, 600000] 0
('sensor_open', 'adc', 3, True) heater/1.3.0 12000
reading: element is missing
reading: room is '1'; allowed are ((0, 65535),)
reading: room is missing
"""


@pytest.mark.parametrize("version", interpreters.VERSIONS)
def test_what_is_no_message_works_on_micropython(micropython, version):
    files = generate(None, contract("heater"))
    assert micropython(version, {f"/{name}": text for name, text in files.items()}, PARTS) == PARTS_ANSWER
