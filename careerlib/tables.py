"""Tables as one reads them: words to the left, numbers to the right."""

import html
import re

NUMBER = re.compile(r"[-+−]?(USD )?\$?[-+−]?\d[\d,]*\.?\d*(e[-+]?\d+)?\s?[%×]?")
MISSING = {"", "–", "NaN", "nan", "None", "<NA>"}
ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(t[hd])([^>]*)>(.*?)</\1>", re.DOTALL)


def aligned(page: str) -> str:
    """pandas' HTML of a table, columns of words to the left: JupyterLab sets all to the right."""
    _, _, body = page.partition("<tbody>")
    rows = [[html.unescape(cell[3]) for cell in CELL.finditer(row)] for row in ROW.findall(body)]
    words = set()  # columns, counted from the right, where all rows end
    for place in range(1, max(map(len, rows), default=0) + 1):
        texts = {row[-place].strip() for row in rows if len(row) >= place} - MISSING
        words |= set() if all(map(NUMBER.fullmatch, texts)) else {place}

    def align(row: re.Match) -> str:
        place = iter(range(len(CELL.findall(row[0])), 0, -1))

        def cell(found: re.Match) -> str:
            left = ' style="text-align: left;"' * (next(place) in words)
            return f"<{found[1]}{found[2]}{left}>{found[3]}</{found[1]}>"

        return row[0] if "colspan" in row[0] else CELL.sub(cell, row[0])

    return ROW.sub(align, page)
