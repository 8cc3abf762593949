"""The committed notebooks: what CONTRIBUTING.md says of their form, outputs, prose."""

import ast
import json
import platform
import re
import runpy
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from math import ceil

import nbformat
import pytest

from careerlib import ledger
from careerlib.project import NOTEBOOKS, ROOT, notebooks_in

PATHS = notebooks_in(NOTEBOOKS)
HELPERS = {"caption", "finding", "claim", "verdicts", "check"}  # what shows and records
MINUTES = r"^About (\d+) minutes to read, \d+ more with the exercises(?: and (\d+) with what)?"
LAST = ["The post says, we measured", "Exercises", "Further", "Recap"]  # the last sections

# Numbers that may stand in prose: definitions, scales and sizes that the procedure sets.
DEFINITIONS = set(
    """30.1 2024 2034 35 47 49 50 94 149 150 12 13 0 0.05 0.1 1 2 3 4 5 6 7 10 22 34
42 0.6 0.4 0.45 0.8 40 60 80 95 100 200,000 3,000 135 894""".split()
)
NUMBER = r"\d[\d,]*(?:\.\d+)?"
STATED = set(re.findall(NUMBER, ledger.CLAIMS[["stated", "claim"]].to_csv(sep=" ")))
PATRONISING = re.compile(r"well-meant|to the post's credit|obviously|of course|simply", re.I)


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, 4).cells


def tags(cell):
    return cell.metadata.get("tags", [])


def code(cells):
    """The code cells, without that for Colab."""
    return [cell for cell in cells if cell.cell_type == "code" and cell.id != "colab"]


def visible(cells):
    return [cell for cell in code(cells) if "hide-input" not in tags(cell)]


def markdown(cells):
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def outputs(cells):
    return [output for cell in code(cells) for output in cell.outputs]


def calls(cells):
    """Names of the functions that cells call by their name."""
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell.source))]
    return [getattr(node.func, "id", "") for node in nodes if isinstance(node, ast.Call)]


def sections(cells):
    """{heading: its cells}; those before the first heading are under "title"."""
    found, heading = defaultdict(list), "title"
    for cell in cells:
        if cell.cell_type == "markdown" and (said := re.search(r"^## (.+)$", cell.source, re.M)):
            heading = said[1]
        found[heading].append(cell)
    return found


def prose(text):
    """Markdown without code, links, heading and exercise numbers, notebook numbers, minutes."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "", text)
    text = re.sub(r"\b\d\d ·|\[\d\d|^\*\*\d\.\*\*|^\d\. ", "", text, flags=re.M)
    text = re.sub(MINUTES, "", text, flags=re.M)
    return re.sub(r"[nN]otebooks?\s(\d\d(, | and | to )?)+", "", text)


def n_lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def test_committed_as_run_once_from_top_to_bottom_with_outputs_that_can_be_read(path, cells):
    ran = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1))
    for output in outputs(cells):
        assert output.output_type != "error" and output.get("name") != "stderr", output
        data = {key: value for key, value in output.get("data", {}).items() if key != "image/png"}
        plain = data.get("text/plain", output.get("text", ""))
        assert plain and "IPython.core.display" not in plain and "<Figure size" not in plain
        assert max(shown.count("$") for shown in [plain, *map(str, data.values())]) < 2, data
    text = path.read_text("utf-8")
    assert "iopub" not in text and '"papermill"' not in text and len(text) < 1_000_000


def test_jupyterlab_would_save_it_as_it_is_and_colabs_cell_is_in_step(path):
    in_step = runpy.run_path(str(ROOT / ".ci" / "colab.py"))["in_step"]
    numbers = []
    notebook = json.loads(path.read_text("utf-8"), parse_float=numbers.append)
    notebook["metadata"]["language_info"]["version"] = platform.python_version()  # or another
    assert in_step(notebook) == notebook, "run 'make notebooks'"
    assert not [number for number in numbers if number.endswith(".0") or "e" in number]


def test_opened_and_saved_in_jupyterlab_it_is_the_same_file(browser, tmp_path):
    opened = tmp_path / shutil.copy(PATHS[2], tmp_path)
    before = opened.read_bytes(), opened.stat().st_mtime_ns
    options = "--no-browser --allow-root --ServerApp.port=0 --IdentityProvider.token="
    command = [sys.executable, "-m", "jupyter", "lab", *options.split()]
    lab = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        url = next(filter(None, map(re.compile(r"http://localhost:\d+/").search, lab.stderr)))[0]
        page = browser.new_page()
        page.goto(f"{url}lab/tree/{opened.name}")
        page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
        page.get_by_text("| Idle").wait_for()
        while opened.stat().st_mtime_ns == before[1]:
            page.keyboard.press("Control+s")
            page.wait_for_timeout(500)
    finally:
        lab.kill()
        lab.communicate()
    assert opened.read_bytes() == before[0]


def test_figures_have_alternative_texts_also_where_an_image_cannot_have_one(path, cells):
    """The book reads `alt`. JupyterLab cannot give an output's image one: it shows the text."""
    found = outputs(cells)
    pictures = [n for n, output in enumerate(found) if "image/png" in output.get("data", {})]
    for n in pictures:
        alternative = found[n].metadata["image/png"]["alt"]
        assert len(alternative) > 40 and not re.search(r"\d\.\d", alternative), alternative
        assert found[n + 1].data["text/plain"] == alternative and "text/html" in found[n + 1].data
    assert len(pictures) >= 2 or path.stem[:2] in ("07", "10")


