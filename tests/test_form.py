"""The form of notebook 05: sliders make a profile, buttons answer in the form."""

import pytest

from careerlib.app import form as form_module
from careerlib.app.form import ProfileForm
from careerlib.catalog import EDUCATION
from careerlib.profile import SCALES, Profile, read_profile
from careerlib.recommend import METHODS, recommend


@pytest.fixture
def form(tmp_path, monkeypatch):
    monkeypatch.setattr(form_module, "ROOT", tmp_path)
    return ProfileForm()


def test_everything_set_becomes_the_profile(form):
    assert form.profile == Profile()
    form.sliders["skills"]["Writing"].value = 4
    form.sliders["interests"]["Social"].value = 7
    form.min_wage.value = 50_000
    form.education.value = "Master's degree"
    form.fields.value = ("Computer and mathematical", "Legal")
    assert form.profile == Profile(
        {"Writing": 4}, {"Social": 7}, min_wage=50_000, max_education="Master's degree",
        fields=["15", "23"],
    )  # fmt: skip


def test_all_that_profile_knows_can_be_set_and_is_named(form):
    named = {block: tuple(sliders) for block, sliders in form.sliders.items()}
    assert named == {block: names for block, (names, _) in SCALES.items()}
    for block, highest in (("skills", 5), ("interests", 7), ("work_values", 7)):
        for name, slider in form.sliders[block].items():
            assert (slider.description, slider.min, slider.max) == (name, 0, highest)
    assert form.education.options == (("any", None), *zip(EDUCATION, EDUCATION, strict=True))
    assert len(form.fields.options) == 22
    assert set(form.method.options) == set(METHODS) and form.method.value == "matched"
    assert form.ratings.titles[form.ratings.selected_index] == "interests"


@pytest.mark.parametrize("method", ["matched", "cosine_filled"])
def test_the_list_is_that_of_the_chosen_method(form, method, capsys):
    form.sliders["interests"]["Artistic"].value = 7
    form.min_wage.value = 60_000
    form.method.value = method
    expected = recommend(form.profile, method)
    assert form.listed()["title"].tolist() == expected["title"].tolist()
    assert capsys.readouterr().out.strip() == expected.attrs["limits"]


def test_it_answers_with_a_sentence_a_list_or_a_command(form, tmp_path, capsys):
    form._answer(form.listed)
    assert "The profile is empty" in capsys.readouterr().out
    form.sliders["interests"]["Enterprising"].value = 6
    form.method.value = "post"  # its one list has a title of 53 letters, which is not cut
    form._answer(form.listed)
    assert "Mechanical Engineering Technologists and Technicians" in capsys.readouterr().out
    form._answer(form.save)
    assert "careerlib recommend my_profile.yml" in capsys.readouterr().out
    assert read_profile(tmp_path / "my_profile.yml") == form.profile
