# ruff: noqa: INP001
"""How Sphinx makes the book (book.py calls it)."""

import base64
import html
import tomllib
from pathlib import Path

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
    """Put the notebook itself on a notebook's page."""
    path = Path(app.srcdir, f"{name}.ipynb")
    if path.exists():
        carried = base64.b64encode(path.read_bytes()).decode()
        link = DOWNLOAD.format(carried, html.escape(path.name))
        context["body"] = context["body"].replace("</h1>", "</h1>" + link, 1)


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", finish)
