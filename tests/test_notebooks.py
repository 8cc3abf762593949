"""The committed notebooks: anatomy, outputs, prose without typed numbers, exercises."""

import ast
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from careerlib import ledger

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
LAST = PATHS[-1]
plt.switch_backend("agg")
OURS = {"caption", "finding", "claim"}  # the helpers that show and record

# Numbers that may stand in prose: definitions, scales and sizes that the procedure sets.
DEFINITIONS = set(
    """
    30.1 2024 2034 35 47 49 50 94 149 150 12 13 0 0.05 0.1 1 2 3 4 5 6 7 10 22 34 42 0.6 0.4 0.45
    0.8 40 60 80 95 100 200,000 3,000 135 894
    """.split()
)
STATED = {
    number
    for stated in ledger.claims()["stated"] + " " + ledger.claims()["claim"]
    for number in re.findall(r"\d[\d,]*(?:\.\d+)?", stated)
}
PATRONISING = re.compile(
    r"well-meant|to the post's credit|at most 0\s?%|obviously|of course|simply", re.I
)


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, 4).cells


def code(cells, *, exercises=True):
    tags = set() if exercises else {"exercise"}
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and not tags & set(cell.metadata.get("tags", []))
    ]


def markdown(cells):
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def outputs(cells):
    return [output for cell in code(cells) for output in cell.outputs]


