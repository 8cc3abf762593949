"""README.md: its computed parts are in step with the committed notebooks, and it is short."""

from careerlib import readme
from careerlib.project import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")


def test_the_computed_parts_are_in_step():
    assert readme.in_step(TEXT) == TEXT
    assert readme.PICTURE.read_bytes() == readme.picture()[0]
    assert readme.in_step(TEXT.replace("reproduced", "x")) == TEXT


def test_it_is_short():
    assert len(TEXT.encode()) < 6 * 1024
    assert TEXT.count("$") < 2
