"""Where the project's folders are, and how its files are replaced."""

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from careerlib.errors import CareerlibError

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "data"  # in an installed package
DATA = PACKAGED if PACKAGED.is_dir() else ROOT / "data"
MARK = ".careerlib"  # a file in folders whose content is ours to replace
# Of every notebook that we write: the same under every version of Python.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py", "mimetype": "text/x-python", "name": "python",
        "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
    },
}  # fmt: skip


def notebooks_in(folder: Path | str) -> list[Path]:
    """The notebooks named like 01_name.ipynb in a folder, in reading order."""
    return sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))


def _folders() -> tuple[Path, Path]:
    """Of the notebooks and of what runs write: those of the current folder, else the checkout's."""
    here = Path.cwd()
    if notebooks_in(here / "notebooks"):
        return here / "notebooks", here / "outputs"
    if notebooks_in(here):
        return here, (here.parent if here.name == "notebooks" else here) / "outputs"
    return ROOT / "notebooks", (here if PACKAGED.is_dir() else ROOT) / "outputs"


NOTEBOOKS, OUTPUTS = _folders()


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, then rename: all or nothing."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write(path: Path, content: str) -> None:
    """Write the whole file or nothing."""
    try:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content.encode())
    except OSError as error:
        raise CareerlibError(f"Cannot write {shown(path)}: {error.strerror}.") from error


def usable_output(output: Path | str) -> Path:
    """The folder, made and marked as a run's own; refused if it holds files of somebody else."""
    if str(output) == "":
        raise CareerlibError("--output is empty; name a folder.")
    output = Path(output).absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
        foreign = output != OUTPUTS and not (output / MARK).exists() and any(output.iterdir())
        if not foreign:
            (output / MARK).write_text("Runs of careerlib replace what is in this folder.\n")
    except OSError as error:
        raise CareerlibError(
            f"Cannot write into the output folder {shown(output)} ({error.strerror}); "
            "choose another --output."
        ) from error
    if foreign:
        raise CareerlibError(
            f"{shown(output)} holds files that no run has made; choose a new or empty --output."
        )
    return output


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook with METADATA for its own; CareerlibError names a file that is none."""
    import nbformat  # not needed for a recommendation

    try:
        notebook = json.loads(path.read_text("utf-8"))
        notebook |= {"nbformat": 4, "nbformat_minor": 5, "metadata": METADATA}
        for number, cell in enumerate(notebook["cells"], start=1):
            cell.setdefault("id", f"cell-{number}")  # of a time before cells had ids
        nbformat.validate(nbformat.from_dict(notebook))
        return notebook
    except OSError as error:
        raise CareerlibError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError,
            nbformat.ValidationError) as error:  # fmt: skip
        raise CareerlibError(
            f"{shown(path)} is damaged, or not a notebook of format 4; replace it, or open it in "
            "Jupyter and save it again."
        ) from error


@contextmanager
def locked(folder: Path, what: str, patience: float = 0) -> Iterator[None]:
    """Hold a lock that ends with this process; CareerlibError if another one has it."""
    path = folder / f".{what}.lock"
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise CareerlibError(
                f"Another {what} is being made in {shown(folder)}; wait for its end, or choose "
                "another --output."
            ) from error
        yield


def shown(path: Path) -> str:
    """The path as a reader would type it: from the current folder where that is possible."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@cache
def fingerprint() -> str:
    """A short text that is the same for the same code and tables, on every machine."""
    files = [*sorted((ROOT / "careerlib").rglob("*.py")), DATA / "tables.json", DATA / "claims.csv"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
