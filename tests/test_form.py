"""The form of notebook 05: sliders make a profile, buttons answer in the form."""

import re
import shlex
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from careerlib.__main__ import cli
from careerlib.app import form as form_module
from careerlib.app.form import ProfileForm
from careerlib.catalog import GROUPS
from careerlib.profile import SCALES, Profile, read_profile
from careerlib.recommend import METHODS, recommend


@pytest.fixture
def form(tmp_path, monkeypatch):
    monkeypatch.setattr(form_module, "FILE", tmp_path / "my profile.yml")
    return ProfileForm()


def test_all_that_a_profile_knows_can_be_set_and_becomes_the_profile(form):
    assert form.profile == Profile()
    stated = {block: dict.fromkeys(names, most) for block, (names, most) in SCALES.items()}
    for sliders in form.sliders.values():
        assert [slider.description for slider in sliders.values()] == [*sliders]
        for slider in sliders.values():
            slider.value = slider.max
    form.boxes["occupation"].value = "marketing manager "
    form.boxes["min_wage"].value = " 50000"
    form.boxes["max_education"].value = "Master's degree"
    form.boxes["fields"].value = form.boxes["fields"].options
    assert form.profile == Profile(
        **stated, min_wage=50_000, occupation="11-2021.00", max_education="Master's degree",
        fields=[*GROUPS.values()],
    )  # fmt: skip
    assert "Marketing Managers" in form.boxes["occupation"].options
    assert set(form.method.options) == set(METHODS) and form.method.value == "matched"
    assert form.ratings.titles[form.ratings.selected_index] == "interests"


def test_the_list_is_whole_and_has_no_score_of_0_and_no_missing_wage(form, capsys, monkeypatch):
    form.sliders["interests"]["Artistic"].value = 7
    form.method.value = "post"  # its one list has a title of 53 letters, which is not cut
    rows, shown = recommend(form.profile, "post"), []
    rows["median_wage"] = [np.nan, *rows["median_wage"][1:]]
    monkeypatch.setattr(form_module, "recommend", lambda profile, method: rows)
    monkeypatch.setattr(form_module, "display", lambda table: shown.append(table.to_html()))
    form.show()
    assert rows.attrs["limits"] in capsys.readouterr().out
    assert all(f"<td>{title}</td>" in shown[0] for title in rows["title"])
    assert shown[0].count("<td>–</td>") == 1 and not re.search(r"<td>0(\.0+)?</td>", shown[0])


def test_a_mistake_is_one_sentence_and_what_is_saved_makes_the_list(
    form, tmp_path, capsys, refusal
):
    assert "The profile is empty" in refusal(form.show)
    form.boxes["min_wage"].value = "-5"
    assert "min_wage is '-5'" in refusal(form.save)
    form.boxes["min_wage"].value = ""
    form.sliders["interests"]["Enterprising"].value = 6
    form.save()
    python, *command = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert read_profile(tmp_path / "my profile.yml") == form.profile
    assert [python, *command[:2]] == [sys.executable, "-m", "careerlib"]
    ended = CliRunner().invoke(cli, command[2:])
    (first,) = recommend(form.profile, top=1)["title"]
    assert first in ended.stdout
