"""The report of a run: whole and safe as one page, honest about what is missing."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from careerlib import claims, report
from careerlib.claims import Claim, Judgement

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
VOID = {"meta", "img", "br", "hr", "input"}
FIELDS = ["id", "document", "claim", "stated", "measured", "verdict", "reason", "notebook"]


class Page(HTMLParser):
    """The tags of a page; fails where they are not nested as they should be."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.open, self.words = html, [], [], []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)  # `<br />` has nothing to close

    def handle_endtag(self, tag):
        assert self.open[-1] == tag, (self.open[-3:], tag, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        if not {"style", "code"} & set(self.open[-2:]):
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, attribute):
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def say_back(m):
    return Judgement(m["told"], m["verdict"], f"by rule {m['shares']['b'][1]}")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """The same width and no colours, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def few_claims(monkeypatch):
    """Three claims of three notebooks, whose records say what the verdict is."""
    names = ["01_first", "02_second", "03_third"]
    made = [Claim(f"id-{name}", "post", f"A <claim> of {name}, with a comma", "1 & 2", name,
                  say_back) for name in names]
    monkeypatch.setattr(claims, "CLAIMS", made)
    monkeypatch.setattr(claims, "POST_SETTINGS", {name: {"seed": 42} for name in names})
    return names


def code(source, *outputs, **metadata):
    return {"cell_type": "code", "source": source, "execution_count": 1, "metadata": metadata,
            "outputs": list(outputs)}


def markdown(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def shown(data, **metadata):
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def error(name, value):
    return {"output_type": "error", "ename": name, "evalue": value,
            "traceback": [f"\x1b[31m{name}\x1b[0m: {value}", "the line <above>"]}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def notebook(outputs, name, *cells):
    write(outputs / f"{name}.ipynb", {"cells": list(cells)})


def record(outputs, name, verdict=claims.REPRODUCED, told="7", **parameters):
    write(outputs / "metrics" / f"{name}.json", {
        "notebook": name, "parameters": {"seed": 42} | parameters,
        "measurements": {"told": told, "verdict": verdict, "shares": {"a": 0.5, "b": [1, 2]}}})


def run_json(outputs, versions=("numpy", "2.4"), **entries):
    write(outputs / "run.json", {
        "versions": dict([versions]),
        "notebooks": [{"name": f"0{name[1:]}", "status": "passed", "seconds": 1.5, "parameters": {}}
                      | entry for name, entry in entries.items()]})


@pytest.fixture
def outputs(tmp_path, few_claims):
    """A small complete run."""
    for name in few_claims:
        notebook(tmp_path, name, markdown(f"# Title of {name}\n\nText."), code("1 + 1"))
        record(tmp_path, name)
    run_json(tmp_path, n1_first={}, n2_second={}, n3_third={})
    return tmp_path


def page_of(outputs):
    return Page(report.write_report(outputs).read_text("utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of the committed notebooks."""
    outputs = tmp_path_factory.mktemp("run")
    for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"):
        shutil.copy(path, outputs)
    return page_of(outputs)


def contents(kind):
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        yield from (cell for cell in json.loads(path.read_text("utf-8"))["cells"]
                    if cell["cell_type"] == kind)


def test_nothing_comes_from_elsewhere(whole):
    used = {name for name, _ in whole.tags}
    assert not used & {"script", "link", "iframe", "object", "embed", "base", "form", "svg"}
    assert all(source.startswith("data:image/png;base64,") for source in whole.values("src"))
    assert not {"srcset", "style", "action", "poster", "background"} & {
        key for name, attributes in whole.tags for key in attributes if name not in ("th", "td")}
    style = re.search(r"<style>(.*?)</style>", whole.html, re.S)[1]
    assert not re.search(r"url\(|@import|@font-face|https?:", style)
    assert "default-src 'none'" in whole.all("meta")[1]["content"]


