"""Where the project's folders are, and how its files are replaced."""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path

from careerlib.errors import CareerlibError, told

HERE, ROOT = Path.cwd(), Path(__file__).resolve().parent.parent
DATA = next(filter(Path.is_dir, (ROOT / "careerlib" / "data", ROOT / "data")))  # installed, or not
MARK = ".careerlib.lock"  # in folders whose content is ours to replace


def notebooks_in(folder: Path | str) -> list[Path]:
    """The notebooks named like 01_name.ipynb in a folder, in reading order."""
    return sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))


# Those of the current folder, else the checkout's; what runs write is beside `notebooks`.
NOTEBOOKS = next(filter(notebooks_in, (HERE / "notebooks", HERE, ROOT / "notebooks")), HERE)
OUTPUTS = (NOTEBOOKS.parent if NOTEBOOKS.name == "notebooks" else HERE) / "outputs"


def write(path: Path, content: bytes | str) -> None:
    """Write the whole file, beside its place first, or nothing; CareerlibError if it cannot be."""
    with told(f"Cannot write {shown(path)}", "make room, or name another place", OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def output_folder(output: Path | str) -> Iterator[Path]:
    """Make, mark and lock a folder for results until the block ends, or raise CareerlibError."""
    folder, kinds = Path(output).absolute(), (OSError, sqlite3.Error, CareerlibError)
    hint = "wait for the run that uses it, or choose another --output"
    with ExitStack() as stack:
        with told(f"Cannot write into the output folder {shown(folder)}", hint, *kinds):
            folder.mkdir(parents=True, exist_ok=True)
            if folder != OUTPUTS and not (folder / MARK).exists() and any(folder.iterdir()):
                raise CareerlibError("it holds files that no run has made")
            lock = stack.enter_context(closing(sqlite3.connect(folder / MARK, timeout=0)))
            lock.execute("BEGIN EXCLUSIVE")  # ends with this process, in whatever way it ends
        yield folder


def shown(path: Path) -> str:
    """The path as a reader would type it: from the current folder where that is possible."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@cache
def fingerprint() -> str:
    """A short text that is the same for the same code and tables, on every machine."""
    read = (path for path in sorted(DATA.glob("*.*")) if path.name != "sweep.csv")
    files = [*sorted((ROOT / "careerlib").rglob("*.py")), *read]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
