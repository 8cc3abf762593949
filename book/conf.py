"""How Sphinx makes the book (`careerlib book` calls it).

What a notebook printed is data here: only plain HTML of it reaches a page, never anything active.
"""

import base64
import html
import json
import tomllib
from pathlib import Path

import nh3

from careerlib import ledger

TAGS = nh3.ALLOWED_TAGS - {"img", "map", "area"}  # no picture from elsewhere
# Of a style only where a table's words are (careerlib.figures).
ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "*": {"class", "style"}}
CLEANER = nh3.Cleaner(TAGS, attributes=ATTRIBUTES, filter_style_properties={"text-align"})

project = html_title = "Career recommender"
author = "The authors of the career recommender notebooks"
extensions = ["myst_nb", "sphinx_copybutton"]
html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "use_repository_button": True,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
pyproject = tomllib.loads((Path(__file__).parent / "pyproject.toml").read_text("utf-8"))
html_theme_options |= {"repository_url": pyproject["project"]["urls"]["Repository"]}
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
# The page carries its notebook: of a file on disk, browsers would show the text instead.
DOWNLOAD = """
<p class="notebook-file"><a href="data:application/x-ipynb+json;base64,{}" download="{}">Download
this notebook</a> (.ipynb)</p>"""


def read(app, name, content):
    """Take what is harmless of a notebook; put the headline on the first page."""
    folder = Path(app.srcdir, "notebooks")
    if name == "index":
        claims = ledger.ledger(ledger.read_folder(folder))
        content[0] = content[0].replace("HEADLINE", ledger.headline(claims["verdict"]))
    if not Path(app.srcdir, f"{name}.ipynb").exists():
        return
    text = json.dumps(json.loads(content[0]), ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    notebook = json.loads(text.replace("](../README.md", "](../index.md"))
    notebook["metadata"] = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    for cell in notebook["cells"]:
        cell["metadata"] = {"tags": cell["metadata"].get("tags", [])}
        for output in cell.get("outputs", []):
            if "data" in output:
                _make_harmless(output, cell["metadata"])
    content[0] = json.dumps(notebook)


def _make_harmless(output, metadata):
    """Leave text, pictures and plain HTML of an output, and give a figure its alternative text."""
    kept = ("image/png", "text/html", "text/plain")
    data = {kind: "".join(output["data"][kind]) for kind in kept if kind in output["data"]}
    if "text/html" in data:  # without scripts and styles and what they contain
        data["text/html"] = CLEANER.clean(data["text/html"])
    size = output["metadata"].get("image/png", {})
    if _is_picture(data.get("image/png", "")):
        metadata.setdefault("mystnb", {"image": {"alt": str(size.get("alt", "A figure"))}})
    else:
        data.pop("image/png", None)
    size = {key: size[key] for key in ("width", "height") if isinstance(size.get(key), int)}
    output["metadata"] = {"image/png": size}
    output["data"] = data or {"text/plain": "An output that is not shown here."}


def _is_picture(text):
    """If not, it would break the whole book."""
    try:
        return base64.b64decode(text).startswith(b"\x89PNG")
    except ValueError:
        return False


def finish(app, name, _template, context, _doctree):
    """Put the notebook itself on a notebook's page."""
    path = Path(app.srcdir, f"{name}.ipynb")
    if path.exists():
        carried = base64.b64encode(path.read_bytes()).decode()
        link = DOWNLOAD.format(carried, html.escape(path.name))
        context["body"] = context["body"].replace("</h1>", "</h1>" + link, 1)


def setup(app):
    """Called by Sphinx."""
    app.connect("source-read", read)
    app.connect("html-page-context", finish)
