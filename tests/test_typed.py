"""What people type into a profile, and on the command line, and what it gives."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from careerlib.__main__ import cli
from careerlib.catalog import EDUCATION, GROUPS, NAMES, PLAIN_WORDS
from careerlib.errors import CareerlibError
from careerlib.profile import KEYS, SARAH, Profile, write_profile
from careerlib.recommend import METHODS

FIELDS = yaml.safe_load(Path(__file__).with_name("typed.yml").read_text("utf-8"))
TYPED = [(field, *row) for field, rows in FIELDS.items() for row in rows]
TYPED.append(("interests", {"S": np.int64(7), "i": "2.5"}, {"Social": 7, "Investigative": 2.5}))


@pytest.mark.parametrize(("field", "typed", "gives"), TYPED)
def test_what_people_type_is_understood_or_answered(field, typed, gives, refusal):
    try:
        kept = getattr(Profile(**{field: typed}), field)
    except CareerlibError:
        assert gives in refusal(Profile, **{field: typed})
    else:
        assert kept == gives


def test_a_plain_word_leads_to_names_that_exist(catalog):
    names = {*EDUCATION, *KEYS, *GROUPS.values(), *catalog.titles}
    names = names.union(*NAMES.values(), catalog.related["related_code"])
    for word, meant in PLAIN_WORDS.items():
        assert meant and set(meant) <= names, word


def careerlib(*arguments, typed=None):
    """What the command prints, or the sentence of its error."""
    ended = CliRunner().invoke(cli, arguments, input=typed)
    assert ended.exit_code == bool(ended.stderr)
    return ended.stderr or ended.stdout


def test_what_can_be_said_in_a_line_needs_no_file_and_counts_instead_of_the_file(tmp_path):
    write_profile(SARAH, tmp_path / "sarah.yml")
    line = ["recommend", "--interests", "IRC", "--skills", "Science, Writing", "--field", "legal"]
    same = "interests: IRC\nskills: [Science, Writing]\nfields: Legal"
    assert careerlib(*line) == careerlib("recommend", "-", typed=same)
    both = careerlib("recommend", str(tmp_path / "sarah.yml"), "--field", "legal", "--top", "99")
    assert "Lawyers" in both and "Software" not in both
    assert "min_wage is 'x'" in careerlib(*line, "--min-wage", "x")
    assert all(name in careerlib("recommend", "--help") for name in METHODS)


def test_no_score_is_printed_as_0():
    tools = "skills: [Repairing, Equipment Maintenance, Troubleshooting, Operation and Control]"
    rows = careerlib("recommend", "-", "--top", "40", "--json", typed=tools)
    shown = careerlib("recommend", "-", "--top", "40", typed=tools)
    assert '"score":0.0,' not in rows and " 0.00 " not in shown and " 0.0 " not in shown


def test_the_profile_to_fill_in_is_printed_or_written_and_says_too_little(tmp_path):
    empty = careerlib("profile")
    assert "or state your occupation" in careerlib("recommend", "-", typed=empty)
    assert careerlib("profile", str(tmp_path / "mine.yml")) == ""
    assert (tmp_path / "mine.yml").read_text("utf-8") == empty
    again = CliRunner().invoke(cli, ["profile", str(tmp_path / "mine.yml")])
    assert again.exit_code == 2 and "File exists" in again.stderr
    filled = empty.replace("  Social:", "  Social: 6").replace("  Speaking:", "  Speaking: 4")
    assert "confidence" in careerlib("recommend", "-", typed=filled)
