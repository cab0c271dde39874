"""The generated C satisfies strict compilers, cppcheck, C++ and the fuzzer, whatever a contract's names are."""

import pytest
from tests.conformance.codegen.fuzz import fuzz_target
from tests.conformance.codegen.layouts import PRODUCTS, contract
from tests.conformance.codegen.processors import STRICT, need, run, write
from tests.unit.contract.codegen.awkward import awkward

FUZZ_RUNS = 40_000
COMPILERS = (("gcc", "-Os"), ("gcc", "-O3"), ("clang", "-O2"), ("clang", "-Weverything"))
"""The cross compilers are asked with the same warnings where what they make runs (test_c_bytes)."""
PREFERENCES = ("-Wno-padded", "-Wno-declaration-after-statement", "-Wno-unknown-warning-option", "-Wno-unsafe-buffer-usage")
"""What clang's -Weverything also has: no mistakes, but tastes that exclude each other."""


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("compiler", COMPILERS, ids="-".join)
def test_compilers_find_nothing(compiler, product, tmp_path):
    need(compiler[0])
    source = write(contract(product), tmp_path)
    preferences = PREFERENCES if "-Weverything" in compiler else ()
    run([*compiler, *STRICT, *preferences, "-c", source, "-o", tmp_path / "out.o"])


@pytest.mark.parametrize("product", PRODUCTS)
def test_cppcheck_finds_nothing(product, tmp_path):
    need("cppcheck")
    source = write(contract(product), tmp_path)
    asked = ("--enable=warning,style,performance,portability", "--std=c99", "--inconclusive", "--error-exitcode=1", "--quiet")
    assert run(["cppcheck", *asked, source]) == b""


@pytest.mark.parametrize("product", PRODUCTS)
def test_cpp_can_include_the_header(product, tmp_path):
    need("clang")
    source = write(contract(product), tmp_path)
    run(["clang", "-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", source.with_suffix(".h")])


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_name_and_no_text_of_a_contract_breaks_the_code(compiler, tmp_path):
    need(compiler)
    source = write(awkward(), tmp_path)
    run([compiler, *STRICT, "-c", source, "-o", tmp_path / "out.o"])


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_fuzzer_finds_nothing(product, tmp_path):
    """A bounded number of inputs, from a fixed seed: what the decoder takes, the encoder gives back."""
    need("clang")
    source, target, program = write(contract(product), tmp_path), tmp_path / "fuzz.c", tmp_path / "fuzz"
    target.write_text(fuzz_target(contract(product)), "utf-8")
    need_fuzzer(tmp_path)
    run(["clang", "-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", target, source, "-o", program])
    run([program, f"-runs={FUZZ_RUNS}", "-seed=1", "-max_len=640", "-detect_leaks=0"], cwd=tmp_path)


def need_fuzzer(folder):
    empty = folder / "empty.c"
    empty.write_text(
        "int LLVMFuzzerTestOneInput(const char *data, unsigned long size);\n"
        "int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data + !size > 2; }\n"
    )
    try:
        run(["clang", "-fsanitize=fuzzer", empty, "-o", folder / "empty"])
    except AssertionError:
        pytest.skip("install the package libclang-rt-dev")
