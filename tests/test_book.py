"""The book: pages that open from disk, and nothing active in them of what notebooks print."""

import base64
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from careerlib.batch.notebooks import write_book
from careerlib.project import MARK, NOTEBOOKS, notebooks_in

HOSTILE = "03_production_synthetic_data"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The book of the committed notebooks and, over one of them, what prints hostile things."""
    folder, run, ran = tmp_path_factory.mktemp("book"), subprocess.run, []
    (folder / MARK).touch()
    shutil.copy(Path(__file__).parent / "hostile.json", folder / f"{HOSTILE}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"PYTHONWARNINGS": "error", "LC_ALL": "xx_XX.UTF-8"}.items():
            patch.setenv(name, value)
        patch.setenv("RAN", str(folder / "ran"))
        patch.setattr("subprocess.run", lambda *a, **b: ran.append(run(*a, **b)) or ran[-1])
        assert write_book(folder) == folder / "book/index.html"
    assert [sphinx.stderr for sphinx in ran] == [""]  # without a warning
    return folder / "book"


def test_what_a_notebook_prints_is_nothing_active(made):
    page = (made / f"notebooks/{HOSTILE}.html").read_text()
    assert '<div class="careerlib-finding">kept</div>' in page
    assert re.search(r'<tbody><tr>\s*<td style="text-align:left">12</td>', page)
    assert '<a href="https://example.org/fine"' in page
    active = r"javascript:|onerror|onclick|onload|onmouseover|<iframe|url\(st"
    assert not re.search(active, page)
    assert re.search(r'<details class="[^"]*above-input', page)  # hidden input unfolds
    assert "copybutton.js" in page
    for path in made.rglob("*.html"):
        scripts = re.findall(r"(?s)<script.*?</script>", path.read_text())
        assert not [script for script in scripts if "steal" in script], path
    assert "&lt;script&gt;steal()" in page  # text stays text
    assert 'alt="A &quot;figure&quot; &lt;script&gt;"' in page


def test_every_page_opens_without_a_network_and_takes_nothing_from_metadata(made):
    assert (made / "searchindex.js").stat().st_size > 100
    assert not (made.parent / "ran").exists()
    for path in made.rglob("*.html"):
        page = path.read_text()
        assert not re.search(r"http-equiv|require\.js|unpkg|widget-state", page), path
        loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page)
        assert loaded and not [one for one in loaded if re.match(r"(https?:)?//", one)], path


def test_every_page_is_reached_by_links_of_which_none_is_dead_and_carries_its_notebook(made):
    paths = {*made.rglob("*.html")} - {*made.rglob("_static/*")}  # the theme's own templates
    pages = {path: path.read_text("utf-8") for path in paths}
    dead = []
    for path, page in pages.items():
        links = re.findall(r'<(?:a|link|img|script)\b[^>]*? (?:href|src)="([^"]+)"', page)
        for link in set(links) - {"#"}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            missing = parts.fragment and f'id="{unquote(parts.fragment)}"' not in pages[target]
            if not target.is_file() or missing:
                dead.append((path.name, link))
    assert len(pages) > 14 and not dead, dead
    first = pages[made / "index.html"]
    told = r"about \d+ hours|Of \d+ claims: |make run|CC BY 4.0|MIT|icon.svg|github|controls.png"
    for words in told.split("|"):
        assert re.search(words, first), words
    for path in notebooks_in(NOTEBOOKS):
        page = pages[made / f"notebooks/{path.stem}.html"]
        assert f'href="notebooks/{path.stem}.html"' in first
        [carried] = re.findall(rf'href="data:[^,]*,([^"]+)" download="{path.name}"', page)
        is_committed = base64.b64decode(carried) == path.read_bytes()
        assert is_committed == (path.stem != HOSTILE)  # which was run


def test_a_book_that_cannot_be_made_says_why_and_leaves_the_earlier_one(
    made, refusal, tmp_path, monkeypatch
):
    (made.parent / "01_first.ipynb").write_text('{"cells": [')
    assert "01_first.ipynb is damaged" in refusal(write_book, made.parent)
    (made.parent / "01_first.ipynb").unlink()
    assert "needs a checkout" in refusal(write_book, made.parent, tmp_path)
    (tmp_path / "nh3.py").write_text("raise ImportError('no such extension')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = refusal(write_book, made.parent)
    assert told == "The book could not be made: ImportError: no such extension."
    assert (made / "index.html").exists()
    assert not list(made.parent.glob(".book-*"))
