"""The look of figures and tables, which importing this module sets for matplotlib and for a
notebook's DataFrames, and `caption`, which ends a cell that draws a figure."""

import base64
import html
import io
import re
from itertools import zip_longest
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import display
from PIL import Image

WIDTH = 7.2  # inches; shown 720 pixels wide
# The colours of seaborn's colour-blind palette; grey for what the documents state.
COLORS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#56b4e9")
BLUE, ORANGE, GREEN, _, PURPLE, *_ = COLORS
GREY = "0.55"
NUMBER = re.compile(r"[-+−]?(USD )?\$?[-+−]?\d[\d,]*\.?\d*(e[-+]?\d+)?\s?[%×]?")
MISSING = {"", "–", "NaN", "nan", "None", "<NA>"}

plt.style.use("seaborn-v0_8-whitegrid")  # matplotlib has it: seaborn itself loads for long
plt.rcParams.update({
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "figure.figsize": (WIDTH, 3), "figure.constrained_layout.use": True,
    "font.size": 9, "axes.titlesize": 10, "axes.labelsize": 9, "legend.fontsize": 8,
    "legend.title_fontsize": 8, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "axes.titlelocation": "left", "axes.edgecolor": "0.7", "axes.linewidth": 0.8,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": "0.9",
    "patch.edgecolor": "w", "patch.force_edgecolor": True,
})  # fmt: skip


def aligned(page: str) -> str:
    """pandas' HTML of a table, columns of words to the left: JupyterLab sets all to the right."""
    table = re.search("<table.*</table>", page, re.DOTALL)[0]
    try:
        tree = ElementTree.fromstring(table)
    except ElementTree.ParseError:  # a text holds a control letter
        return page
    body = {cell for row in tree.iterfind("tbody/tr") for cell in row}
    rows = [[*row] for row in tree.iter("tr") if row.find("*[@colspan]") is None]
    for column in zip_longest(*map(reversed, rows)):  # from the right, where all rows end
        cells = [cell for cell in column if cell is not None]
        texts = {(cell.text or "").strip() for cell in cells if cell in body} - MISSING
        for cell in cells if not all(map(NUMBER.fullmatch, texts)) else ():
            cell.set("style", "text-align: left;")
    return page.replace(table, ElementTree.tostring(tree, "unicode", "html"))


def caption(sentence: str) -> None:
    """Show the current figure, and below it a static sentence that says what to see in it. The book
    makes it the image's alternative text; JupyterLab (4.6) and nbconvert give an image none."""
    figure = plt.gcf()
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=160)
    plt.close(figure)
    # A palette of 256 colours makes the file a third of its size; plots do not need more.
    Image.open(drawn).convert("RGB").quantize(256).save(small, format="png")
    width, height = (round(inches * 100) for inches in figure.get_size_inches())
    image = base64.b64encode(small.getvalue()).decode()
    picture = {"image/png": image, "text/plain": f"Figure: {sentence}"}
    size = {"width": width, "height": height, "alt": sentence}
    display(picture, metadata={"image/png": size}, raw=True)
    text = {"text/plain": sentence, "text/html": f"<p><em>{html.escape(sentence)}</em></p>"}
    display(text, raw=True)


pd.set_option("display.max_colwidth", 110)  # titles and sentences are whole
if shell := get_ipython():
    pages = shell.display_formatter.formatters["text/html"]
    pages.for_type(pd.DataFrame, lambda frame: aligned(frame._repr_html_()))