def test_every_link_leads_somewhere(whole):
    ids = whole.values("id")
    assert len(ids) == len(set(ids))
    for href in whole.values("href"):
        assert href.startswith("https://") or href.removeprefix("#") in ids, href
    for name in [path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")]:
        assert whole.values("href").count(f"#{name}") >= 2  # contents and the table of the run
    for target in whole.values("aria-labelledby"):
        assert target in ids


def test_headings_are_in_order_and_the_page_is_named(whole):
    levels = [int(name[1]) for name, _ in whole.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    for above, below in zip(levels, levels[1:], strict=False):
        assert below <= above + 1
    assert whole.all("html")[0]["lang"] == "en"
    assert "<title>A career recommender" in whole.html


def test_every_figure_has_its_text_and_caption(whole):
    pictures = [output for cell in contents("code") for output in cell["outputs"]
                if "image/png" in output.get("data", {})]
    assert len(whole.all("img")) == len(pictures) > 10
    alternatives = [picture["metadata"]["image/png"]["alt"] for picture in pictures]
    assert whole.values("alt") == alternatives
    assert len(whole.all("figcaption")) == len(pictures)
    assert whole.text.count(" Figure: ") == len(pictures)  # once each, not above and below


def test_solutions_stay_folded(whole):
    solutions = sum("<summary>Solution" in "".join(cell["source"]) for cell in contents("markdown"))
    assert whole.html.count("<details>\n<summary>Solution</summary>") == solutions > 8
    assert whole.html.count('<details class="code" open>') > 50


def test_all_tables_scroll_in_their_own_box(whole):
    boxes = re.findall(r"(<div[^>]*>)?\s*<table", whole.html)
    assert len(boxes) > 20
    assert [box for box in boxes if 'class="wide" tabindex="0"' not in box] == [""]  # the ledger


def test_colours_have_contrast():
    style = (Path(report.__file__).parent / "report.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6});", block))
                   for block in re.findall(r":root \{(.*?)\}", style, re.S))
    assert light.keys() == dark.keys()

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    pairs = [(name, ground) for name in ("ink", "soft", "link", "keyword", "string", "number",
                                         "comment") for ground in ("paper", "panel")]
    pairs += [(name, f"{name}-panel") for name in ("blue", "yellow", "red")] + [("red", "paper")]
    for scheme in (light, dark):
        for name, ground in pairs:
            dim, bright = sorted([luminance(scheme[name]), luminance(scheme[ground])])
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (name, ground)


HOSTILE = """# <img src=x onerror=alert(1)> title

<script>alert(1)</script>

<details open onclick="alert(1)">
<details>
<summary>fine</summary>
</summary>

inside <b onmouseover="alert(1)">bold</b> <summary>

</details></details></article></details>

[one](javascript:alert(1)) [two](data:text/html,x) [three](//evil.example/x) <javascript:alert(1)>
[four](JaVaScRiPt:alert(1)) [five](&#106;avascript:alert(1)) [six](file:///etc/passwd)
[seven](https://example.org/"onclick="alert(1)) [eight]: javascript:alert(1)
![pic](https://evil.example/x.png) ![pic](x.png"onerror="alert(1))

## Twice <i>x</i>

## Twice <i>x</i>

| a | b |
|---|---|
| <script>alert(1)</script> | `</code><script>` |

```python"><script>alert(1)</script>
x
```

```python
"</code><script>alert(1)</script>"
```
"""


