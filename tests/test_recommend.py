"""Rankings: the methods' definitions, limits, openings, ties, many people, mistakes."""

import tracemalloc
from dataclasses import replace
from itertools import product
from timeit import timeit

import numpy as np
import pytest

from careerlib import recommend as module
from careerlib.catalog import EDUCATION, INTERESTS, SKILLS
from careerlib.encoding import BLOCKS, cosine, encode_occupations, encode_profiles, pair_features
from careerlib.evaluation import gains, ranked, recall_at_k
from careerlib.limits import limits, removed
from careerlib.methods import METHODS
from careerlib.persons import full_persons, random_profiles, sparse_persons
from careerlib.profile import CONTRASTING, PART_4, SARAH, SARAH_AS_PRINTED, Profile
from careerlib.recommend import recommend, score_many, score_matrix
from careerlib.training import post_model

PROBABILITY = ["matched", "post"]
OTHERS = [method for method in METHODS if method not in PROBABILITY]
RANKINGS = [*product(METHODS, ["fit"]), *product(PROBABILITY, ["openings"])]
ALIKE = Profile(interests=dict.fromkeys(INTERESTS, 4))


def test_the_post_method_is_the_pipeline(post):
    occupations, persons = encode_occupations(post), random_profiles(20, seed=3)
    pairs = [pair_features(person, occupations) for person in persons]
    expected = [post_model().predict_proba(features)[:, 1] for features in pairs]
    np.testing.assert_allclose(score_matrix(persons, "post"), expected, rtol=0, atol=1e-12)


def test_the_posts_model_has_one_ranking_for_everybody_and_the_others_have_not(catalog):
    persons = random_profiles(300, seed=1)
    for method in METHODS:
        lists = np.unique(score_many(persons, method, 10, catalog)[0], axis=0)
        assert len(lists) == 1 if method == "post" else len(lists) > 150, method
    assert np.ptp(score_many(persons, "post", 1, catalog)[1]) > 0.05  # the level does change


def test_the_simple_methods_are_cosines_and_pearsons(catalog):
    person, occupations = encode_profiles(SARAH), encode_occupations(catalog)
    filled = encode_occupations(catalog, fill=True)
    parts = [BLOCKS["interests"], BLOCKS["skills"]]
    pearson = [np.corrcoef(person[:, part], filled[:, part])[0, 1:] for part in parts]
    expected = {"interests": pearson[0], "correlation": sum(pearson)}
    expected |= {"cosine": cosine(person, occupations), "cosine_filled": cosine(person, filled)}
    for method, scores in expected.items():
        found = score_matrix(SARAH, method, catalog)
        np.testing.assert_allclose(found, [scores], rtol=0, atol=1e-14)


@pytest.mark.parametrize("rating", [0.1, 0.3, 1.1, 2.9, 3, 4.7])
def test_what_is_rated_all_alike_counts_as_unsaid(rating):
    alike = replace(SARAH, skills=dict.fromkeys(SKILLS, rating))
    interests = score_matrix(SARAH, "interests")
    np.testing.assert_allclose(score_matrix(alike, "correlation"), interests, atol=1e-12)
    alike = Profile(interests=dict.fromkeys(INTERESTS, rating))
    assert np.isnan(score_matrix(alike, "interests")).all()


def test_the_correlation_is_the_strongest_simple_baseline(catalog):
    own, gain = np.arange(len(catalog)), gains(catalog)
    for persons, stated in ((sparse_persons(catalog), "0.121"), (full_persons(catalog), "0.230")):
        shown = ranked(score_matrix(persons, "correlation"), own, 10)
        assert f"{np.nanmean(recall_at_k(shown, gain)):.3f}" == stated


def test_each_method_has_its_default_catalog(catalog, post):
    for name in METHODS:
        expected = score_matrix(SARAH, name, post if name in ("post", "cosine") else catalog)
        np.testing.assert_array_equal(score_matrix(SARAH, name), expected)
    assert recommend(SARAH).equals(recommend(SARAH, "matched", 10, catalog))