def test_the_form(path, cells):
    first, last = cells[0].source, cells[-1].source
    assert re.match(rf"# {path.stem[:2]} · .+\n\n.+", first)
    points = first.split("After this you can", 1)[1].split("\n\n")[1]
    assert len(re.findall(r"^- ", points, re.M)) == 3
    assert last.startswith("## Recap") and len(re.findall(r"^- ", last, re.M)) == 3
    headings = [*sections(cells)][1:]
    questions = [heading for heading in headings if heading not in LAST]
    assert headings == questions + [name for name in LAST if name in headings]
    assert {"Exercises", "Recap"} <= set(headings) and len(questions) >= 4
    assert all(question.endswith("?") for question in questions), questions
    assert 2 <= sum("exercise" in tags(cell) for cell in cells) <= 3
    assert (ROOT / "tests" / "answers" / f"{path.stem[:2]}.toml").is_file()


def test_imports_then_parameters(cells):
    imports, parameters, *_ = code(cells)
    body = ast.parse(imports.source).body
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    assert "hide-input" in tags(imports) and tags(parameters) == ["parameters"]
    for line in parameters.source.splitlines():
        assert re.match(r"\w+: (int|float|bool|str) = |# ", line), line
    for cell in code(cells):
        assert cell is imports or not re.search(r"^\s*(import|from) ", cell.source, re.M)
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert hidden == ("hide-input" in tags(cell)), cell.source


def test_claims_stand_in_one_table_at_the_end(cells):
    for heading, inside in sections(cells).items():
        shown = calls(code(inside))
        assert shown.count("verdicts") == (heading == LAST[0]), heading
        assert heading == LAST[0] or "claim" not in shown, heading


def test_the_notebooks_are_a_chain():
    ends = {path.name: markdown(nbformat.read(path, 4).cells) for path in PATHS}
    for before, after in pairwise(ends):
        first, *_, recap = ends[before]
        assert f"]({after})" in first.split("Next:")[1] and f"]({after})" in recap.split("Next:")[1]
        assert f"]({before})" in ends[after][0].split("Before:")[1]


def test_the_glossary_is_linked_where_a_term_first_occurs():
    glossary = (NOTEBOOKS / "glossary.md").read_text("utf-8")
    terms = re.findall(r"^### (.+)\n\n\(\[(\d\d)\]", glossary, re.M)
    assert len(terms) == len(re.findall("^### ", glossary, re.M)) > 60
    texts = {path.stem[:2]: path.read_text("utf-8") for path in PATHS}
    for term, first in terms:
        anchor = re.sub(r"[^\w -]", "", term).lower().replace(" ", "-")
        assert f"](glossary.md#{anchor})" in texts[first], f"{first} has no link to {anchor}"


def test_prose_is_static(cells):
    for text in markdown(cells):
        assert re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S).count("$") < 2, text
        assert not PATRONISING.search(text), text
        for number in re.findall(rf"(?<![\w.]){NUMBER}", prose(text)):
            assert number.rstrip(",") in DEFINITIONS | STATED, f"{number} in: {text}"


def test_the_lesson_is_in_short_cells_and_little_of_it_is_ours(cells):
    lessons = [cell for cell in visible(cells) if "exercise" not in tags(cell)]
    assert statistics.median(map(n_lines, lessons)) <= 8
    long = [cell.source for cell in lessons if n_lines(cell) > 25]
    assert not long or (len(long) == 1 and "def make_person(" in long[0]), long
    ours = [name for name in calls(lessons) if name in HELPERS]
    assert len(ours) <= 0.12 * sum(map(n_lines, lessons))


def test_it_can_be_read_in_the_stated_minutes(cells):
    """180 words or 15 lines of code a minute; the exercises have minutes of their own."""
    stated, optional = re.search(MINUTES, cells[0].source, re.M).groups()
    parts = {name: part for name, part in sections(cells).items() if name != "Exercises"}
    further = parts.pop("Further") if optional else []
    for said, read in ((stated, sum(parts.values(), [])), (optional or 0, further)):
        words = sum(len(re.findall(r"\w[\w'’-]*", prose(text))) for text in markdown(read))
        minutes = words / 180 + sum(map(n_lines, visible(read))) / 15
        assert ceil(minutes) <= int(said) <= minutes + 4, minutes


@pytest.mark.parametrize(("number", "setting"), [
    ("02", "n_samples = 1"), ("02", "n_samples = 2"), ("03", "n_samples = 0"),
    ("04", "n_samples = 3"), ("05", "n_random = 0"), ("06", "k = 0"), ("08", "seed = -1"),
])  # fmt: skip
def test_a_setting_out_of_range_is_one_sentence(number, setting, names, refusal):
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    imports, parameters, *others = [cell.source for cell in code(nbformat.read(path, 4).cells)]
    exec("\n".join([imports, parameters, setting]), names)
    assert setting.split()[0] in refusal(exec, "\n".join(others[:6]), names)
