"""README.md: its computed parts are in step with the committed notebooks, and it is short."""

import runpy

from careerlib.project import ROOT

README = runpy.run_path(str(ROOT / ".ci" / "readme.py"))
TEXT = (ROOT / "README.md").read_text("utf-8")


def test_the_computed_parts_are_in_step():
    assert README["in_step"](TEXT) == TEXT, "run 'make notebooks', or python .ci/readme.py"
    assert README["PICTURE"].read_bytes() == README["picture"]()[0]
    assert README["in_step"](TEXT.replace("reproduced", "x")) == TEXT


def test_it_is_short():
    assert len(TEXT.encode()) < 7 * 1024
    assert TEXT.count("$") < 2
