# ruff: noqa: INP001
"""How Sphinx makes the book (book.py calls it)."""

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
html_context = {"default_mode": "auto"}
html_static_path = html_css_files = ["book.css"]
html_show_search_summary = False  # it would have to fetch the pages
html_copy_source = html_show_sourcelink = html_show_sphinx = html_show_copyright = False
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
exclude_patterns = ["README.md"]
suppress_warnings = ["myst.header", "myst.xref_missing", "mystnb.unknown_mime_type"]
