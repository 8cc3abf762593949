"""Shown, then packaged: what a cell defines under a name of careerlib's is the same code."""

import ast

import nbformat
import pytest

from careerlib.project import NOTEBOOKS, ROOT, notebooks_in

MODULES = "encoding synthetic training persons matching explain/__init__"
FILES = [ROOT / f"careerlib/{name}.py" for name in MODULES.split()] + [ROOT / ".ci/record.py"]


def defined(source):
    """(name, definition without docstrings) of each function and class of a source."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part):
                    part.body = part.body[1:]
            yield node.name, ast.unparse(node)


PACKAGED = {name: code for path in FILES for name, code in defined(path.read_text("utf-8"))}
SHOWN = [
    pytest.param(name, code, id=f"{path.stem[:2]}-{name}")
    for path in notebooks_in(NOTEBOOKS)
    for cell in nbformat.read(path, 4).cells
    if "packaged" in cell.metadata.get("tags", [])
    for name, code in defined(cell.source)
]


@pytest.mark.parametrize(("name", "code"), SHOWN)
def test_the_cell_is_the_packages_code(name, code):
    assert code == PACKAGED[name]
