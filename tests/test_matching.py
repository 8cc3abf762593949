"""The recommender that listens: its figures, probabilities, words, reasons, and what it refuses."""

import multiprocessing
from dataclasses import replace
from itertools import product
from time import process_time
from timeit import repeat

import numpy as np
import pytest

from careerlib import matching
from careerlib.catalog import load_catalog
from careerlib.encoding import correlation, encode_profiles
from careerlib.evaluation import group_bootstrap, ranked, recall_at_k, relatives
from careerlib.matching import WORDS, fitted, matcher_of, targets, word
from careerlib.persons import full_persons, random_profiles, short_forms
from careerlib.profile import SARAH, Profile

CATALOG = load_catalog()
N = len(CATALOG)
RELATED = relatives(CATALOG)
GROUP = CATALOG.table["major_group"].to_numpy()
PEOPLE = {"short": short_forms(CATALOG, 1000), "full": full_persons(CATALOG)}


@pytest.fixture(scope="module")
def matcher():
    return matcher_of(CATALOG)


def held_out(folds):
    """{kind: (n, n)} scores of people whose occupations' lists were not read."""
    scores = {kind: np.empty((N, N)) for kind in PEOPLE}
    models = fitted(CATALOG, [np.setdiff1d(np.arange(N), fold) for fold in folds])
    for (kind, persons), (fold, model) in product(PEOPLE.items(), zip(folds, models, strict=True)):
        scores[kind][fold] = model.scores(persons[fold])
    return scores


def recalls(scores):
    return recall_at_k(ranked(scores, np.arange(N), 10), RELATED)


@pytest.fixture(scope="module")
def halves():
    return held_out(np.array_split(np.random.default_rng(0).permutation(N), 2))


def promised_and_kept(matcher, halves, kind):
    """(n, 10) probabilities of each person's list, and which entries are relatives."""
    shown = ranked(halves[kind], np.arange(N), 10)
    scores = np.take_along_axis(halves[kind], shown, axis=1)
    return matcher.probabilities(PEOPLE[kind], scores), np.take_along_axis(RELATED, shown, axis=1)


def test_whole_fields_are_no_worse_than_the_correlation():
    parts = np.array_split(np.random.default_rng(1).permutation(np.unique(GROUP)), 4)
    scores = held_out([np.flatnonzero(np.isin(GROUP, part)) for part in parts])
    for kind, persons in PEOPLE.items():
        base = recalls(correlation(persons, PEOPLE["full"]))
        more = group_bootstrap(recalls(scores[kind]) - base, GROUP)
        assert more.high > 0 and -0.01 < more.estimate < 0.06


def test_a_list_that_is_held_out_is_not_read():
    known = np.arange(N) % 3 > 0
    others = CATALOG.related["onet_soc_code"].isin(CATALOG.codes[known])
    cut = replace(CATALOG, related=CATALOG.related[others])
    np.testing.assert_array_equal(targets(CATALOG, known), targets(cut, known))
    assert not np.allclose(targets(CATALOG, known), targets(CATALOG, np.full(N, True)))


@pytest.mark.parametrize(("kind", "recall"), [("short", 0.189), ("full", 0.305)])
def test_recall_on_random_halves_and_promises_that_are_kept(matcher, halves, kind, recall):
    assert np.nanmean(recalls(halves[kind])) == pytest.approx(recall, abs=0.008)
    promised, kept = promised_and_kept(matcher, halves, kind)
    assert (np.diff(promised, axis=1) <= 1e-12).all()
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1)):
        band = (promised >= low) & (promised < high)
        if band.sum() > 200:
            assert kept[band].mean() == pytest.approx(promised[band].mean(), abs=0.1)
    if kind == "short":
        words = np.vectorize(word)(promised)
        high, medium, low, _ = (kept[words == name].mean() for name in WORDS)
        assert high > 0.5 > medium > 0.3 > low > 0.15


def test_words_by_their_bounds():
    given = (1, 0.5, 0.4999, 0.3, 0.2999, 0.15, 0.1499, 0)
    assert [word(probability) for probability in given] == [name for name in WORDS for _ in "ab"]


def test_nonsense_is_told_high_more_rarely_than_forms_of_occupations(matcher, halves):
    chance = random_profiles(1000, 9)
    best = matcher.scores(chance).max(axis=1, keepdims=True)
    nonsense = (matcher.probabilities(chance, best) >= WORDS["High"]).mean()
    promised, _ = promised_and_kept(matcher, halves, "short")
    assert nonsense < 0.06 < (promised[:, 0] >= WORDS["High"]).mean()
    assert np.median(matcher.coherence(chance)) < np.median(matcher.coherence(PEOPLE["short"]))


def test_people_are_led_to_themselves(matcher):
    ten = ranked(matcher.scores(PEOPLE["full"]), top=10)
    assert (ten == np.arange(N)[:, None]).any(axis=1).mean() > 0.75


def test_a_reason_is_what_leaving_the_statement_out_loses(matcher):
    def log_odds(someone):
        vector = encode_profiles(someone)
        p = matcher.probabilities(vector, matcher.scores(vector)[:, [7]])[0, 0]
        return np.log(p / (1 - p))

    reasons = matcher.reasons(SARAH, 7)
    assert set(reasons["statement"]) == {*SARAH.skills, *SARAH.interests, *SARAH.work_values}
    assert reasons["contribution"].is_monotonic_decreasing
    without = replace(SARAH, interests={"Investigative": SARAH.interests["Investigative"]})
    found = reasons.set_index("statement")["contribution"]["Enterprising"]
    assert found == pytest.approx(log_odds(SARAH) - log_odds(without), abs=1e-6)
    for row, table in zip((3, 7), matcher.reasons_of_all(SARAH, np.array([3, 7])), strict=True):
        assert table.equals(matcher.reasons(SARAH, row))
    assert len(matcher.reasons(Profile(), 7)) == 0  # who says nothing


def test_a_part_of_the_catalog_has_the_columns_of_the_whole(matcher):
    part, columns = CATALOG.take(np.arange(9, 500, 7), "part"), slice(9, 500, 7)
    model, persons = matcher_of(part), random_profiles(5)
    np.testing.assert_array_equal(model.coherence(persons), matcher.coherence(persons))
    np.testing.assert_array_equal(model.scores(persons), matcher.scores(persons)[:, columns])
    assert matcher_of(load_catalog()) is matcher  # once a process


def sums():
    persons, model = random_profiles(20), matcher_of(CATALOG)
    return model.probabilities(persons, model.scores(persons)).round(6).sum(axis=1)


def test_it_is_the_same_in_another_process_with_other_threads(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with multiprocessing.get_context("spawn").Pool(1) as other:
        np.testing.assert_allclose(other.apply(sums), sums(), rtol=0, atol=1e-4)


def test_fitting_is_quick():
    seconds = repeat(matching._matcher.__wrapped__, timer=process_time, repeat=3, number=1)
    assert min(seconds) < 2.5  # 0.7 on a free core
