"""Shown, then packaged: what a cell defines under a name of careerlib's is the same code."""

import ast

import nbformat
import pytest

from careerlib.project import NOTEBOOKS, ROOT, notebooks_in

MODULES = "encoding synthetic training persons evaluation matching explain/answer"
FILES = [ROOT / "careerlib" / f"{name}.py" for name in MODULES.split()] + [ROOT / ".ci/record.py"]
CODE = [ast.parse(path.read_text("utf-8")).body for path in FILES]


def defined(body):
    """{name: definition without docstrings, as text} of the functions and classes in a body."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part):
                    part.body = part.body[1:]
            found[node.name] = ast.unparse(node)
    return found


PACKAGED = {name: code for body in CODE for name, code in defined(body).items()}
SHOWN = [
    pytest.param(name, code, id=f"{path.stem[:2]}-{name}")
    for path in notebooks_in(NOTEBOOKS)
    for cell in nbformat.read(path, 4).cells
    if "packaged" in cell.metadata.get("tags", [])
    for name, code in defined(ast.parse(cell.source).body).items()
]


@pytest.mark.parametrize(("name", "code"), SHOWN)
def test_the_cell_is_the_packages_code(name, code):
    assert code == PACKAGED[name]
