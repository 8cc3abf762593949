"""A profile: what it accepts, what it says about mistakes, and its YAML file."""

import os
from dataclasses import replace
from functools import reduce
from io import BytesIO, TextIOWrapper
from itertools import repeat
from unittest.mock import Mock

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from careerlib.catalog import EDUCATION, GROUPS, SCALES
from careerlib.errors import CareerlibError
from careerlib.profile import KEYS, SARAH, Profile, read_profile, write_profile
from careerlib.project import DATA


def a_sentence(error):
    """Whether an error says one bounded, printable sentence."""
    said = str(error)
    return said.isprintable() and len(said) < 9000 and len(max(said.split(), key=len)) < 130


def test_a_profile_is_a_frozen_dataclass_that_replace_checks_again(refusal):
    moved = replace(SARAH, fields=["legal"])
    assert (moved.fields, moved.skills, SARAH.fields) == (["Legal"], SARAH.skills, [])
    assert "min_wage is -1" in refusal(replace, SARAH, min_wage=-1)
    with pytest.raises(AttributeError):
        moved.remote = True


def test_its_schema_lists_the_names_and_the_highest_rating():
    listed, table = TypeAdapter(Profile).json_schema()["properties"]["skills"]["anyOf"]
    assert "Writing" in listed["items"]["enum"] and "Writing" in table["propertyNames"]["enum"]
    assert table["additionalProperties"]["anyOf"][0]["maximum"] == 5


UNLIKE_NUMBERS = "60,000 90:00 0100000 0x7b 0o17 1_000 nan .nan .inf 1e9999 true 2024-99-99".split()
DEEP = reduce(lambda inner, _: [inner], range(5000), [])
WRONG = [
    ({"interests": DEEP}, "interests has no '[["),
    ({"occupation": pd.NA}, "occupation is <NA>"),
    ({"skills": repeat("Writing")}, "(did you mean Writing?)"),
    ({"skills": {"Writing": [["x" * 1000] * 1000]}}, "skills Writing is [["),
    ({"skills": {f"{i}" * 100: 3 for i in range(10_000)}}, "skills has no '000"),
    ({"fields": ["x"] * 10_000}, "at most 22 items"),
    ({"min_wage": 10**5000}, "min_wage is a long int"),
    *(({"min_wage": text}, "(give a plain decimal number") for text in [*UNLIKE_NUMBERS, "", -1]),
    ({"remote": "maybe"}, "remote is 'maybe'"),
    ({"__dataclass_self__": 3}, "it has no '__dataclass_self__'"),
    ({f"{i}" * 100: 3 for i in range(10_000)}, "it has no '000"),
    ({"skills": ["x"], "interests": {"Artistic": 8}, "wage": 1}, "; interests Artistic is 8"),
]


@pytest.mark.parametrize(("said", "told"), WRONG)
def test_each_mistake_is_one_bounded_printable_sentence(said, told, refusal):
    message = refusal(Profile, **said)
    assert told in message and a_sentence(message)


NAMES = st.sampled_from([name for names, _ in SCALES.values() for name in names])
HALF = st.just("\ud83d")  # half a surrogate pair, which no file or stream can hold
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NAMES | HALF
ANYTHING = st.recursive(
    SCALARS | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text() | HALF, ANYTHING, max_size=4))
def test_any_mapping_gives_a_profile_or_one_sentence(said):
    try:
        profile = Profile(**said)
    except CareerlibError as error:
        assert a_sentence(error)
    else:
        assert replace(profile) == profile


PROFILES = st.builds(
    Profile, remote=st.booleans(), min_wage=st.none() | st.floats(0, 1e7),
    max_education=st.none() | st.sampled_from(EDUCATION),
    fields=st.lists(st.sampled_from([*GROUPS.values()]), max_size=22),
    background=st.text(max_size=200), occupation=st.sampled_from(["", "Lawyers"]),
    **{block: st.dictionaries(st.sampled_from(names), st.floats(0, highest))
       for block, (names, highest) in SCALES.items()},
)  # fmt: skip


