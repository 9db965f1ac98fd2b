"""The shape of the tree is a contract: these checks keep it what the code map says."""

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "operator" / "shorthaul"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    ".dockerignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "charts",
    "crds",
    "docs",
    "examples",
    "hack",
    "operator",
    "pyproject.toml",
    "requirements",
    "tests",
}


def test_operator_is_a_source_root_and_never_a_package():
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_the_top_level_holds_only_what_the_design_names():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    found = {line.split("/")[0] for line in listed if line}
    if not found:
        pytest.skip("not a git checkout")

    assert found - TOP_LEVEL == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_has_a_docstring_and_keeps_its_size(path):
    long = [found.name for found, lines in functions(path) if lines > 70]

    assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no module docstring"
    assert len(path.read_text().splitlines()) <= 400
    assert long == []


def functions(*paths):
    """All functions of some files, with the lines that each has."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node, (node.end_lineno or 0) - node.lineno + 1


def test_most_files_and_functions_are_small():
    files = [len(path.read_text().splitlines()) for path in SOURCES]
    sizes = [lines for _, lines in functions(*SOURCES)]

    assert statistics.median(files) <= 150
    assert statistics.median(sizes) <= 9
    assert statistics.quantiles(sizes, n=10)[-1] <= 20


def test_no_function_takes_more_than_six_arguments():
    many = {}
    for node, _ in functions(*SOURCES):
        told = node.args
        names = [each.arg for each in (*told.posonlyargs, *told.args, *told.kwonlyargs)]
        if len([name for name in names if name not in ("self", "cls")]) > 6:
            many[node.name] = names

    assert many == {}


def test_the_loop_stays_short():
    assert len((PACKAGE / "loop.py").read_text().splitlines()) <= 200


def test_the_readme_is_short_and_starts_with_the_first_command():
    lines = (ROOT / "README.md").read_text().splitlines()

    assert len(lines) <= 150
    assert any("make demo" in line for line in lines[:25])


def test_every_file_that_the_code_map_names_is_there():
    text = (ROOT / "operator" / "README.md").read_text()
    named = set(re.findall(r"`([\w./-]+\.(?:py|h|c|toml|ya?ml|txt))`", text))
    there = [str(path) for path in ROOT.rglob("*") if ".venv" not in path.parts]

    assert len(named) > 50
    assert [
        name for name in sorted(named) if not any(at.endswith(f"/{name}") for at in there)
    ] == []


def test_kopf_watches_our_own_kinds_only_and_indexes_nothing():
    text = "".join(path.read_text() for path in SOURCES)
    registered = re.findall(r"kopf\.(?:on\.)?(\w+)\((\w+), VERSION", text)

    assert registered == [("event", "GROUP")]
    assert not re.search(r"kopf\.(?:index|daemon|timer|on\.(?:create|update|delete|field))\b", text)


def test_locked_requirements_have_hashes_and_name_no_place():
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "--hash=sha256:" in text, lock
        assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links", text), lock
