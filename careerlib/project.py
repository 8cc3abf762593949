"""Where the project's folders are, and how its files are replaced."""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "data"  # in an installed package
DATA = PACKAGED if PACKAGED.is_dir() else ROOT / "data"
NOTEBOOKS = ROOT / "notebooks"
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


def shown(path: Path) -> str:
    """The path as a reader would type it: from the current folder where that is possible."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@cache
def fingerprint() -> str:
    """A short text that is the same for the same code and tables, on every machine."""
    files = [*sorted((ROOT / "careerlib").rglob("*.py")), DATA / "tables.json", DATA / "claims.csv"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
