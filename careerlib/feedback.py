"""What people pressed: one SQLite table, written by the service and by notebook 09 alike.

Kept is what was shown to whom and what came of it: a random name of the list, the method, the
position (1 is the top), the O*NET-SOC code, 1 or -1 for a thumb up or down and 0 for neither,
and what the person stated, as JSON of her slots that are not zero. No name, no free text.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from careerlib.encoding import SLOTS

SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    list TEXT NOT NULL,
    method TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 1),
    occupation TEXT NOT NULL,
    pressed INTEGER NOT NULL CHECK (pressed IN (-1, 0, 1)),
    stated TEXT NOT NULL,
    PRIMARY KEY (list, position)
)
"""


def open_store(path: str | Path) -> sqlite3.Connection:
    """The feedback table in a file, made where there is none.

    What `record` has returned from is on the disk: SQLite syncs before it commits.
    """
    store = sqlite3.connect(path, timeout=10, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute(SCHEMA)
    return store


def record(
    store: sqlite3.Connection,
    name: str,
    method: str,
    person: np.ndarray,
    occupations: Sequence[str],
    pressed: Sequence[int],
) -> None:
    """Write one list, from its top, in one transaction; written again, it replaces itself.

    person: (50,) vector of what was stated.
    """
    slots = np.flatnonzero(person)
    stated = json.dumps({SLOTS[slot]: round(float(person[slot]), 6) for slot in slots})
    rows = [
        (name, method, position, code, int(press), stated)
        for position, (code, press) in enumerate(zip(occupations, pressed, strict=True), start=1)
    ]
    with store:
        store.executemany("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?)", rows)