def prose(text):
    """Markdown without code, links, heading and exercise numbers, notebook numbers, minutes."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "", text)
    text = re.sub(r"\b\d\d ·|\[\d\d|^\*\*\d\.\*\*", "", text, flags=re.M)
    text = re.sub(
        r"^About \d+ minutes to read, \d+ more with the exercises\.", "", text, flags=re.M
    )
    return re.sub(r"[nN]otebooks?\s(\d\d(, | and | to )?)+", "", text)


def test_committed_as_run_once_from_top_to_bottom(path, cells):
    assert [cell.execution_count for cell in code(cells)] == list(range(1, len(code(cells)) + 1))
    for output in outputs(cells):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")
    text = path.read_text("utf-8")
    assert "iopub" not in text and '"papermill"' not in text
    assert path.stat().st_size < 1_000_000
    wanted = {"file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer"}
    assert wanted <= set(json.loads(text)["metadata"]["language_info"])


def test_outputs_can_be_read_everywhere(cells):
    for output in outputs(cells):
        data = {key: value for key, value in output.get("data", {}).items() if key != "image/png"}
        plain = data.get("text/plain", output.get("text", ""))
        assert "IPython.core.display" not in plain and "<Figure size" not in plain
        assert not {"text/html", "text/markdown"} & set(data) or plain
        text = json.dumps([data, output.get("text", "")])
        assert not re.search(r"(?<![\w.:/])/(?:home|root|tmp|Users|work|opt|var)/", text), text
        for shown in (data.get("text/html", ""), data.get("text/markdown", ""), plain):
            assert shown.count("$") < 2, shown


def test_figures_have_alternative_texts(path, cells):
    pictures = [o for o in outputs(cells) if "image/png" in o.get("data", {})]
    for picture in pictures:
        alternative = picture.metadata["image/png"]["alt"]
        assert len(alternative) > 40
        assert not re.search(r"\d\.\d", alternative), alternative
    assert len(pictures) >= 2 or path.stem.startswith("07")


def test_the_form(path, cells):
    first, last = cells[0].source, cells[-1].source
    assert re.match(rf"# {path.stem[:2]} · .+\n\n.+", first)
    points = first.split("After this you can", 1)[1].split("\n\n")[1]
    assert len(re.findall(r"^- ", points, re.M)) == 3
    assert re.search(r"^About \d+ minutes to read, \d+ more with the exercises\.", first, re.M)
    assert last.startswith("## Recap") and len(re.findall(r"^- ", last, re.M)) == 3
    headings = re.findall(r"^## (.+)$", "\n".join(markdown(cells)), re.M)
    fixed = {"The post says, we measured", "Exercises", "Recap"}
    questions = [heading for heading in headings if heading not in fixed]
    assert {"Exercises", "Recap"} <= set(headings) and len(questions) >= 4
    assert all(question.endswith("?") for question in questions), questions


def test_imports_then_parameters(cells):
    imports, parameters, *others = code(cells)
    body = ast.parse(imports.source).body
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    assert parameters.metadata["tags"] == ["parameters"]
    for line in parameters.source.splitlines():
        assert re.match(r"\w+: (int|float|bool|str) = |# ", line), line
    for cell in others:
        nodes = ast.walk(ast.parse(cell.source))
        assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes), cell.source


def test_the_notebooks_are_a_chain():
    texts = {path.name: nbformat.read(path, 4).cells for path in PATHS}
    for before, after in zip(PATHS, PATHS[1:], strict=False):
        first, recap = texts[before.name][0].source, texts[before.name][-1].source
        assert f"]({after.name})" in first.split("Next:")[1]
        assert f"]({after.name})" in recap.split("Next:")[1]
        assert f"]({before.name})" in texts[after.name][0].source.split("Before:")[1]


def test_links_lead_somewhere(path, cells):
    for text in markdown(cells):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            assert target.startswith("https://") or (path.parent / target).is_file(), target


def test_prose_is_static(cells):
    for text in markdown(cells):
        assert re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S).count("$") < 2, text
        assert not PATRONISING.search(text), text
        for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", prose(text)):
            assert number.rstrip(",") in DEFINITIONS | STATED, f"{number} in: {text}"


def n_lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def test_the_lesson_is_in_the_cells(cells):
    for cell in code(cells):
        assert max(map(len, cell.source.splitlines())) <= 79, cell.source
        assert n_lines(cell) <= 50, cell.source


def test_first_six_notebooks_have_enough_code_and_little_of_it_is_ours():
    lessons = [
        cell for path in PATHS[:6] for cell in code(nbformat.read(path, 4).cells, exercises=False)
    ]
    lines = sum(map(n_lines, lessons))
    assert lines >= 900
    n_calls = sum(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") in OURS
        for cell in lessons
        for node in ast.walk(ast.parse(cell.source))
    )
    assert n_calls <= 0.12 * lines


def solutions(cells):
    """(exercise cell, code of the solution below it) for each exercise."""
    pairs = []
    for cell, following in zip(cells, cells[1:], strict=False):
        if "exercise" in cell.metadata.get("tags", []):
            assert "<details>" in following.source
            (solution,) = re.findall(r"```python\n(.*?)```", following.source, re.S)
            pairs.append((cell, solution))
    return pairs


@pytest.fixture
def names(monkeypatch):
    """What the cells of a notebook find when they are executed here, without its pictures."""
    monkeypatch.chdir(ROOT / "notebooks")
    for shows in ("IPython.display.display", "careerlib.figures.display"):
        monkeypatch.setattr(shows, lambda *shown, **options: None)
    monkeypatch.setattr("careerlib.figures.caption", lambda sentence: plt.close())
    return {"display": lambda *shown: None, "__name__": "__main__"}


# seaborn's, of Matplotlib; what a notebook itself shows of warnings, nbval sees.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_exercises_check_the_answer(cells, names, capsys):
    """Each solution passes its exercise's check, and an empty answer of its type does not."""
    pairs = {exercise.id: solution for exercise, solution in solutions(cells)}
    assert 2 <= len(pairs) <= 3
    for cell in code(cells):
        exec(cell.source, names)
        if cell.id in pairs:
            checks = [node for node in ast.parse(cell.source).body if isinstance(node, ast.Assert)]
            assert checks, cell.source
            check = "\n".join(map(ast.unparse, checks))
            capsys.readouterr()
            exec(pairs[cell.id], names)
            assert re.search(r"\w", capsys.readouterr().out), "a solution prints its answer"
            exec(check, names)
            names["answer"] = type(names["answer"])()
            with pytest.raises((AssertionError, LookupError, ValueError, AttributeError)) as wrong:
                exec(check, names)
            assert wrong.type is not AssertionError or "Hint" in str(wrong.value)


@pytest.mark.parametrize(
    ("number", "setting"),
    [
        ("02", "n_samples = 1"), ("02", "n_samples = 2"), ("03", "n_samples = 0"),
        ("04", "n_samples = 3"), ("05", "n_random = 0"), ("06", "k = 0"), ("08", "n_random = 0"),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_one_sentence(number, setting, names, refusal):
    (path,) = [path for path in PATHS if path.stem.startswith(number)]
    imports, parameters, *others = code(nbformat.read(path, 4).cells)
    source = "\n".join(cell.source for cell in [imports, parameters])
    exec(f"{source}\n{setting}", names)
    assert setting.split()[0] in refusal(exec, "\n".join(c.source for c in others[:6]), names)
