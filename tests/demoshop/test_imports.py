"""The player must be able to contradict the operator, so it may share no line of its code."""

import ast
from pathlib import Path

import pytest

import demoshop

FOLDER = Path(demoshop.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_nothing_of_the_operator_is_imported_by_the_demo(path: Path):
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _names(node)
    }

    assert "shorthaul" not in imported


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []
