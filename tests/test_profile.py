"""A profile: what it accepts, what it says about mistakes, and its YAML file."""

import time
from dataclasses import replace
from itertools import pairwise
from unittest.mock import Mock

import numpy as np
import pytest

from careerlib.catalog import INTERESTS, SKILLS
from careerlib.profile import KEYS, SARAH, Profile, major_groups, read_profile, write_profile

HALF = "\ud83d"  # half a surrogate pair, which no file or stream can hold
FULL = Profile(
    {**dict.fromkeys(SKILLS, 0.1 + 0.2), "Science": np.float32(1 / 3)},
    {**dict.fromkeys(INTERESTS, 7), "Artistic": 1e-7}, {"Support": 0}, min_wage=61_234.56,
    remote=True, max_education="Some college, no degree", fields=["Legal", "15"],
    background="No: #1 at 'yes', \u00fcber 90:00; {x} \U0001f600 2.0 " + "and more words " * 10,
)  # fmt: skip


def test_names_take_the_official_spelling_and_order_and_numbers_may_be_text():
    profile = Profile(
        ["  speaking", "active   learning"], {"Social": np.int64(5), "Artistic": "6.5"},
        min_wage="1e3", max_education="bachelor\u2019s DEGREE",
    )  # fmt: skip
    assert list(profile.skills.items()) == [("Active Learning", 3), ("Speaking", 3)]
    assert list(profile.interests.items()) == [("Artistic", 6.5), ("Social", 5)]
    assert (profile.min_wage, profile.max_education) == (1000, "Bachelor's degree")


def test_fields_by_title_or_code_become_codes(catalog):
    assert list(major_groups()) == sorted(catalog.table["major_group"].unique())
    for code, title in major_groups().items():
        for given in (code, code[:2], int(code[:2]), f" {title.upper()}", f"{title} occupations"):
            assert Profile(fields=[given]).fields == Profile(fields=given).fields == (code,)
    assert Profile(fields=("Legal", 15, "23-0000")).fields == ("15-0000", "23-0000")


def test_a_profile_is_a_frozen_dataclass_that_replace_checks_again(refusal):
    moved = replace(SARAH, fields=["Computer and mathematical"])
    assert (moved.fields, moved.skills, SARAH.fields) == (("15-0000",), SARAH.skills, ())
    assert "min_wage is -1" in refusal(replace, SARAH, min_wage=-1)
    with pytest.raises(AttributeError):
        moved.remote = True