def test_a_hostile_notebook_is_only_text(tmp_path, few_claims):
    attack = "</pre></details></style><script>alert(1)</script><img src=x onerror=alert(1)>"
    notebook(
        tmp_path, "01_first", markdown(HOSTILE),
        code(f"'{attack}'", {"output_type": "stream", "name": "stdout", "text": attack},
             shown({"text/html": attack, "text/plain": f"plain {attack}"}),
             shown({"text/html": attack}), shown({"image/svg+xml": attack}),
             shown({"application/javascript": "alert(1)"}), shown({"text/markdown": HOSTILE}),
             shown({"image/png": PNG}, **{"image/png": {"alt": f'"{attack}', "width": 9}}),
             shown({"text/markdown": f"*Figure: {attack}*"}),
             shown({report.WIDGET: {}, "text/plain": "VBox()"}), error(attack, attack)))
    record(tmp_path, "01_first", told=attack)
    write(tmp_path / "run.json", {"versions": {attack: attack}, "notebooks": [
        {"name": "01_first", "status": attack, "seconds": 1, "parameters": {attack: attack}}]})
    page = page_of(tmp_path)
    assert not {name for name, _ in page.tags} & {"script", "i", "svg", "iframe"}
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert page.values("src") == [f"data:image/png;base64,{PNG}"]
    for href in page.values("href"):
        assert re.match(r"#|https://(example\.org|www\.|creativecommons)", href), href
    assert page.text.count("<script>alert(1)</script>") > 8
    assert "A form: open the notebook in JupyterLab" in page.text
    assert "An output that is not shown here (text/html)." in page.text
    assert "plain </pre>" in page.text
    assert page.html.count("<summary>fine</summary>") == 2
    assert len(page.values("id")) == len(set(page.values("id")))


@pytest.mark.parametrize(
    ("told", "then"),
    [("<details>\nx", "<details>\nx</details>"),
     ("x</details></summary>", "x"),
     ("<details><summary>x</details>y", "<details><summary>xy</summary></details>"),
     ("<details><summary>x</summary></details>", "<details><summary>x</summary></details>")])
def test_folds_are_closed_where_they_were_opened(told, then):
    assert report._balanced(told) == then


def test_links_between_notebooks_lead_into_the_page(outputs):
    notebook(outputs, "02_second", markdown(
        "# Second\n\n[a](01_first.ipynb) [b](03_third.ipynb#What-now?) [c](09_none.ipynb) "
        "[d](#here) [e](../README.md)\n\n## Here"))
    page = page_of(outputs)
    for href, text in (("#01_first", "a"), ("#03_third-what-now", "b"), ("#02_second-here", "d")):
        assert f'<a href="{href}">{text}</a>' in page.html
    assert '<h3 id="02_second-here">' in page.html
    assert re.search(r"</a> c <a.*</a> e</p>", page.html.replace("\n", " "))


def test_no_level_of_headings_is_left_out(outputs):
    notebook(outputs, "01_first", markdown("#### Deep\n\n# Title\n\n#### Deeper\n\n## Up"))
    page = page_of(outputs)
    for level, text in ((3, "Deep"), (3, "Title"), (4, "Deeper"), (3, "Up")):
        assert f'<h{level} id="01_first-{text.lower()}">{text}</h{level}>' in page.html


def test_a_caption_that_is_another_output_stays_one(outputs):
    picture = shown({"image/png": PNG, "text/plain": "Two bars"})
    words = shown({"text/markdown": "No figure, **just** words."})
    notebook(outputs, "01_first", code("show()", picture, words, picture))
    page = page_of(outputs)
    assert page.values("alt") == ["Two bars", "Two bars"]
    assert not page.all("figcaption")
    assert "<p>No figure, <strong>just</strong> words.</p>" in page.html


def test_a_complete_run_has_nothing_to_complain_about(outputs):
    page = page_of(outputs)
    assert "3 of 3 notebooks passed." in page.text
    assert "passed in 1.5 s" in page.text
    assert "numpy 2.4" in page.text
    assert "shares · b [1, 2]" in page.text
    for word in ("damaged", "missing", "failed", "not run", "other settings"):
        assert word not in page.text


def test_the_ledger_counts_its_verdicts(outputs, few_claims):
    record(outputs, "02_second", claims.NOT_SUPPORTED)
    page = page_of(outputs)
    headline = "Of 3 claims: 2 reproduced; 1 not supported."
    assert headline in page.text
    assert "✓ reproduced 2 ✗ not supported 1 the documents say" in page.text
    assert page.html.count('<tr role="row" id="claim-') == 3
    assert page.html.count('class="verdict not-supported"') == 2  # in the counts and in its row
    assert headline in report.print_ledger(outputs)


