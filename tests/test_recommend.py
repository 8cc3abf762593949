"""Rankings: the methods' definitions, limits, openings, ties, many people, mistakes."""

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from careerlib.__main__ import cli
from careerlib.catalog import EDUCATION, INTERESTS
from careerlib.encoding import BLOCKS, RATED, SLOTS, cosine, encode_occupations, encode_persons
from careerlib.evaluation import ranked
from careerlib.matching import matcher_of
from careerlib.persons import full_persons, random_profiles
from careerlib.profile import CONTRASTING, SARAH, Profile
from careerlib.recommend import METHODS, limits, recommend, score_matrix
from careerlib.training import post_model

PROBABILITY = ["matched", "post"]
OTHERS = [method for method in METHODS if method not in PROBABILITY]


def test_each_method_is_what_it_says_on_the_catalog_of_its_own(catalog, post):
    own, filled = encode_occupations(post), full_persons(catalog)
    for persons in random_profiles(20, seed=3)[:, None]:
        person = persons[0, :50]
        pairs = np.hstack([person + 0 * own, own, person - own])
        interests, skills, knowledge = (
            np.corrcoef(persons[0, BLOCKS[block]], filled[:, BLOCKS[block]])[0, 1:]
            for block in ("interests", "skills", "knowledge")
        )
        expected = {
            "post": post_model().predict_proba(pairs)[:, 1], "cosine": cosine(person, own),
            "cosine_filled": cosine(person, filled[:, :50]), "interests": interests,
            "correlation": interests + skills + knowledge,
        }  # fmt: skip
        for method, scores in expected.items():
            np.testing.assert_allclose(score_matrix(persons, method), [scores], atol=1e-12)
    assert recommend(SARAH).equals(recommend(SARAH, "matched", 10, catalog))


@pytest.mark.parametrize("method", METHODS)
def test_the_table_has_the_facts_of_the_catalog(method, catalog):
    matched = method == "matched"
    top = 30 if matched else 894  # the reasons take their time
    found = recommend(SARAH, method, top, catalog)
    facts = catalog.table.loc[found["onet_soc_code"]].reset_index()
    shown = found.columns.intersection(facts.columns).drop("openings")
    assert len(shown) == 8 and found[shown].equals(facts[shown])
    assert found["onet_soc_code"].is_unique
    assert found["rank"].tolist() == list(range(1, top + 1))
    assert (found["score"].diff()[1:] <= 1e-12).all()
    assert (found["confidence"] != "").all() == (method in PROBABILITY)
    assert (found["counted_most"] != "").all() == matched
    assert ("of 100 entries" in found.attrs["words"].lower()) == matched
    assert found["score"].between(0, 1).all() or method not in PROBABILITY
    if not matched:  # a wish removes nothing
        assert found.attrs["limits"] == f"The method '{method}' applies no limits."
        wishes = replace(SARAH, min_wage=150_000, fields=["Legal"])
        assert len(recommend(wishes, method, top, catalog, max_job_zone=1)) == top


def test_reasons_are_statements_that_raised_the_score():
    knows = Profile(["Mathematics"], {"Realistic": 3}, knowledge=["Mathematics", "Physics"])
    stated = {"Mathematics", "Realistic", "knowledge of Mathematics", "knowledge of Physics"}
    for reasons in recommend(knows, top=9)["counted_most"]:
        found = [reason.rsplit(" +", 1) for reason in reasons.split(", ")]
        assert 1 <= len(found) <= 3 and {name for name, _ in found} <= stated
        assert all(float(added) > 0 for _, added in found)


