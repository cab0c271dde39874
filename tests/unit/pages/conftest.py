"""The pages' own arithmetic, run by the Node that builds them: it reads TypeScript as it is."""

import json
import subprocess
from pathlib import Path

import pytest
from hatch_build import BuildError, find_node

LIB = Path(__file__).resolve().parents[3] / "frontend" / "src" / "lib"


@pytest.fixture(scope="session")
def typescript():
    """Call `run(module, function, [arguments, …])`: what a function of `frontend/src/lib` answers to each."""
    try:
        node, _ = find_node()
    except BuildError as error:
        pytest.skip(str(error))

    def run(module, function, calls):
        script = (
            f"import {{ {function} }} from {json.dumps((LIB / module).as_uri())};"
            "let text = ''; for await (const part of process.stdin) text += part;"
            f"console.log(JSON.stringify(JSON.parse(text).map((given) => {function}(...given))));"
        )
        command = [node, "--experimental-strip-types", "--no-warnings", "--input-type=module", "-e", script]
        done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
