"""What people pressed: one SQLite table, written by the service and by notebook 09 alike.

A row is one occupation of a list: the list's random name, method, position (1 is the top), code,
1 or -1 for a thumb up or down, else 0, and as JSON the slots that the person stated. No name.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from careerlib.encoding import SLOTS
from careerlib.errors import CareerlibError

SCHEMA = """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS feedback (
    list TEXT NOT NULL, method TEXT NOT NULL, position INTEGER NOT NULL, occupation TEXT NOT NULL,
    pressed INTEGER NOT NULL CHECK (pressed IN (-1, 0, 1)), stated TEXT NOT NULL,
    PRIMARY KEY (list, position));"""


def open_store(path: str | Path) -> sqlite3.Connection:
    """The feedback table in a file, made where there is none; CareerlibError where it cannot be."""
    store = None
    try:
        store = sqlite3.connect(path, timeout=10, check_same_thread=False)
        store.executescript(SCHEMA)
    except sqlite3.Error as error:
        if store:
            store.close()
        raise CareerlibError(f"{path} cannot keep feedback ({error}); name another file.") from None
    return store


def record(
    store: sqlite3.Connection, name: str, method: str, person: np.ndarray,
    occupations: Sequence[str], pressed: Sequence[int],
) -> None:  # fmt: skip
    """Write one list, from its top, at once; again, it replaces itself. person: (50,) vector."""
    stated = json.dumps({SLOTS[i]: round(float(person[i]), 6) for i in np.flatnonzero(person)})
    shown = enumerate(zip(occupations, pressed, strict=True), start=1)
    rows = [(name, method, place, code, int(press), stated) for place, (code, press) in shown]
    with store:  # behind it the rows are on the disk
        store.executemany("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?)", rows)
