"""A profile: what it accepts, what it says about mistakes, and its YAML file."""

import re

import numpy as np
import pytest

from careerlib.errors import CareerlibError
from careerlib.profile import PART_4, SARAH, SARAH_AS_PRINTED, Profile, read_profile, write_profile


def complaint(action, *args, **kwargs) -> str:
    with pytest.raises(CareerlibError) as caught:
        action(*args, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_named_skills_count_three_and_ratings_keep_their_value():
    assert Profile(skills=["writing "]).skills == {"Writing": 3.0}
    assert Profile(skills={"Writing": 4.5}).skills == {"Writing": 4.5}


def test_names_take_the_official_spelling_and_order():
    profile = Profile(
        skills=["  speaking", "active   learning"], max_education="bachelor\u2019s DEGREE"
    )
    assert list(profile.skills) == ["Active Learning", "Speaking"]
    assert profile.max_education == "Bachelor's degree"


def test_numpy_numbers_are_numbers():
    profile = Profile(interests={"Social": np.int64(5)}, min_wage=np.float32(50_000))
    assert profile.interests == {"Social": 5.0}
    assert profile.min_wage == 50_000


@pytest.mark.parametrize(
    ("profile", "empty"),
    [
        (Profile(), True),
        (Profile(skills={"Writing": 0}, min_wage=50_000, remote=True), True),
        (Profile(skills={"Writing": 0.1}), False),
        (Profile(work_values={"Support": 1}), False),
    ],
)
def test_empty_means_that_nothing_is_rated_above_zero(profile, empty):
    assert profile.is_empty is empty


def test_all_mistakes_are_told_at_once_with_the_nearest_names():
    message = complaint(
        Profile,
        skills=["Writting", "Programing"],
        interests={"Socail": 3, "Artistic": 8},
        work_values={"Support": float("nan")},
        min_wage=-1,
        remote="maybe",
        max_education="Bachelors degree",
    )
    for part in (
        "'Writting' (did you mean Writing", "'Programing' (did you mean Programming",
        "'Socail' (did you mean Social", "Artistic 8, not 0 to 7", "Support nan, not 0 to 7",
        "min_wage is -1", "remote is 'maybe'", "Bachelor's degree",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"skills": "Writing"}, "skills must be a list of names"),
        ({"skills": 3}, "skills must be a list of names"),
        ({"skills": [{"Writing": 3}]}, "skills lists {'Writing': 3}, not a name"),
        ({"skills": ["Writing", "Writing"]}, "skills name Writing more than once"),
        ({"skills": ["Writing", "WRITING"]}, "rates Writing twice, under two spellings"),
        ({"interests": {"Social": 1, "social": 6}}, "rates Social twice"),
        ({"interests": ["Social"]}, "interests must be a table"),
        ({"skills": {"Writing": True}}, "Writing True, not 0 to 5"),
        ({"skills": {"Writing": "4"}}, "Writing '4', not 0 to 5"),
        ({"skills": {"Writing": 5.01}}, "Writing 5.01, not 0 to 5"),
        ({"interests": {"Social": float("inf")}}, "Social inf, not 0 to 7"),
        ({"interests": {3: 4}}, "interests has no '3'"),
        ({"min_wage": float("nan")}, "min_wage is nan"),
        ({"min_wage": 10**400}, "min_wage is 1000"),
        ({"min_wage": "50,000"}, "min_wage is '50,000'"),
        ({"min_wage": True}, "min_wage is True"),
        ({"remote": 1}, "remote is 1, not true or false"),
        ({"max_education": 3}, "max_education is 3"),
    ],
)
def test_each_mistake_has_its_words(fields, words):
    assert words in complaint(Profile, **fields)


@pytest.mark.parametrize(
    "profile",
    [
        SARAH,
        SARAH_AS_PRINTED,
        PART_4,
        Profile(),
        Profile(
            skills={"Writing": 0.1 + 0.2, "Science": np.float32(1 / 3)},
            interests={"Social": 7},
            work_values={"Support": 0},
            min_wage=61_234.56,
            remote=True,
            max_education="Some college, no degree",
        ),
    ],
)
def test_a_profile_comes_back_from_its_file_unchanged(profile, tmp_path):
    path = tmp_path / "profile.yml"
    write_profile(profile, path)
    assert read_profile(path) == profile


def test_the_file_is_readable_and_a_hand_written_one_is_understood(tmp_path):
    path = tmp_path / "mine.yml"
    write_profile(SARAH, path)
    assert "Enterprising: 6\n" in path.read_text()
    path.write_text(
        "skills: [Writing, Speaking, Critical Thinking, Social Perceptiveness]\n"
        "interests: {enterprising: 6, investigative: 5}\n"
        "work_values:\n  Achievement: 6\n  Recognition: 5\n"
        "min_wage:\nremote: no\n",
        encoding="utf-8-sig",
    )
    assert read_profile(path) == SARAH
    path.write_text("skills: [Writing]\ninterests:\nremote:\n")
    assert read_profile(path) == Profile(skills=["Writing"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("- Writing\n", "is not a table"),
        ("skills: [Writing]\ninterests: {Social: 1\nremote: no\n", "line 3 is not valid YAML"),
        ("skills:\n  Writing: 1\n  Writing: 5\n", "line 3 is not valid YAML ('Writing' comes"),
        ("skills: []\nskills: [Writing]\n", "line 2"),
        ("? [a, b]\n: c\n", "line 1"),
        ("skils: [Writing]\nwage: 3\n", "'skils' (did you mean skills?); 'wage'"),
        ("5: x\n", "unknown keys: '5'"),
        ("min_wage: 60,000\n", "min_wage is '60,000'"),
        ("min_wage: 2024-99-99\n", "is not valid YAML"),
        ("interests: {Social: .nan}\n", "Social nan"),
        ("skills: !!python/name:os.system x\n", "line 1 is not valid YAML"),
        ("skills: \x07\n", "is not valid YAML"),
        ("[" * 1500, "is not valid YAML"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence_that_names_it(text, words, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    message = complaint(read_profile, path)
    assert words in message
    assert str(path) in message


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    assert "There is no profile" in complaint(read_profile, tmp_path / "none.yml")
    assert "cannot be read" in complaint(read_profile, tmp_path)


def test_failing_to_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "mine.yml"
    write_profile(SARAH, path)
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    message = complaint(write_profile, PART_4, path)
    assert re.search(r"cannot be written to .*No space left on device", message)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yml"]


def test_writing_into_a_folder_that_is_not_there(tmp_path):
    assert "cannot be written" in complaint(write_profile, SARAH, tmp_path / "no" / "mine.yml")