@pytest.mark.parametrize("method", METHODS)
def test_the_table_has_the_facts_of_the_catalog(method, catalog):
    top = 30 if method == "matched" else 894  # the reasons take their time
    found = recommend(SARAH, method, top, catalog)
    facts = catalog.table.loc[found["onet_soc_code"]].reset_index()
    shown = found.columns.intersection(facts.columns).drop("openings")
    assert (
        found["onet_soc_code"].is_unique and len(shown) == 8 and found[shown].equals(facts[shown])
    )
    assert found["rank"].tolist() == list(range(1, top + 1))
    assert (found["score"].diff()[1:] <= 1e-12).all()
    assert (found["confidence"] != "").all() == (method in PROBABILITY)
    assert found["score"].between(0, 1).all() or method not in PROBABILITY
    if method != "matched":  # a wish removes nothing
        assert found.attrs["limits"] == f"The method '{method}' applies no limits."
        wishes = replace(SARAH, min_wage=150_000, fields=["Legal"])
        assert len(recommend(wishes, method, top, catalog)) == top


def test_reasons_are_what_the_person_stated():
    for profile in CONTRASTING.values():
        stated = {*profile.skills, *profile.interests, *profile.work_values}
        for reasons in recommend(profile, "matched", 5)["counted_most"]:
            names = [reason.rsplit(" ", 1)[0] for reason in reasons.split(", ")]
            assert 1 <= len(names) <= 3 and set(names) <= stated


@pytest.fixture
def five(catalog):
    """Five occupations with figures set by hand."""
    part = catalog.take(np.arange(5), "five")
    table = part.table.assign(
        median_wage=[50_000, np.nan, 239_200, 90_000, 90_000],
        wage_top_coded=[False, False, True, False, False],
        education=["No formal educational credential", np.nan, "Master's degree",
                   "Some college, no degree", "Postsecondary nondegree award"],
        job_zone=[1, 2, 5, 3, 4],
        major_group=["11-0000", "13-0000", "15-0000", "15-0000", "17-0000"],
    )  # fmt: skip
    return replace(part, table=table)


# What is stated, highest job zone, who is left, notes of the second and third.
@pytest.mark.parametrize(("stated", "zone", "kept", "second", "third", "words"), [
    ({}, None, "11111", "", "", "No limit was stated"),
    ({"min_wage": 90_000}, None, "01111", "wage not known", "", "1 of 5 occupations (minimum"),
    ({"min_wage": 300_000}, None, "01100", "wage not known", "wage at least the figure", "3 of 5"),
    ({"max_education": EDUCATION[2]}, None, "11011", "education not known", "", "(education 1;"),
    ({"max_education": EDUCATION[0]}, None, "11000", "education not known", "", "(education 3;"),
    ({"fields": [15]}, None, "00110", "", "", "(fields 3;"),
    ({"fields": [15, 17, 21]}, None, "00111", "", "", "(fields 2;"),
    ({}, 3, "11010", "", "", "(job zone 2;"),
    ({"min_wage": 90_000, "max_education": EDUCATION[5]}, 3, "01010",
     "wage not known; education not known", "", "removed 3 of 5 occupations (minimum wage 1, educ"),
])  # fmt: skip
def test_limits_by_hand(five, stated, zone, kept, second, third, words):
    broken, unsure = limits(Profile(**stated), five, zone)
    assert "".join(map(str, (~broken.any(axis=1)).astype(int))) == kept
    notes = ["; ".join(unsure.columns[row]) for row in unsure.to_numpy(bool)]
    assert notes == ["", second, third, "", ""]
    assert words in removed(broken)


def test_no_credential_is_less_than_a_diploma(catalog):
    broken, _ = limits(Profile(max_education=EDUCATION[0]), catalog)
    assert (broken["education"] == catalog.table["education"].isin(EDUCATION[1:])).all()


