"""The book: pages that open from disk, and nothing active in them of what notebooks print."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from conftest import write_notebook

from careerlib.batch.execution import environment
from careerlib.batch.notebooks import PAGES, copy_source, write_book
from careerlib.project import MARK, NOTEBOOKS, ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A book of committed notebooks and, over them, executed ones that print hostile things."""
    folder = tmp_path_factory.mktemp("book")
    committed, outputs = folder / "notebooks", folder / "outputs"
    shutil.copytree(ROOT / "book", folder / "book")
    for name in PAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("01_first", "04_hostile", "10_the_ledger"):
        write_notebook(committed, name, f"print('committed {name}')")
    outputs.mkdir()
    (outputs / MARK).touch()
    shutil.copy(Path(__file__).parent / "hostile.json", outputs / "04_hostile.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAN", str(folder / "ran"))
        patch.setenv("PYTHONWARNINGS", "error")
        patch.setenv("LC_ALL", "xx_XX.UTF-8")
        assert write_book(outputs, committed) == outputs / "book/index.html"
    return outputs / "book"


def test_what_a_notebook_prints_is_nothing_active(made):
    page = (made / "notebooks/04_hostile.html").read_text()
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


def test_the_first_page_leads_to_all_others(made):
    page = (made / "index.html").read_text()
    assert 'src="_images/controls.png"' in page
    assert re.search(r"Of \d+ claims: ", page)
    for target in ("01_first", "04_hostile", "10_the_ledger"):
        assert f'href="notebooks/{target}.html"' in page
        shown = f"committed {target}" in (made / f"notebooks/{target}.html").read_text()
        assert shown == (target != "04_hostile")  # which was run


def test_every_page_opens_without_a_network_and_takes_nothing_from_metadata(made):
    assert (made / "searchindex.js").stat().st_size > 100
    assert not (made.parent.parent / "ran").exists()
    for path in made.rglob("*.html"):
        page = path.read_text()
        assert not re.search(r"http-equiv|require\.js|unpkg|widget-state", page), path
        loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page)
        assert loaded and not [one for one in loaded if re.match(r"(https?:)?//", one)], path


def test_the_committed_notebooks_make_a_book_without_warning_or_dead_link(tmp_path):
    source, made = tmp_path / "source", tmp_path / "made"
    copy_source(source, tmp_path, NOTEBOOKS)
    command = [sys.executable, "-m", "sphinx", "-qW", "--keep-going", str(source), str(made)]
    built = subprocess.run(command, env=environment(), capture_output=True, encoding="utf-8")
    assert built.returncode == 0, built.stderr
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
    for told in (r"about \d+ hours", "make run", "CC BY 4.0", "MIT", "icon.svg", "github"):
        assert re.search(told, first), told
    for path in source.glob("notebooks/*.ipynb"):
        page = pages[made / f"notebooks/{path.stem}.html"]
        [carried] = re.findall(rf'href="data:[^,]*,([^"]+)" download="{path.name}"', page)
        assert base64.b64decode(carried) == path.read_bytes()
        assert nbformat.read(path, 4).metadata.kernelspec.name == "python3"


def test_a_book_that_cannot_be_made_says_why_and_leaves_the_earlier_one(made, refusal, tmp_path):
    outputs, checkout = made.parent, made.parent.parent
    (outputs / "01_first.ipynb").write_text('{"cells": [')
    assert "01_first.ipynb is damaged" in refusal(write_book, outputs, checkout / "notebooks")
    (outputs / "01_first.ipynb").unlink()
    (checkout / "book/conf.py").write_text("extensions = ['no_such_extension']")
    told = refusal(write_book, outputs, checkout / "notebooks")
    assert "The book could not be made: " in told and "no_such_extension" in told
    assert "needs a checkout" in refusal(write_book, outputs, tmp_path)
    assert (made / "index.html").exists()
    assert not list(outputs.glob(".book-*"))