def test_who_names_an_occupation_starts_from_it_with_what_she_states(catalog):
    marketing = "11-2021.00"  # Marketing Managers
    ranks = catalog.related[catalog.related["onet_soc_code"] == marketing].sort_values("rank")
    first = [code for code in ranks["related_code"] if code in catalog.codes]
    found = recommend(Profile(occupation=marketing), top=893)
    full = full_persons(catalog)[catalog.position(marketing)]
    order = catalog.codes[ranked(matcher_of(catalog).score(full[None]), top=894)[0]]
    rest = [code for code in order if code not in {*first, marketing}]
    assert found["onet_soc_code"].tolist() == first + rest
    related = "related to Marketing Managers"
    assert found["note"].tolist() == [related] * len(first) + [""] * len(rest)
    in_tech = Profile(occupation=marketing, fields=["Computer and mathematical"])
    assert recommend(in_tech, top=5)["note"].tolist() == [related] * 2 + [""] * 3
    (person,) = encode_persons(Profile({"Programming": 5}, occupation=marketing), catalog)
    changed = np.flatnonzero(person[RATED] != full[RATED])
    assert [SLOTS[slot] for slot in RATED[changed]] == ["Programming"]


@pytest.mark.parametrize(("stated", "method", "words"), [
    ({"remote": True}, "matched", "'remote' is not used"),
    ({"remote": True}, "cosine", ""),
    ({"min_wage": 25}, "matched", "'min_wage: 25' looks like an hourly wage; by the year it is 52"),
    ({"min_wage": 1000}, "matched", ""),
    ({"knowledge": ["Design"]}, "cosine", "'knowledge' is not used by the method 'cosine'"),
    ({"knowledge": ["Design"]}, "correlation", ""),
])  # fmt: skip
def test_what_was_stated_and_not_used_is_said(stated, method, words):
    said = recommend(replace(SARAH, **stated), method).attrs["limits"]
    assert words in said and bool(words) == (said.count("'") > 2 * (method != "matched"))


# Of five occupations 1 stays, 0 goes, and ? stays because it is not known whether it should.
@pytest.mark.parametrize(("stated", "zone", "kept"), [
    ({}, None, "11111"),
    ({"min_wage": 90_000}, None, "0?111"),
    ({"min_wage": 300_000}, None, "0??00"),
    ({"max_education": EDUCATION[2]}, None, "1?011"),
    ({"max_education": EDUCATION[0]}, None, "1?000"),
    ({"fields": ["Architecture and engineering"]}, None, "00001"),
    ({}, 3, "11010"),
    ({"min_wage": 90_000, "max_education": EDUCATION[5]}, 3, "0?010"),
])  # fmt: skip
def test_limits_by_hand(catalog, stated, zone, kept):
    five = catalog.take(np.arange(5), "five")
    five = replace(five, table=five.table.assign(
        median_wage=[50_000, np.nan, 239_200, 90_000, 90_000],
        wage_top_coded=[False, False, True, False, False],
        education=["No formal educational credential", np.nan, "Master's degree",
                   "Some college, no degree", "Postsecondary nondegree award"],
        job_zone=[1, 2, 5, 3, 4],
        major_group=["11-0000", "13-0000", "15-0000", "15-0000", "17-0000"],
    ))  # fmt: skip
    broken = limits(Profile(**stated), zone, five)
    unknown = np.where(broken.isna().any(axis=1), "?", "1")
    assert "".join(np.where(broken.any(axis=1), "0", unknown)) == kept


def test_matched_keeps_to_the_limits_in_the_order_of_the_free_list_and_says_so(catalog):
    bound = replace(SARAH, min_wage=80_000, fields=["Computer and mathematical"])
    found = recommend(bound, top=894, max_job_zone=4)
    broken = limits(bound, 4, catalog)
    free = catalog.codes[ranked(matcher_of(catalog).score(encode_persons(SARAH)), top=894)[0]]
    allowed = catalog.codes[~broken.any(axis=1)]
    assert found["onet_soc_code"].tolist() == free[free.isin(allowed)].tolist()
    assert 0 < len(found) < 31 and found["rank"].tolist() == list(range(1, len(found) + 1))
    counts = "wage {}, job zone {}, fields {}".format(*broken.sum())
    removed = f"The limits removed {894 - len(found)} of 894 occupations ({counts}; one can break "
    assert found.attrs["limits"].startswith(removed)
    paid = recommend(replace(SARAH, min_wage=90_000), top=894)
    assert (paid["note"] == "wage not known").equals(paid["median_wage"].isna())
    assert recommend(SARAH).attrs["limits"] == "No limit was stated, so nothing was removed."
    nothing = recommend(replace(bound, min_wage=9_000_000), max_job_zone=1)
    assert len(nothing) == 0 and nothing.columns.equals(found.columns)
    wish = "recommend --skills Writing --min-wage 9000000 --field Legal"
    told = CliRunner().invoke(cli, wish).stderr
    assert told.startswith("Error: No occupation is left. The limits removed 894 of 894")


