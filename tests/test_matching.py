"""The recommender that listens: its figures, probabilities, words, reasons, and what it refuses."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import logit
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from careerlib import matching
from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, load_catalog
from careerlib.encoding import BLOCKS, encode_persons
from careerlib.evaluation import ranked, recall_at_k
from careerlib.matching import MEANING, WORDS, Matcher, alike, matcher_of, stated_blocks, word
from careerlib.persons import full_persons, only, random_profiles, short_forms
from careerlib.profile import CONTRASTING, SARAH, Profile

CATALOG = load_catalog()
N, EVERYBODY = len(CATALOG), np.arange(len(CATALOG))
RELATED = CATALOG.related_matrix > 0
FORMS = {"short": short_forms(CATALOG, 1000), "full": full_persons(CATALOG)}


@pytest.fixture(scope="module")
def matcher():
    return matcher_of(CATALOG)


@pytest.fixture(scope="module")
def thirds(matcher):
    """Scorers that have not read the lists of their own third, which is none of the fit's."""
    parts = KFold(3, shuffle=True, random_state=7).split(EVERYBODY)
    return [(matcher.listener.fit(np.isin(EVERYBODY, rest)), own) for rest, own in parts]


# Notebook 08 does the same for halves and whole fields, against its rivals, and judges the words.
@pytest.mark.parametrize(("form", "n_blocks", "expected"), [
    ("short", 3, 0.199), ("full", 3, 0.355), ("short", 4, 0.26), ("full", 4, 0.403),
])  # fmt: skip
def test_recall_where_the_lists_were_not_read(thirds, form, n_blocks, expected):
    form = only(FORMS[form], [*BLOCKS][:n_blocks])
    found = [recall_at_k(ranked(score(form[own]), own), RELATED[own]) for score, own in thirds]
    assert np.nanmean(np.concatenate(found)) == pytest.approx(expected, abs=0.01)


def test_targets_are_the_relatives_or_stand_ins_where_a_list_is_held_out_and_not_read():
    known, likeness = EVERYBODY % 3 > 0, alike(CATALOG)
    wanted = matching.targets(CATALOG, known, likeness, mutual=0, own=0)
    np.testing.assert_array_equal(wanted[known] > 0, RELATED[known])
    stand_in = np.argsort(np.argsort(-likeness[~known], axis=1), axis=1) < 10
    np.testing.assert_array_equal(wanted[~known] > 0, stand_in)
    np.testing.assert_allclose(wanted.sum(axis=1), np.where(known, 1, 0.4))
    others = CATALOG.related["onet_soc_code"].isin(CATALOG.codes[known])
    cut = replace(CATALOG, related=CATALOG.related[others])
    read, unread = (matching.targets(one, known, likeness) for one in (CATALOG, cut))
    np.testing.assert_array_equal(read, unread)


@pytest.mark.parametrize("stated", range(1, 16))
def test_every_subset_of_blocks_is_promised_what_is_kept(matcher, thirds, stated):
    says, kept, low_ranks = [], [], []
    for form, (score, own) in product((short_forms(CATALOG, 7), FORMS["full"]), thirds):
        left = only(form, [block for i, block in enumerate(BLOCKS) if stated >> i & 1])
        people = own[stated_blocks(left[own]) == stated]
        scores = score(left[people])
        shown = ranked(scores, people, N - 1)
        chance = matcher.probabilities(left[people], np.take_along_axis(scores, shown, 1))
        assert (np.diff(chance, axis=1) < 1e-8).all()  # scores are ranked to 9 digits
        right = np.take_along_axis(RELATED[people], shown, 1)
        says.append(chance[:, :10].mean())
        kept.append(right[:, :10].mean())
        low_ranks.append(chance[:, 300:].mean() - right[:, 300:].mean())
    assert np.mean(says) == pytest.approx(np.mean(kept), abs=0.08)
    assert np.mean(low_ranks) == pytest.approx(0, abs=0.003)


def test_words_by_their_bounds():
    given = (1, 0.5, 0.4999, 0.3, 0.2999, 0.15, 0.1499, 0)
    assert [word(probability) for probability in given] == [name for name in WORDS for _ in "ab"]
    assert "High 50 or more" in MEANING and "Low: 15" in MEANING


def test_forms_that_nobody_meant_are_told_high_more_rarely(matcher):
    meant, chance = (
        (matcher.probabilities(form).max(axis=1) >= WORDS["High"]).mean()
        for form in (FORMS["short"], matching.shuffled(FORMS["short"], 9))
    )
    assert chance < 0.5 * meant


def test_people_are_led_to_themselves_and_apart(matcher):
    ten = ranked(matcher.score(FORMS["full"]), top=10)
    assert (ten == EVERYBODY[:, None]).any(axis=1).mean() > 0.75
    lists = ranked(matcher.score(encode_persons(CONTRASTING.values(), CATALOG)), top=10)
    assert len(np.unique(lists, axis=0)) == len(CONTRASTING)
    shown = ranked(matcher.score(random_profiles(300)), top=10)
    assert len(np.unique(shown)) > 0.42 * N


def test_a_block_that_is_all_alike_is_unsaid_and_who_says_nothing_says_too_little(matcher):
    all_alike = replace(SARAH, skills=dict.fromkeys(SKILLS, 2))
    both = encode_persons([all_alike, replace(SARAH, skills={})], CATALOG)
    np.testing.assert_allclose(*matcher.score(both), atol=1e-9)
    np.testing.assert_allclose(*matcher.probabilities(both), atol=1e-9)
    interests, all_named = dict.fromkeys(INTERESTS, 4), Profile(SKILLS, knowledge=KNOWLEDGE)
    nothing = [Profile(), Profile(min_wage=1), Profile(interests=interests), all_named]
    nothing = encode_persons(nothing)
    assert (matcher.score(nothing) == 0).all()
    assert np.isnan(matcher.probabilities(nothing, np.ones((4, 3)))).all()


def test_a_reason_is_what_leaving_the_statement_out_loses(matcher):
    def log_odds(someone):
        return logit(matcher.probabilities(encode_persons(someone))[0, 7])

    said = replace(SARAH, skills=["Mathematics", "Writing"], knowledge=["Mathematics", "Physics"])
    found = matcher.reasons(encode_persons(said)[0], [7])[7]
    known = {"knowledge of Mathematics", "knowledge of Physics"}
    assert set(found.index) == {*said.skills, *said.interests, *said.work_values, *known}
    less = {"skills": ["Writing"]}, {"knowledge": ["Physics"]}
    lost = [log_odds(said) - log_odds(replace(said, **without)) for without in less]
    assert found[["Mathematics", "knowledge of Mathematics"]].tolist() == pytest.approx(lost, 1e-6)


def test_a_model_is_fitted_once_for_a_catalog(matcher):
    assert matcher_of(load_catalog("all")) is matcher
    part = CATALOG.take(np.arange(0, N, 6), "part")
    assert matcher_of(part) is matcher_of(part) is not matcher
    assert matcher_of(part).score(FORMS["short"][:3]).shape == (3, len(part))


def test_it_is_the_same_to_the_last_bit_with_other_threads(matcher):
    persons = random_profiles(20)
    with threadpool_limits(limits=2):
        again = Matcher(CATALOG)
        again.calibration(15)
    np.testing.assert_array_equal(again.score(persons), matcher.score(persons))
    np.testing.assert_array_equal(again.probabilities(persons), matcher.probabilities(persons))
