"""The form of notebook 05: sliders make a profile, buttons answer in the form."""

import pytest

from careerlib.form import ProfileForm
from careerlib.profile import read_profile
from careerlib.recommend import recommend


@pytest.fixture
def form():
    return ProfileForm(top=3)


def shown(form):
    return "".join(output["data"].get("text/markdown", "") for output in form.output.outputs)


def set_rating(form, block, name, value):
    form.sliders[block][name].value = value


def test_only_rated_sliders_become_the_profile(form):
    set_rating(form, "skills", "Writing", 4)
    set_rating(form, "interests", "Social", 7)
    assert form.profile.skills == {"Writing": 4}
    assert form.profile.interests == {"Social": 7}
    assert form.profile.work_values == {}


def test_the_button_shows_the_list_of_the_chosen_method(form, monkeypatch):
    set_rating(form, "interests", "Artistic", 7)
    form.method.value = "cosine_filled"
    assert recommend(form.profile, "cosine_filled", top=3)["title"].iloc[2] in form._list()


def test_an_empty_form_says_so_instead_of_failing(form):
    said = []
    form._answer(lambda: said.append("asked") or form._list())
    assert said == ["asked"]


def test_the_profile_is_saved_for_a_batch_run(form, tmp_path):
    set_rating(form, "work_values", "Independence", 6)
    form.path.value = str(tmp_path / "mine.yml")
    assert "mine.yml" in form._save()
    assert read_profile(tmp_path / "mine.yml") == form.profile


def test_all_ratings_have_a_slider_with_the_scale_of_profile(form):
    assert {block: len(sliders) for block, sliders in form.sliders.items()} == {
        "skills": 35, "interests": 6, "work_values": 6}
    assert {slider.max for slider in form.sliders["skills"].values()} == {5}
    assert {slider.max for slider in form.sliders["interests"].values()} == {7}
