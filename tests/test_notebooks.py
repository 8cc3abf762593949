"""The committed notebooks: anatomy, outputs, prose without typed numbers, solutions."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from careerlib import claims

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NAMES = [path.stem for path in PATHS]

# Numbers that may stand in prose: what the documents state, and definitions of things
# that are not measured here (releases, scales, sizes that the recipe sets).
DEFINITIONS = {
    "30.1": "the O*NET release", "2024": "BLS base year", "2034": "BLS target year",
    "35": "O*NET skills", "50": "slots", "150": "the post's catalog and features", "5": "scale",
    "7": "scale", "0.6": "recipe", "0.4": "recipe", "200,000": "recipe", "0": "scale, slot",
    "34": "slot", "0.45": "recipe", "1": "scale", "95": "level of the intervals and exercises",
    "10": "top of a list", "4": "skills in a short form", "80": "High", "60": "Medium", "40": "Low",
    "2": "interests in a short form", "3": "scale and places", "22": "SOC major groups",
    "6": "the longest short form", "1.1": "goal", "1.3": "goal", "1.8": "goal",
    "135": "parameters of SmolLM2, millions",
}
STATED = {
    number
    for claim in claims.CLAIMS
    for number in re.findall(r"\d[\d,]*(?:\.\d+)?", claim.stated + " " + claim.claim)
} | {"80.2", "78"}
ALLOWED = set(DEFINITIONS) | STATED
WITHOUT_FIGURES = {"07_openai_explanations"}
WORDS = re.compile(
    r"\b(eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundreds? of|thousand)\b", re.I,
)


@pytest.fixture(params=PATHS, ids=NAMES)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, 4).cells


def of_kind(cells, kind):
    return [cell for cell in cells if cell.cell_type == kind]


def outputs(cells):
    return [output for cell in of_kind(cells, "code") for output in cell.outputs]


def static_text(cell):
    """Markdown without code, links, heading numbers, exercise numbers and reading minutes."""
    text = re.sub(r"```.*?```", "", cell.source, flags=re.S)
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "", text)
    text = re.sub(r"\[\d\d · ", "[", text)
    text = re.sub(r"^# \d\d · ", "", text, flags=re.M)
    text = re.sub(r"^\*\*\d\.\*\*", "", text, flags=re.M)
    text = re.sub(r"^About \d+ minutes\.", "", text, flags=re.M)
    return re.sub(r"[nN]otebook\s\d\d\b", "", text)


def test_there_are_notebooks_for_every_claim():
    assert {claim.notebook for claim in claims.CLAIMS} <= set(NAMES)


def test_committed_as_run_once_from_top_to_bottom(cells):
    counts = [cell.execution_count for cell in of_kind(cells, "code")]
    assert counts == list(range(1, len(counts) + 1))


def test_no_errors_and_nothing_on_stderr(cells):
    for output in outputs(cells):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")


def test_small_enough_and_without_timestamps(path):
    assert path.stat().st_size < 1_000_000
    text = path.read_text("utf-8")
    assert "iopub" not in text
    assert '"papermill"' not in text


def test_no_absolute_path_in_an_output(cells):
    for output in outputs(cells):
        data = {key: value for key, value in output.get("data", {}).items() if key != "image/png"}
        text = json.dumps([data, output.get("text", "")])
        assert not re.search(r"(?<![\w.:/])/(?:home|root|tmp|Users|work|opt|var)/", text), text


def test_opens_with_a_promise(cells):
    first = cells[0].source
    assert re.match(r"# \d\d · .+\n\n.+", first)
    points = first.split("After this you can", 1)[1].split("\n\n")[1]
    assert len(re.findall(r"^- ", points, re.M)) == 3
    assert re.search(r"^About \d+ minutes\.", first, re.M)


def test_has_one_imports_cell_then_one_cell_of_plain_parameters(cells):
    code = of_kind(cells, "code")
    assert all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(code[0].source).body)
    assert code[1].metadata.get("tags") == ["parameters"]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    for node in ast.parse(code[1].source).body:
        assert isinstance(node, ast.Assign)
        ast.literal_eval(node.value)
    for cell in code[2:]:
        if cell.metadata.get("tags") != ["exercise"]:
            imports = [n for n in ast.walk(ast.parse(cell.source))
                       if isinstance(n, (ast.Import, ast.ImportFrom))]
            assert not imports, cell.source


def test_sections_ask_questions(cells):
    fixed = {"The post says, we measured", "Exercises", "Recap"}
    headings = [h for cell in of_kind(cells, "markdown")
                for h in re.findall(r"^## (.+)$", cell.source, re.M)]
    assert fixed <= set(headings)
    questions = [h for h in headings if h not in fixed]
    assert len(questions) >= 4
    assert all(question.endswith("?") for question in questions), questions


def test_shows_its_ledger_and_writes_its_record(cells):
    sources = [cell.source for cell in of_kind(cells, "code")]
    assert "record.ledger()" in sources
    shown = next(cell for cell in of_kind(cells, "code") if cell.source == "record.ledger()")
    assert "| the claim | of the |" in shown.outputs[0].data["text/markdown"]


def test_closes_with_a_recap(cells):
    recap = cells[-1].source
    assert recap.startswith("## Recap")
    assert len(re.findall(r"^- ", recap, re.M)) == 3


def test_has_exercises_with_folded_solutions(cells):
    exercises = [c for c in of_kind(cells, "code") if c.metadata.get("tags") == ["exercise"]]
    assert 2 <= len(exercises) <= 3
    for exercise in exercises:
        following = cells[cells.index(exercise) + 1]
        assert "<details>" in following.source
        assert "```python" in following.source


def test_links_lead_somewhere(path, cells):
    for cell in of_kind(cells, "markdown"):
        for target in re.findall(r"\]\(([^)#]+)\)", cell.source):
            if not target.startswith("https://"):
                assert (path.parent / target).is_file(), target


def test_figures_have_captions_and_alternative_texts(path, cells):
    figures = 0
    for cell in of_kind(cells, "code"):
        for position, output in enumerate(cell.outputs):
            if "image/png" not in output.get("data", {}):
                continue
            figures += 1
            alternative = output.metadata["image/png"]["alt"]
            caption = cell.outputs[position + 1].data["text/markdown"].replace("\\*", "*")
            assert caption == f"*Figure: {alternative}*"
            assert re.search(r"\d", alternative), "a caption says what the figure shows, in numbers"
    assert figures >= 2 or path.stem in WITHOUT_FIGURES


def test_no_measured_number_is_typed_into_prose(cells):
    for cell in of_kind(cells, "markdown"):
        text = static_text(cell)
        for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text):
            assert number.rstrip(",") in ALLOWED, f"{number} in: {text}"
        assert not WORDS.search(text), f"{WORDS.search(text)} in: {text}"


def test_no_measured_number_is_typed_into_a_computed_sentence(cells):
    for cell in of_kind(cells, "code"):
        for call in ast.walk(ast.parse(cell.source)):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "say"):
                continue
            parts = [n.value for n in ast.walk(call)
                     if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            formats = [n.value for f in ast.walk(call) if isinstance(f, ast.FormattedValue)
                       and f.format_spec for n in f.format_spec.values
                       if isinstance(n, ast.Constant)]
            for text in parts:
                if text in formats:
                    continue
                text = re.sub(r"notebook \d\d", "", text)
                for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", text):
                    assert number.rstrip(",") in ALLOWED | {"100", "2000"}, f"{number} in: {text}"


def test_solutions_and_exercises_run(path, cells, tmp_path, monkeypatch):
    monkeypatch.setenv("CAREERLIB_OUTPUTS", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    notebook = nbformat.read(path, 4)
    solved = []
    for cell in cells:
        solved.append(cell)
        if "<details>" in cell.source and cell.cell_type == "markdown":
            for code in re.findall(r"```python\n(.*?)```", cell.source, re.S):
                solved.append(nbformat.v4.new_code_cell(code, metadata={"tags": ["solution"]}))
    notebook.cells = solved
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": ROOT}}
    ).execute()
    printed = [cell.outputs for cell in solved if cell.metadata.get("tags") == ["solution"]]
    assert len(printed) >= 2
    for output in printed:
        text = "".join(part.get("text", "") for part in output if part.get("name") == "stdout")
        assert re.search(r"\w", text), "a solution prints its answer"
        assert not [part for part in output if part.get("name") == "stderr"]