@pytest.mark.parametrize("method", PROBABILITY)
def test_openings_rank_by_probability_times_openings(method, catalog):
    found = recommend(SARAH, method, 894, catalog, rank_by="openings").set_index("onet_soc_code")
    openings = catalog.table["openings"] / catalog.table["bls_shared_by"]
    assert found["openings"].equals(openings.loc[found.index].rename("openings"))
    assert ((found["score"] * found["openings"]).diff()[1:866] <= 1e-12).all()
    assert found["note"].tolist() == [""] * 866 + ["openings not known"] * 28
    assert (found["score"].diff()[867:] <= 1e-12).all()  # these in the order of the fit
    (scores,) = score_matrix(SARAH, method, catalog)
    assert np.array_equal(found.loc[catalog.codes, "score"], scores)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"method": "cosin"}, "did you mean cosine"),
    ({"method": "post", "top": 0}, "top is 0, not a whole number from 1 to 150"),
    ({"top": 895}, "from 1 to 894"),
    ({"top": 2.5}, "top is 2.5"),
    ({"max_job_zone": 6}, "max_job_zone is 6, not a whole number from 1 to 5"),
    ({"rank_by": "opening"}, "did you mean openings"),
    *(({"rank_by": "openings", "method": name}, f"the method '{name}'; valid") for name in OTHERS),
    ({"profile": {"skills": ["Writing"]}}, "is a dict; give Profiles"),
    *(({"profile": Profile(), "method": method}, "The profile is empty") for method in METHODS),
    ({"profile": Profile(skills={"Writing": 0}, min_wage=50_000)}, "The profile is empty"),
])  # fmt: skip
def test_mistakes_are_one_sentence(arguments, words, refusal):
    assert words in refusal(recommend, **({"profile": SARAH} | arguments))


@pytest.mark.parametrize("method", METHODS)
def test_profiles_or_their_array_one_by_one_or_all_at_once_are_the_same(method, refusal):
    people = [*CONTRASTING.values()]
    expected = score_matrix(encode_persons(people), method)
    np.testing.assert_array_equal(score_matrix(iter(people), method), expected)
    one_by_one = [score_matrix(person, method)[0] for person in people]
    np.testing.assert_allclose(one_by_one, expected, rtol=1e-10, atol=1e-12)
    for array in (np.zeros((3, 50)), np.zeros(83), np.full((3, 83), np.nan)):
        assert "give finite numbers of shape (people, 83)" in refusal(score_matrix, array, method)


@pytest.mark.parametrize(("method", "able"), [
    ("interests", "1000000"), ("correlation", "1010000"), ("matched", "1010000"),
])  # fmt: skip
def test_people_without_a_ranking_get_an_empty_row(method, able, refusal):
    alike = [Profile(interests=dict.fromkeys(INTERESTS, rating)) for rating in (0.1, 1.1, 2.9, 4)]
    people = [SARAH, Profile(min_wage=1), Profile(skills=["Writing"]), *alike]
    for person, row, ranks in zip(people, score_matrix(people, method), able, strict=True):
        assert {*np.isfinite(row)} == {ranks == "1"}
        if ranks == "0":
            assert "empty or says too little" in refusal(recommend, person, method)
