"""Fixtures that several test files share."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from threadpoolctl import threadpool_limits

from careerlib.catalog import load_catalog
from careerlib.errors import CareerlibError
from careerlib.project import ROOT

# As in a run: two tests that share two cores do not wait for each other's threads.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
threadpool_limits(limits=1)  # NumPy's are there already
# Ctrl-C is tested also where the tests were started in the background, which ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Properties are tried on the same examples each time, and nothing is kept of them.
hypothesis.settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)  # fmt: skip
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def catalog():
    """All rated occupations."""
    return load_catalog()


@pytest.fixture(scope="session")
def post():
    """The post's 150 occupations."""
    return load_catalog("post")


@pytest.fixture
def refusal():
    """Calls a function that must refuse its input, and returns the one sentence it says."""

    def call(function, *args, **kwargs):
        with pytest.raises(CareerlibError) as caught:
            function(*args, **kwargs)
        message = str(caught.value)
        assert "\n" not in message
        assert message.endswith((".", "?"))
        return message

    return call


@pytest.fixture
def names(monkeypatch, tmp_path):
    """What the cells of a notebook find when they are executed here, without its pictures."""
    plt.switch_backend("agg")
    monkeypatch.chdir(tmp_path)  # a notebook needs no particular folder
    for shows in ("IPython.display.display", "careerlib.figures.display"):
        monkeypatch.setattr(shows, lambda *shown, **options: None)
    monkeypatch.setattr("careerlib.figures.caption", lambda sentence: plt.close())
    return {"display": lambda *shown: None, "__name__": "__main__"}


# For runs, sweeps and the book.


def write_notebook(folder, name, *sources, parameters=None):
    """A notebook of a heading, perhaps a cell of parameters, and a cell of each source."""
    cells = [new_markdown_cell(f"# {name}")]
    if parameters is not None:
        cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def printed(path):
    """Everything a notebook printed or showed as text."""
    outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
    return "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)


def files_in(folder):
    """The files under a folder that are not hidden."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {str(path) for path in paths if not path.name.startswith(".")}


def started(*arguments, **options):
    """The command line in a process group of its own, as in a terminal."""
    command = [sys.executable, "-m", "careerlib", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command, env=environment, start_new_session=True, **options)


def until(condition, seconds=60):
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def browser():
    """Debian's Chromium, where it and playwright are installed."""
    chromium = Path("/usr/bin/chromium")
    if not chromium.is_file():
        pytest.skip("Debian's chromium is not installed, so nothing is tried in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as browsers:
        with browsers.chromium.launch(executable_path=str(chromium), args=flags) as browser:
            yield browser