@given(PROFILES)
@settings(max_examples=50)
def test_a_profile_comes_back_from_its_file_unchanged(tmp_path, profile):
    write_profile(profile, tmp_path / "mine.yml")
    again = read_profile(str(tmp_path / "mine.yml"))
    assert again == profile and str(again) == str(profile)
    for block, (names, _) in SCALES.items():
        assert [*getattr(again, block)] == sorted(getattr(again, block), key=names.index)


@given(st.binary() | st.text().map(str.encode) | ANYTHING.map(lambda said: repr(said).encode()))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    (tmp_path / "mine.yml").write_bytes(content)
    try:
        read_profile(tmp_path / "mine.yml")
    except CareerlibError as error:
        assert a_sentence(error)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_hand_written_file_is_understood_from_disk_and_pipe(tmp_path, encoding, monkeypatch):
    text = (
        "skills: [Writing, Speaking, Critical Thinking, Social Perceptiveness]\n"
        "interests: {enterprising: 6, investigative: 5}\n"
        "work_values:\n  Achievement: 6\n  Recognition: '5'\nmin_wage:\nremote: no\n"
        f"max_education: null\nfields: legal\nbackground: {SARAH.background}"
    )
    (tmp_path / "mine.yml").write_text(text, encoding=encoding)
    assert read_profile(tmp_path / "mine.yml") == replace(SARAH, fields=["Legal"])
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode(encoding))))
    assert read_profile("-") == replace(SARAH, fields=["Legal"])


def test_the_profile_to_fill_in_has_all_names_and_says_nothing():
    assert read_profile(DATA / "profile.yml") == Profile()
    text = (DATA / "profile.yml").read_text("utf-8")
    empty = yaml.load(text.replace("#  - ", "  - "), Loader=yaml.BaseLoader)
    assert sorted(empty) == sorted(KEYS) and empty["fields"] == [*GROUPS.values()]
    assert all(tuple(empty[block]) == names for block, (names, _) in SCALES.items())
    assert all(f"#   {level}\n" in text for level in EDUCATION)


BOMB = "&a0 [x, x, x, x, x, x, x, x, x]"  # some 400 letters, and 9 ** 12 when it is written out
for number in range(1, 12):
    BOMB = f"&a{number} [{BOMB}, " + ", ".join([f"*a{number - 1}"] * 8) + "]"
DAMAGED = [
    *((f"{key}: {BOMB}", f"{key} ") for key in ("skills", "fields", "occupation", "max_education")),
    (f"skills: {{Writing: {BOMB}}}", "skills Writing is [["),
    ("", "is empty"),
    ("- Writing\n", "is not a table"),
    ("skills: [Writing]\ninterests: {Social: 1\nremote: no\n", "line 3"),
    ("skills:\n  Writing: 1\n  Writing: 5\n", "line 2: a key comes twice"),
    ("skils: 2\nwage: 3\n", "'skils' (did you mean skills?); it has no 'wage'"),
    ("min_wage: !!int 0100000\n", "min_wage is '0100000'"),
    ("[" * 60_000, "maximum recursion depth"),
    ("\ufeff\0", "write UTF-8 text"),
    ("# " + "x" * 65_536, "over 64 KB"),
]


@pytest.mark.parametrize(("text", "told"), DAMAGED)
def test_a_mistake_in_the_file_is_one_sentence_that_names_it(text, told, tmp_path, refusal):
    (tmp_path / "mine.yml").write_text(text)
    message = refusal(read_profile, tmp_path / "mine.yml")
    assert told in message and a_sentence(message)


@pytest.mark.parametrize("name", [
    ".", "none.yml", "a\0b", "line\nend.yml", "x" * 5000, "\x1b[31m", "pipe", "/dev/zero",
    "~nobody/mine.yml",
])  # fmt: skip
def test_a_file_that_cannot_be_read(name, tmp_path, monkeypatch, refusal):
    monkeypatch.chdir(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe")
    message = refusal(read_profile, name)
    assert message.isprintable() and len(message) < 700 and "cannot be read" in message


def test_failing_to_write_keeps_the_old_file(tmp_path, monkeypatch, refusal):
    path = tmp_path / "mine.yml"
    write_profile(SARAH, path)
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError(28, "No space left on device")))
    assert "No space left on device" in refusal(write_profile, Profile(), path)
    assert read_profile(path) == SARAH and [*tmp_path.iterdir()] == [path]