def test_matched_keeps_to_the_limits_in_the_order_of_the_free_list(catalog):
    bound = replace(SARAH, min_wage=80_000, fields=["Computer and mathematical"])
    free = catalog.codes[score_many(SARAH, "matched", 894)[0][0]]
    found = recommend(bound, top=894, max_job_zone=4)
    broken, _ = limits(bound, catalog, 4)
    allowed = catalog.codes[~broken.any(axis=1)]
    assert found["onet_soc_code"].tolist() == free[free.isin(allowed)].tolist()
    assert 0 < len(found) < 31 and found["rank"].tolist() == list(range(1, len(found) + 1))
    assert found.attrs["limits"] == removed(broken)
    nothing = recommend(replace(bound, min_wage=9_000_000), max_job_zone=1)
    assert len(nothing) == 0 and nothing.columns.equals(found.columns)


@pytest.mark.parametrize("method", PROBABILITY)
def test_openings_rank_by_probability_times_openings(method, catalog):
    persons = encode_profiles(CONTRASTING.values())
    positions, values = score_many(persons, method, len(catalog), catalog, rank_by="openings")
    openings = (catalog.table["openings"] / catalog.table["bls_shared_by"]).to_numpy()
    expected = score_matrix(persons, method, catalog) * openings
    np.testing.assert_allclose(values, np.take_along_axis(expected, positions, 1), atol=1e-12)
    known = (~np.isnan(openings)).sum()
    assert not np.isnan(openings[positions[:, :known]]).any()
    assert (np.diff(values[:, :known]) <= 1e-12).all()
    found = recommend(SARAH, method, 20, catalog, rank_by="openings")
    assert found["onet_soc_code"].tolist() == catalog.codes[positions[0, :20]].tolist()


def test_unknown_openings_come_last_and_are_marked():
    found = recommend(SARAH, "post", 894, "all", rank_by="openings")
    assert found["note"].tolist() == [""] * 866 + ["openings not known"] * 28
    assert (found["openings"].isna() == (found["note"] != "")).all()
    assert (found["score"][866:].diff()[1:] <= 1e-12).all()


@pytest.mark.parametrize(("arguments", "words"), [
    ({"method": "cosin"}, "did you mean cosine"),
    ({"catalog": "pots"}, "did you mean post"),
    ({"method": "post", "top": 0}, "top is 0, not a whole number from 1 to 150"),
    ({"top": 895}, "from 1 to 894"),
    ({"top": 2.5}, "top is 2.5"),
    ({"max_job_zone": 6}, "max_job_zone is 6, not a whole number from 1 to 5"),
    ({"max_job_zone": 3, "method": "cosine"}, "'cosine' applies no limits; leave max_job_zone"),
    ({"rank_by": "opening"}, "did you mean openings"),
    *(({"rank_by": "openings", "method": name}, f"'{name}' gives no prob") for name in OTHERS),
    ({"profile": {"skills": ["Writing"]}}, "is a dict; give Profiles"),
    *(({"profile": Profile(), "method": method}, "The profile is empty") for method in METHODS),
    ({"profile": Profile(skills={"Writing": 0}, min_wage=50_000)}, "The profile is empty"),
    ({"profile": Profile(skills=["Writing"]), "method": "interests"}, "rate interests"),
    ({"profile": ALIKE, "method": "interests"}, "not all six alike"),
    ({"profile": ALIKE, "method": "correlation"}, "not all of them alike"),
])  # fmt: skip
def test_mistakes_are_one_sentence(arguments, words, refusal):
    assert words in refusal(recommend, **({"profile": SARAH} | arguments))


@pytest.mark.parametrize(("profiles", "words"), [
    (np.zeros((3, 49)), "shape (3, 49)"),
    (np.zeros(50), "shape (50,)"),
    (np.full((3, 50), "a"), "give numbers of shape"),
    (np.vstack([np.ones((2, 50)), np.full(50, np.nan)]), "Row 2 of the person vectors"),
    ([SARAH, "Sarah"], "One of the profiles is a str"),
])  # fmt: skip
def test_mistakes_in_many_profiles(profiles, words, refusal, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 1)
    for function in (score_many, score_matrix):
        assert words in refusal(function, profiles, "cosine")


