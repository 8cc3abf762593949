"""What people type into a profile, and what each gives: what is kept, or words of the answer."""

import numpy as np
import pytest
from click.testing import CliRunner

from careerlib.__main__ import cli
from careerlib.catalog import EDUCATION, INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES
from careerlib.names import occupation_code, plain_words
from careerlib.profile import KEYS, SARAH, Profile, major_groups, write_profile
from careerlib.recommend import METHODS

SEC = {"Social": 7, "Enterprising": 6, "Conventional": 5}
TYPED = [
    ("interests", "SEC", SEC),
    ("interests", ["Social", "Enterprising", "Conventional"], SEC),
    ("interests", "Social, Enterprising; conventional", SEC),
    ("interests", "S/E/C", SEC),
    ("interests", "care", "has no 'care' (valid names are Realistic"),
    ("interests", {"S": np.int64(7), "i": "2.5"}, {"Social": 7, "Investigative": 2.5}),
    ("interests", {"Investigative": 34, "scale": 40}, {"Investigative": 5.95}),
    ("interests", {"Investigative": 34}, "0 to 7; add 'scale: 40' if it is out of 40"),
    ("interests", "helping people", "did you mean Social? skills has Service Orientation"),
    ("work_values", ["Support", "Recognition"], {"Recognition": 6, "Support": 7}),
    ("work_values", ["A"], "did you mean Achievement?"),
    ("skills", "Writing, time   management", {"Time Management": 3, "Writing": 3}),
    ("skills", ["Writing", "WRITING "], "skills rates Writing twice"),
    ("skills", [{"Writing": "4"}, "Speaking"], {"Speaking": 3, "Writing": 4}),
    ("skills", {"Writing": "", "Speaking": None, "Science": 1}, {"Science": 1}),
    ("skills", "Teaching", "did you mean Instructing? knowledge has Education and Training"),
    ("skills", ["Python"], "did you mean Programming? knowledge has Computers and Electronics"),
    ("skills", ["Reading"], "did you mean Reading Comprehension?"),
    ("skills", ["Biology"], "has no 'Biology' (knowledge has Biology)"),
    ("skills", ["Speeking", "Mathe"], "did you mean Speaking?), has no 'Mathe' (did you mean Math"),
    ("skills", ["xyz", "qqq"], "has no 'xyz', has no 'qqq' (valid names are Active Learning; "),
    ("knowledge", "sales & marketing", {"Sales and Marketing": 4}),
    ("knowledge", "marketing", "did you mean Sales and Marketing? skills has Persuasion"),
    ("knowledge", ["languages"], "did you mean Foreign Language or English Language?"),
    ("fields", "IT", "did you mean Computer and mathematical?"),
    ("fields", "Education", "did you mean Educational instruction and library?"),
    ("fields", ["law", "health"], "did you mean Legal?), has no 'health' (did you mean Health"),
    ("max_education", "bachelors degree", "Bachelor's degree"),
    ("max_education", "PhD", "did you mean Doctoral or professional degree?"),
    ("min_wage", "60,000", "min_wage is '60,000' (give a plain decimal number"),
    ("salary", 50_000, "it has no 'salary' (did you mean min_wage?)"),
    ("occupation", "marketing manager", "11-2021.00"),
    ("occupation", "Managers, Marketing", "11-2021.00"),
    ("occupation", "CEO", "11-1011.00"),
    ("occupation", "Senior Software Engineer", "15-1252.00"),
    ("occupation", "15-1252", "15-1252.00"),
    ("occupation", "15-2051", "did you mean 15-2051.01, 15-2051.02"),
    ("occupation", "RN", "29-1141.00"),
    ("occupation", "waitress", "35-3031.00"),
    ("occupation", "", ""),
    ("occupation", "IT Manager", "Systems Managers; Information Technology Project Managers)"),
    ("occupation", "Teacher", "a title in 11 occupations (Career/Technical Education Teachers, P"),
    ("occupation", "Nurse", "(Registered Nurses; Licensed Practical and Licensed Vocational Nur"),
    ("occupation", "Data Scientist", "no ratings for (15-2051.00); the nearest rated: Business In"),
    ("occupation", "Bookkeeper", "did you mean Bookkeeping, Accounting, and Auditing Clerks"),
    ("occupation", "Softwear Enginer", "did you mean Software Engineer, "),
    ("occupation", ["Cook"], "give one title, such as Marketing Manager"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "typed", "gives"), TYPED)
