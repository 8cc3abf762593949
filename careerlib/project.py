"""Where the project's folders are, and how its files are replaced."""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from careerlib.errors import CareerlibError

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "data"  # in an installed package
DATA = PACKAGED if PACKAGED.is_dir() else ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
MARK = ".careerlib"  # a file in folders whose content is ours to replace
OUTPUTS = (Path.cwd() if PACKAGED.is_dir() else ROOT) / "outputs"


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path`, then rename: all or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
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


def notebooks_in(folder: Path | str) -> list[Path]:
    """The notebooks named like 01_name.ipynb in a folder, in reading order."""
    return sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))


def shown(path: Path) -> str:
    """The path as a reader would type it: from the current folder where that is possible."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@cache
def fingerprint() -> str:
    """A short text that is the same for the same code and tables, on every machine."""
    files = [*sorted((ROOT / "careerlib").rglob("*.py")), DATA / "tables.json", DATA / "claims.csv"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
