# ruff: noqa: INP001
"""How Sphinx makes the book (book.py calls it)."""

import base64
import html
import re
import tomllib
from pathlib import Path

from bs4 import BeautifulSoup

NUMBER = re.compile(r"[-+−]?(USD )?\$?[-+−]?\d[\d,]*\.?\d*(e[-+]?\d+)?\s?[%×]?")
MISSING = {"", "–", "NaN", "nan", "None", "<NA>"}

project = html_title = "Career recommender"
author = "The authors of the career recommender notebooks"
extensions = ["myst_nb", "sphinx_copybutton"]
html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
pyproject = Path(__file__).parent / "pyproject.toml"
if pyproject.exists():
    urls = tomllib.loads(pyproject.read_text("utf-8"))["project"]["urls"]
    html_theme_options |= {"repository_url": urls["Repository"], "use_repository_button": True}
html_context = {"default_mode": "auto"}
html_static_path = html_css_files = ["book.css"]
html_favicon = "icon.svg"
html_extra_path = ["404.html"]
html_show_search_summary = False  # it would have to fetch the pages
html_use_index = html_copy_source = html_show_sourcelink = False
html_show_sphinx = html_show_copyright = False
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
exclude_patterns = ["README.md"]
suppress_warnings = ["mystnb.unknown_mime_type"]  # the ledger's form is for no page
# The page carries its notebook: of a file on disk, browsers would show the text instead.
DOWNLOAD = """
<p class="notebook-file"><a href="data:application/x-ipynb+json;base64,{}" download="{}">Download
this notebook</a> (.ipynb)</p>"""


def finish(app, name, _template, context, _doctree):
    """Align the tables of outputs, and put the notebook itself on a notebook's page."""
    tables = r"(?s)<table class=\"dataframe.*?</table>"
    body = re.sub(tables, _aligned, context.get("body", ""))
    path = Path(app.srcdir, f"{name}.ipynb")
    if path.exists():
        carried = base64.b64encode(path.read_bytes()).decode()
        link = DOWNLOAD.format(carried, html.escape(path.name))
        body = body.replace("</h1>", "</h1>" + link, 1)
    context["body"] = body


def _aligned(match):
    """The HTML of one table of pandas; columns are counted from the right, where all rows end."""
    page = BeautifulSoup(match[0], "html.parser")
    rows = [row.find_all(["th", "td"]) for row in page.select("tbody tr")]
    heads = [row.find_all("th") for row in page.select("thead tr")]
    for from_right in range(1, max(map(len, rows), default=0) + 1):
        cells = [row[-from_right] for row in rows if len(row) >= from_right]
        texts = {cell.get_text().strip() for cell in cells} - MISSING
        if texts and all(NUMBER.fullmatch(text) for text in texts):
            plain = [row for row in heads if not any(th.get("colspan") for th in row)]
            cells += [row[-from_right] for row in plain if len(row) >= from_right]
            for cell in cells:
                cell["class"] = ["number"]
    return str(page)


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", finish)
