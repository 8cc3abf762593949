"""The book: the notebooks of a checkout as pages that open from disk, made by Sphinx in `book/`."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from careerlib.batch.execution import environment
from careerlib.batch.notebooks import code
from careerlib.errors import CareerlibError, told
from careerlib.project import NOTEBOOKS, notebooks_in, output_folder

# Beside Sphinx's own, and laid out as they are here, for their links.
PAGES = ("README.md", "pyproject.toml", "LICENSE", "notebooks/images/controls.png",
         "notebooks/glossary.md", "data/README.md", "data/PROCEDURE.md",
         "data/claims.csv")  # fmt: skip


def write_book(output: Path | str, notebooks: Path = NOTEBOOKS) -> Path:
    """Make the book of what runs left in `output`; return its first page.

    A notebook that was not run is shown as committed. CareerlibError if the book cannot be made;
    an earlier book then stays.
    """
    needed = "it needs a checkout of the project, and room in the output folder"
    with (
        told("The book cannot be made", needed, OSError),
        output_folder(output) as output,
        tempfile.TemporaryDirectory(dir=output, prefix=".book-") as folder,
    ):
        source, made = Path(folder, "source"), Path(folder, "book")
        copy_source(source, output, notebooks)
        command = [sys.executable, "-m", "sphinx", "-q", str(source), str(made)]
        options = {"env": environment(), "capture_output": True, "encoding": "utf-8"}
        built = subprocess.run(command, errors="replace", **options)
        if built.returncode:
            causes = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)", built.stderr, re.M)
            cause = (causes or [" ".join(built.stderr.split())])[-1][:300].rstrip(".")
            raise CareerlibError(f"The book could not be made: {cause}.")
        shutil.rmtree(output / "book", ignore_errors=True)
        made.rename(output / "book")
    return output / "book" / "index.html"


def copy_source(source: Path, output: Path, notebooks: Path) -> None:
    """The folder from which Sphinx makes the book; a notebook that was run wins."""
    shutil.copytree(notebooks.parent / "book", source)
    for name in PAGES:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(notebooks.parent / name, source / name)
    for path in [*notebooks_in(notebooks), *notebooks_in(output)]:
        code(path)  # names a damaged one
        shutil.copy(path, source / "notebooks")