def test_the_table_of_claims_reads_back_as_the_ledger(outputs):
    record(outputs, "01_first", told='a "quoted", 2nd\nvalue = 3 – ü')
    report.write_report(outputs)
    content = (outputs / "claims.csv").read_bytes()
    assert b"\r" not in content
    read = pd.read_csv(outputs / "claims.csv", keep_default_na=False)
    assert list(read.columns) == FIELDS
    expected = claims.ledger(claims.read_records(outputs))
    assert read.to_dict("records") == expected.to_dict("records")


def test_the_same_run_gives_the_same_bytes(outputs, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(outputs, other)
    first = report.write_report(outputs).read_bytes()
    assert report.write_report(other).read_bytes() == first
    assert report.write_report(outputs).read_bytes() == first
    assert (outputs / "claims.csv").read_bytes() == (other / "claims.csv").read_bytes()
    assert sorted(path.name for path in outputs.iterdir()) == sorted(
        ["01_first.ipynb", "02_second.ipynb", "03_third.ipynb", "claims.csv", "index.html",
         "metrics", "run.json"])


def test_notebooks_that_were_not_run(outputs):
    (outputs / "02_second.ipynb").unlink()
    (outputs / "metrics" / "02_second.json").unlink()
    run_json(outputs, n1_first={}, n3_third={"parameters": {"seed": 42, "deep": {"a": 1}}})
    page = page_of(outputs)
    assert "2 of 3 notebooks passed." in page.text
    assert "02_second not run – –" in page.text
    assert "– not run no measurements of this notebook" in page.text
    assert "#02_second" not in page.values("href")
    assert "<code>seed = 42</code> <code>deep · a = 1</code>" in " ".join(page.html.split())


def test_other_settings_are_announced(outputs):
    record(outputs, "02_second", seed=7)
    page = page_of(outputs)
    assert "This run used other settings than the documents: seed = 7 (post: 42)." in page.text
    assert "Of 3 claims: 2 reproduced; 1 other settings." in page.text


def test_a_failed_notebook_tells_its_error(outputs):
    broken = [markdown("# Second"), code("boom()", error("KeyError", "'<b>'"))]
    write(outputs / "failed" / "02_second.ipynb", {"cells": broken})
    run_json(outputs, n1_first={}, n2_second={"status": "failed"}, n3_third={})
    page = page_of(outputs)
    assert "2 of 3 notebooks passed." in page.text
    assert "1 of 3 notebooks did not pass." in page.text
    assert re.findall(r'class="failed">(\w+)', page.html) == ["failed"]
    assert "02_second: failed. KeyError: '<b>'" in page.text
    assert "KeyError: '<b>' the line <above>" in page.text
    assert "Below is its last good run." in page.text
    assert "Title of 02_second" in page.text
    (outputs / "02_second.ipynb").unlink()
    page = page_of(outputs)
    assert "Below is how far it came." in page.text
    assert ">boom<" in page.html
    assert "Title of 02_second" not in page.text


def test_a_failure_without_a_copy_still_tells_its_problem(outputs):
    run_json(outputs, n2_second={"status": "kernel died", "problem": "In [3] was <on>"},
             n3_third={"status": "failed"})
    page = page_of(outputs)
    assert "02_second: kernel died. In [3] was <on>" in page.text
    assert "03_third: failed. No error text was kept." in page.text


def test_an_old_failure_of_a_notebook_that_passed_is_not_told(outputs):
    write(outputs / "failed" / "02_second.ipynb", {"cells": [code("x", error("KeyError", "old"))]})
    assert "KeyError" not in page_of(outputs).text


DAMAGED = {
    "run.json": ["{", "[]", '{"versions": {}}', '{"versions": 3, "notebooks": []}',
                 '{"versions": {}, "notebooks": [{"name": "x"}]}', "[" * 100_000],
    "metrics/02_second.json": ["", "[1]", '{"parameters": {}}',
                               '{"parameters": {"seed": 42}, "measurements": 1}',
                               '{"parameters": {"seed": 42}, "measurements": {}}',
                               '{"parameters": {"seed": 42}, "measurements": {"told": "", '
                               '"verdict": "reproduced", "shares": {"b": []}}}'],
    "02_second.ipynb": ["{", "[]", '{"cells": [{}]}', '{"cells": 3}', json.dumps(
        {"cells": [code("x", shown({"image/png": "bm90IGEgcGljdHVyZQ=="}))]})],
}


@pytest.mark.parametrize(("name", "content"), [(n, c) for n, cs in DAMAGED.items() for c in cs])
def test_a_damaged_file_is_told_and_the_rest_shown(outputs, name, content):
    write(outputs / name, content)
    page = page_of(outputs)
    assert re.search(rf"{name} is damaged[^.]*\.", page.text)
    assert "Title of 01_first" in page.text
    assert ("Title of 02_second" in page.text) == (name != "02_second.ipynb")
    assert ("numpy" in page.text) == (name != "run.json")


def test_without_run_json_the_page_says_so(outputs):
    (outputs / "run.json").unlink()
    page = page_of(outputs)
    assert "run.json is missing" in page.text
    assert "01_first not known – –" in page.text


def test_before_any_run_there_is_a_page_of_claims(tmp_path, few_claims):
    page = page_of(tmp_path)
    assert "Of 3 claims: 3 not run." in page.text
    assert not page.all("article")


def test_text_that_has_no_utf8_or_steers_a_terminal_does_no_harm(outputs):
    record(outputs, "01_first", told="half \ud83d a \x1b[2Jpair")
    notebook(outputs, "01_first", markdown("half \ud83d a pair \x1b[31mred\x1b[0m\x07"))
    page = page_of(outputs)
    assert "half ? a pair red" in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", page.html)
    assert "\x1b" not in report.print_ledger(outputs)


def test_a_failing_report_leaves_the_earlier_one(outputs, monkeypatch, refusal):
    first = report.write_report(outputs).read_bytes()
    record(outputs, "01_first", told="new")
    monkeypatch.setattr(report, "_page", lambda run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report.write_report(outputs)
    assert (outputs / "index.html").read_bytes() == first
    assert b"new" not in (outputs / "claims.csv").read_bytes()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, few_claims, refusal):
    assert "cannot be written to" in refusal(report.write_report, tmp_path / "none")


@pytest.mark.parametrize("width", [40, 100])
def test_the_terminal_shows_every_claim_within_its_width(outputs, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    long = "a long measurement that needs more than one line of any terminal, " * 3
    record(outputs, "02_second", claims.MISLEADING, told=long)
    text = report.print_ledger(outputs)
    lines = text.split("\n")
    assert width - 20 < max(map(len, lines)) <= width
    flat = " ".join(text.split())
    assert flat.startswith("Of 3 claims: 2 reproduced; 1 reproduced, but misleading.")
    assert f"A <claim> of 02_second, with a comma 1 & 2 -> {long}(by rule 2)" in flat
    assert lines.index("01_first") < lines.index("02_second") < lines.index("03_third")
    assert "\x1b" not in text


def test_colours_only_where_a_terminal_wants_them(outputs, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = re.sub(r"\x1b\[\d+m", "", report.print_ledger(outputs))
    assert "\x1b[34m" in report.print_ledger(outputs)
    monkeypatch.setenv("NO_COLOR", "1")
    assert report.print_ledger(outputs) == plain


def test_the_terminal_without_a_run_says_how_to_make_one(tmp_path, refusal):
    assert "'python -m careerlib run'" in refusal(report.print_ledger, tmp_path / "none")


def test_the_terminal_tells_of_a_damaged_record(outputs):
    write(outputs / "metrics" / "02_second.json", "{")
    text = report.print_ledger(outputs)
    assert "metrics/02_second.json is damaged" in text
    assert "not run\n    A <claim> of 02_second" in text


def test_every_verdict_has_a_sign_of_its_own():
    assert set(report.SIGNS) == {*claims.VERDICTS, claims.OTHER_SETTINGS, claims.NOT_RUN}
    assert len(set(report.SIGNS.values())) == len(report.SIGNS)