def test_equal_occupations_come_in_code_order(catalog):
    twins = catalog.take(np.repeat(np.arange(len(catalog)), 2), "twins")
    positions, _ = score_many(random_profiles(20), "cosine_filled", 7, twins)
    single, _ = score_many(random_profiles(20), "cosine_filled", 4, catalog)
    doubled = np.repeat(2 * single, 2, axis=1) + [0, 1] * 4
    np.testing.assert_array_equal(positions, doubled[:, :7])


@pytest.mark.parametrize(("method", "rank_by"), RANKINGS)
def test_one_by_one_or_all_at_once_is_the_same(method, rank_by, monkeypatch):
    persons = random_profiles(40, seed=5)
    positions, scores = score_many(persons, method, 10, "all", rank_by)
    assert positions.shape == scores.shape == (40, 10)
    assert (np.diff(scores, axis=1) <= 0).all()
    for chunk in (1, 7):
        monkeypatch.setattr(module, "CHUNK", chunk)
        again = score_many(persons, method, 10, "all", rank_by)
        np.testing.assert_allclose(again, (positions, scores), rtol=1e-10, atol=1e-12)
    if rank_by == "fit":
        matrix = score_matrix(persons, method, "all")
        np.testing.assert_allclose(np.take_along_axis(matrix, positions, 1), scores, atol=1e-12)


def test_profiles_a_generator_and_an_array_are_the_same(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    people = [SARAH, PART_4, SARAH_AS_PRINTED]
    expected = score_many(encode_profiles(people), "cosine_filled", 5)
    for given in (people, tuple(people), (person for person in people)):
        np.testing.assert_array_equal(score_many(given, "cosine_filled", 5), expected)
    assert [part.shape for part in score_many([], "post", 4)] == [(0, 4)] * 2
    assert score_matrix([], "post").shape == (0, 150)


@pytest.mark.parametrize(("method", "able"), [
    ("interests", [1, 0, 0]), ("correlation", [1, 0, 1]), ("matched", [1, 0, 1]),
])  # fmt: skip
def test_people_without_a_ranking_get_an_empty_row(method, able):
    people = [SARAH, Profile(min_wage=1), Profile(skills=["Writing"])]
    positions, scores = score_many(people, method, 3)
    assert (positions >= 0).all(axis=1).tolist() == list(map(bool, able))
    assert np.isnan(scores).any(axis=1).tolist() == (positions == -1).any(axis=1).tolist()
    assert np.isnan(score_matrix(people, method)[1]).all()
    np.testing.assert_array_equal(positions[0], score_many(SARAH, method, 3)[0][0])


def test_memory_is_that_of_a_chunk(catalog, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 500)
    persons = random_profiles(8_000)
    score_many(persons[:1], "cosine_filled", 10, catalog)
    tracemalloc.start()
    score_many(persons, "cosine_filled", 10, catalog)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 57 MB in full; a chunk takes 4 MB and a copy, the result 1 MB.
    assert peak < 0.3 * len(persons) * len(catalog) * 8


def bare_cosine(persons, occupations):
    """The ten best by cosine, in as little NumPy as it takes."""
    lengths = np.linalg.norm(persons, axis=1)[:, None] * np.linalg.norm(occupations, axis=1)
    cosines = persons @ occupations.T / lengths
    best = np.argpartition(cosines, -10, axis=1)[:, -10:]
    order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


@pytest.mark.parametrize(("method", "times"), [("cosine_filled", 2), ("matched", 3)])
def test_ten_thousand_people_in_a_few_times_bare_numpy(method, times, catalog):
    persons, occupations = random_profiles(10_000), encode_occupations(catalog, fill=True)
    bare, ours = [], []
    for _ in range(12):  # other work on the machine can only make a round slower
        bare.append(timeit(lambda: bare_cosine(persons, occupations), number=1))
        ours.append(timeit(lambda: score_many(persons, method, 10, catalog), number=1))
        if min(ours) < times * min(bare):
            return
    raise AssertionError(f"{min(ours):.3f} s against {min(bare):.3f} s of bare NumPy")