UNLIKE_NUMBERS = "60,000 90:00 0100000 0x7b 0o17 1_000 nan .nan .inf 1e9999 true 2024-99-99".split()
MANY = {f"{i}" * 100: 3 for i in range(10_000)}
WRONG = [
    ({"skills": ["Writting"]}, "skills has no 'Writting' (did you mean Writing"),
    (
        {"skills": "Writing"},
        "skills is 'Writing' (give a table of name: rating; for skil",
    ),
    ({"skills": ["Writing", "writing"]}, "skills rates Writing twice"),
    ({"skills": [{"Writing": 3}]}, "skills has no"),
    ({"skills": {"Writing": [["x" * 1000] * 1000]}}, "skills Writing is [["),
    ({"skills": MANY}, "skills has no '000"),
    ({"interests": ["Social"]}, "interests is ['Social'] (give a table"),
    ({"interests": {"Social": 1, "social": 6}}, "interests rates Social twice"),
    (
        {"interests": {"Social": 7.01}},
        "interests Social is 7.01 (give a plain decimal number, 0 to",
    ),
    ({"interests": {"Social": True}}, "Social is True"),
    ({"work_values": {"Support": float("nan")}}, "work_values Support is nan"),
    ({"work_values": {10**5000: 1}}, "work_values has no a long int"),
    ({"min_wage": -1}, "min_wage is -1"),
    ({"min_wage": 10**5000}, "min_wage is a long int"),
    *(({"min_wage": text}, "(give a plain decimal number") for text in [*UNLIKE_NUMBERS, ""]),
    ({"min_wage": "9" * 5000}, "min_wage is '999"),
    ({"remote": "maybe"}, "remote is 'maybe'"),
    ({"max_education": "Bachelors degree"}, "did you mean Bachelor's degree"),
    ({"fields": "computer"}, "fields has no 'computer' (did you mean Computer and math"),
    ({"fields": [16, 10**5000]}, "fields has no 16"),
    ({"fields": {"Legal": 1}}, "fields has no {'Legal': 1}"),
    ({"background": "two\nlines"}, "background is 'two\\nlines' (give one line"),
    ({"background": "\u202eturned"}, "give one line without control characters"),
    ({"background": "x" * 201}, "at most 200 characters"),
    ({"wage": 3}, "it has no 'wage' (did you mean min_wage?)"),
    ({"self": 3}, "it has no 'self'"),
    ({"__dataclass_self__": 3}, "it has no '__dataclass_self__'"),
    ({"x" * 10_000: 3}, "it has no 'xxx"),
    (MANY, "it has no '000"),
    *(({key: HALF}, r"\ud83d") for key in (HALF, "fields", "background", "min_wage")),
    ({"interests": {HALF: 1}}, r"\ud83d"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_each_mistake_is_one_bounded_printable_sentence(given, words, refusal):
    start = time.perf_counter()
    message = refusal(Profile, **given)
    assert words in message
    assert message.isprintable() and len(message) < 6000
    assert len(max(message.split(), key=len)) < 130
    assert time.perf_counter() - start < 2


def test_the_mistakes_of_all_fields_are_told_at_once(refusal):
    wrong = {
        "skills": ["Writting"], "interests": {"Artistic": 8}, "work_values": {"x": 1},
        "min_wage": -1, "remote": "maybe", "max_education": "none", "fields": ["nothing"],
        "background": "\n", "wage": 1,
    }  # fmt: skip
    message = refusal(Profile, **wrong)
    assert all(words in message for words in (*wrong, "Writting", "Artistic is 8"))


@pytest.mark.parametrize("profile", [SARAH, Profile(), FULL])
def test_a_profile_comes_back_from_its_file_unchanged(profile, tmp_path):
    write_profile(profile, tmp_path / "mine.yml")
    again = read_profile(str(tmp_path / "mine.yml"))
    assert again == profile and str(again) == str(profile)


def test_the_file_is_readable_and_a_hand_written_one_is_understood(tmp_path):
    path = tmp_path / "mine.yml"
    write_profile(SARAH, path)
    assert all(f"\n{words}" in path.read_text() for words in (*KEYS, "  Enterprising: 6.0\n"))
    text = (
        "skills: [Writing, Speaking, Critical Thinking, Social Perceptiveness]\n"
        "interests: {enterprising: 6, investigative: 5}\n"
        "work_values:\n  Achievement: 6\n  Recognition: '5'\nmin_wage:\nremote: no\n"
        "max_education: null\nfields: Computer and mathematical\nbackground: "
    )
    path.write_text(text + SARAH.background, encoding="utf-8-sig")
    assert read_profile(path) == replace(SARAH, fields=[15])


def test_a_misspelt_key_without_a_value_is_told(tmp_path, refusal):
    (tmp_path / "mine.yml").write_text("skils:\nskills: [Writing]\n")
    assert "it has no 'skils' (did you mean skills?)" in refusal(
        read_profile, tmp_path / "mine.yml"
    )


PAIRS = pairwise("abcdefghij")
BOMB = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [{f'*{old}, ' * 9}]\n" for old, new in PAIRS)
DAMAGED = [
    ("", "is empty"),
    ("- Writing\n", "is not a table"),
    ("skills: [Writing]\ninterests: {Social: 1\nremote: no\n", "line 3"),
    ("skills:\n  Writing: 1\n  Writing: 5\n", "line 2: a key comes twice"),
    ("".join(f"a{i}:\n" for i in range(9_000)) + "a0:\n", "a key comes twice"),
    ("? [a, b]\n: c\n", "line 1"),
    ("skils: [Writing]\nwage: 3\n", "'skils' (did you mean skills?); it has no 'wage'"),
    ("5: x\n", "it has no '5'"),
    *((f"min_wage: {text}\n", f"min_wage is '{text[:9]}") for text in UNLIKE_NUMBERS),
    ("? " + "9" * 5000 + "\n: 1", "it has no '999"),
    ("min_wage: !!int 0100000\n", "line 1: it has a tag"),
    ("skills: &a [Writing]\nfields: *a\n", "line 2: it has a tag or an alias"),
    (BOMB, "alias"),
    ("[" * 60_000, "maximum recursion depth"),
    ("skills: " + "[" * 1500, "maximum recursion depth"),
    ("skills: \x07\n", "special characters"),
    *((text % r'"\ud83d"', r"\ud83d") for text in ("background: %s", "skills: [%s]", "%s: 1")),
    (b"\xff\xfe\x00", "write UTF-8 text"),
    ("# " + "x" * 65_536, "over 64 KB"),
    ("a: b\n---\nc: d\n", "another document"),
]


@pytest.mark.parametrize(("text", "words"), DAMAGED)
def test_a_mistake_in_the_file_is_one_sentence_that_names_it(text, words, tmp_path, refusal):
    path = tmp_path / "mine.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    start = time.perf_counter()
    message = refusal(read_profile, path)
    assert words in message
    assert str(path)[-30:] in message
    assert message.isprintable() and len(message) < 6000
    assert time.perf_counter() - start < 5


NAMES = ["none.yml", "", "a\0b", "line\nend.yml", "x" * 5000, "~nobody-here/mine.yml", "\x1b[31m"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_cannot_be_read(name, tmp_path, refusal):
    message = refusal(read_profile, tmp_path / name if not name.startswith("~") else name)
    assert message.isprintable() and len(message) < 500 and "cannot be read" in message


def test_failing_to_write_keeps_the_old_file(tmp_path, monkeypatch, refusal):
    path = tmp_path / "mine.yml"
    write_profile(SARAH, path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError(28, "No space left on device")))
    assert "No space left on device" in refusal(write_profile, FULL, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yml"]
