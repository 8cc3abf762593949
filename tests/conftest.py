"""Fixtures that several test files share."""

import os
import signal
from pathlib import Path

import hypothesis
import matplotlib.pyplot as plt
import pytest

from careerlib.catalog import load_catalog
from careerlib.errors import CareerlibError

# As in a run: two tests that share two cores do not wait for each other's threads.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# Ctrl-C is tested also where the tests were started in the background, which ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Properties are tried on the same examples each time, and nothing is kept of them.
hypothesis.settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)  # fmt: skip
hypothesis.settings.load_profile("steady")
UPSTREAM = Path(__file__).parents[2] / "shared" / "upstream"


@pytest.fixture(scope="session")
def catalog():
    """All rated occupations."""
    return load_catalog()


@pytest.fixture(scope="session")
def post():
    """The post's 150 occupations."""
    return load_catalog("post")


@pytest.fixture(scope="session")
def upstream():
    """Folder of the official files; skips where they are not at hand."""
    if not UPSTREAM.is_dir():
        pytest.skip("the official files are not in ../shared/upstream, so nothing to compare with")
    return UPSTREAM


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