def test_what_people_type_is_understood_or_answered(field, typed, gives, refusal):
    try:
        kept = getattr(Profile(**{field: typed}), field)
    except ValueError:
        assert gives in refusal(Profile, **{field: typed})
    else:
        assert kept == gives


def test_a_plain_word_leads_to_names_that_exist(catalog):
    unrated = set(catalog.related["related_code"]) - set(catalog.codes)
    names = {*SKILLS, *KNOWLEDGE, *INTERESTS, *WORK_VALUES, *EDUCATION, *KEYS, *catalog.titles}
    names |= {*major_groups().values(), *unrated}
    for word, meant in plain_words().items():
        assert meant and set(meant) <= names, word


def test_titles_of_one_occupation_lead_to_it(catalog):
    for code, title in catalog.titles.iloc[::7].items():
        assert occupation_code(title) == occupation_code(title.upper()) == code
    for title in catalog.reported["title"].iloc[::97]:
        try:
            assert occupation_code(title) in catalog.codes
        except ValueError as error:
            assert "occupations (" in str(error) or "no ratings" in str(error), title


def careerlib(*arguments, typed=None):
    """What the command prints, or the sentence of its error."""
    ended = CliRunner().invoke(cli, arguments, input=typed)
    assert ended.exit_code == bool(ended.stderr)
    return ended.stderr or ended.stdout


def test_what_can_be_said_in_a_line_needs_no_file_and_counts_instead_of_the_file(tmp_path):
    write_profile(SARAH, tmp_path / "sarah.yml")
    line = ["recommend", "--interests", "IRC", "--skills", "Science, Writing", "--field", "legal"]
    same = {"interests": "IRC", "skills": ["Science", "Writing"], "fields": ["23"]}
    write_profile(Profile(**same), tmp_path / "same.yml")
    assert careerlib(*line) == careerlib("recommend", str(tmp_path / "same.yml"))
    both = careerlib("recommend", str(tmp_path / "sarah.yml"), "--field", "legal", "--top", "99")
    assert "Lawyers" in both and "Software" not in both
    assert "min_wage is 'x'" in careerlib(*line, "--min-wage", "x")
    assert "Nothing is said about a person" in careerlib("recommend")
    assert all(name in careerlib("recommend", "--help") for name in METHODS)


def test_no_score_is_printed_as_0():
    tools = "skills: [Repairing, Equipment Maintenance, Troubleshooting, Operation and Control]"
    rows = careerlib("recommend", "-", "--top", "40", "--json", typed=tools)
    shown = careerlib("recommend", "-", "--top", "40", typed=tools)
    assert '"score":0.0,' not in rows and " 0.00 " not in shown and " 0.0 " not in shown


def test_the_profile_to_fill_in_is_printed_or_written_and_says_too_little(tmp_path):
    empty = careerlib("profile")
    assert "says too little" in careerlib("recommend", "-", typed=empty)
    assert "Fill in" in careerlib("profile", str(tmp_path / "mine.yml"))
    assert (tmp_path / "mine.yml").read_text("utf-8") == empty
    assert "is there already" in careerlib("profile", str(tmp_path / "mine.yml"))
    filled = empty.replace("  Social:", "  Social: 6").replace("  Speaking:", "  Speaking: 4")
    assert "confidence" in careerlib("recommend", "-", typed=filled)
