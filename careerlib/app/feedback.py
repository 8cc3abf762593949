"""What people pressed: one SQLite file, written by the service and by notebook 09 alike. A row of
the view `feedback` is one occupation of a list: the list's random name, method, position (1 is the
top), code, 1 or -1 for a thumb up or down, else 0, and as JSON the slots that the person stated. No
name. The table `lists` has one row a list, so that what was stated is kept once."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from careerlib.encoding import ALL_SLOTS
from careerlib.errors import told

FAULTS = sqlite3.Error, OSError
LOCKED_SECONDS = 2.0  # to wait for another program that has locked the file
SCHEMA = Path(__file__).with_suffix(".sql").read_text("utf-8")
ROW = "INSERT OR REPLACE INTO lists (list, method, stated, shown) VALUES (?, ?, ?, ?)"
OLD = """DELETE FROM lists WHERE rowid <= (SELECT MAX(rowid) - ? FROM lists)
    OR at < strftime('%s', 'now') - 86400 * ?"""


@contextmanager
def open_store(path: str | Path, make: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a file of feedback for a block, or make one; CareerlibError where it cannot be used."""
    path = Path(path).absolute()
    with told(f"{path} cannot keep feedback", "try again, or name another file", *FAULTS):
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        address = f"{path.as_uri()}?mode={'rwc' if make else 'rw'}"
        with closing(sqlite3.connect(address, LOCKED_SECONDS, uri=True)) as store:
            found = store.execute("SELECT type, name FROM sqlite_master WHERE type <> 'index'")
            if set(found) - {("table", "lists"), ("table", "secret"), ("view", "feedback")}:
                raise sqlite3.DatabaseError("another program or version has made it")
            store.executescript(SCHEMA)
            yield store


def record(
    store: sqlite3.Connection, name: str, method: str, person: np.ndarray,
    occupations: Sequence[str], pressed: Sequence[int], keep: tuple[int, int] = (10**6, 10**4),
) -> None:  # fmt: skip
    """Write one list, from its top, at once; again, it replaces itself. person: (83,) or (50,).
    keep: the last so many lists stay, if of so many last days."""
    stated = json.dumps({ALL_SLOTS[i]: round(float(person[i]), 6) for i in np.flatnonzero(person)})
    shown = json.dumps([*zip(occupations, map(int, pressed), strict=True)])
    with store:
        store.execute(ROW, (name, method, stated, shown))
        store.execute(OLD, keep)
