"""The matcher: statements, fit, reasons, calibration, no leak, and the bars on strangers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from careerlib.encoding import N_SLOTS, SLOT, encode_profiles
from careerlib.evaluation import coverage, distinct, full_persons, random_profiles, ranked
from careerlib.matching import choices, learning, trial
from careerlib.matching import matcher as matcher_module
from careerlib.matching.calibration import HeldOut, calibration_error, confidence_of
from careerlib.matching.learning import (
    fit_matcher,
    long_forms,
    relatives,
    short_forms,
    training_forms,
)
from careerlib.matching.matcher import WORDS
from careerlib.matching.neighbours import Neighbours
from careerlib.matching.statements import N_RATED, descriptions, scale_of, statements
from careerlib.profile import SARAH, Profile


@pytest.fixture(scope="module")
def small(catalog):
    """Every third occupation: enough to learn from, nine times as fast."""
    return catalog.take(np.arange(0, len(catalog), 3), "every third")


@pytest.fixture(scope="module")
def fitted(small):
    return fit_matcher(small, seed=7, iterations=20)


@pytest.fixture(scope="module")
def whole(catalog):
    return fit_matcher(catalog, seed=7, calibrate=False)


# Statements and descriptions


def test_what_is_not_stated_says_nothing(small):
    scale = scale_of(small, np.arange(len(small)))
    profile = Profile(interests={"Artistic": 7}, min_wage=90_000)
    said = statements(encode_profiles(profile), scale)[0]
    slot = SLOT["Artistic"]
    assert np.flatnonzero(said).tolist() == [slot, N_RATED + slot]
    assert said[slot] == pytest.approx((1 - scale.mean[slot]) / scale.spread[slot])


def test_statements_refuse_other_shapes_and_missing_numbers(small, refusal):
    scale = scale_of(small, np.arange(len(small)))
    assert "(3, 7)" in refusal(statements, np.zeros((3, 7)), scale)
    assert "missing" in refusal(statements, np.full((1, N_SLOTS), np.nan), scale)


def test_descriptions_weigh_blocks_alike_and_missing_values_as_average(catalog):
    described = descriptions(catalog)
    assert described.columns.is_unique and np.isfinite(described.to_numpy()).all()
    without = np.isnan(catalog.work_values[:, 0])
    assert (described.loc[without, "Achievement"] == 0).all()
    # Every block's squares sum to 1 on average, whatever its number of columns.
    for columns in (["Realistic", "Investigative", "Artistic", "Social", "Enterprising",
                     "Conventional"], ["job zone"]):
        assert (described[columns] ** 2).sum(axis=1).mean() == pytest.approx(1)


def test_training_people_are_never_those_that_are_judged(catalog):
    judged = short_forms(catalog, 1000)
    for seed in range(3):
        assert not any(np.array_equal(form, judged) for form in training_forms(catalog, seed))


# The model


def test_contributions_add_up_to_the_log_odds(fitted, small):
    profile = replace(SARAH, skills={"Writing": 4.5, "Speaking": 2, "Programming": 1})
    log_odds = fitted.log_odds(encode_profiles(profile), small)[0]
    for position in (0, 17, int(log_odds.argmax())):
        parts = fitted.contributions(profile, position, small)
        assert parts["contribution"].sum() == pytest.approx(log_odds[position], abs=1e-5)
        assert set(parts["statement"][:-2]) == {*profile.skills, *profile.interests,
                                                *profile.work_values}
        assert parts["contribution"][:-2].is_monotonic_decreasing
    spelled_out = fitted.contributions(profile, 17, small).set_index("statement")["contribution"]
    without = replace(profile, interests={"Investigative": 5})
    lost = fitted.table[SLOT["Enterprising"]], fitted.table[N_RATED + SLOT["Enterprising"]]
    said = statements(encode_profiles(profile), fitted.scale)[0]
    slope = fitted._calibration_of(statements(encode_profiles(profile), fitted.scale))[1][0]
    expected = slope * (said[SLOT["Enterprising"]] * lost[0][17] + lost[1][17])
    assert spelled_out["Enterprising"] == pytest.approx(expected)
    assert "Enterprising" not in set(fitted.contributions(without, 17, small)["statement"])


def test_contributions_of_an_empty_profile_are_refused(fitted, small, refusal):
    assert "is empty" in refusal(fitted.contributions, Profile(), 0, small)


def test_shares_sum_to_one_before_calibration(whole, catalog):
    shares = np.exp(whole.log_odds(short_forms(catalog, 3)))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


def test_scores_are_probabilities_in_the_order_of_the_log_odds(fitted, small):
    persons = random_profiles(50, 3)
    log_odds, scores = fitted.log_odds(persons), fitted.scores(persons)
    assert ((scores > 0) & (scores < 1)).all()
    np.testing.assert_array_equal(ranked(scores, top=10), ranked(log_odds, top=10))
    np.testing.assert_array_equal(fitted.scorer(small)(persons), log_odds)


def test_scores_do_not_depend_on_the_chunk(fitted, monkeypatch):
    persons = random_profiles(50, 3)
    at_once = fitted.log_odds(persons)
    monkeypatch.setattr(matcher_module, "CHUNK", 7)
    np.testing.assert_allclose(fitted.log_odds(persons), at_once, atol=1e-6)


def test_a_part_of_the_catalog_gets_the_same_scores(fitted, small):
    some = [30, 5, 100]
    persons = random_profiles(5, 3)
    part = small.take(some, "some")
    np.testing.assert_array_equal(
        fitted.scores(persons, part), fitted.scores(persons, small)[:, some]
    )
    np.testing.assert_array_equal(
        fitted.scorer(part)(persons), fitted.log_odds(persons)[:, some]
    )


def test_a_catalog_that_the_model_does_not_know_is_refused(fitted, catalog, small, refusal):
    persons = random_profiles(2, 3)
    assert "11-1011.03" in refusal(fitted.scores, persons, catalog)
    assert "30.9" in refusal(fitted.scores, persons, replace(small, release="30.9"))


def test_too_little_to_learn_from_and_bad_seeds_are_refused(small, refusal):
    assert "at least 30" in refusal(fit_matcher, small, np.arange(20))
    assert "seed" in refusal(fit_matcher, small, None, -1)


def test_same_seed_same_model_other_seed_another(small):
    first, again, other = (
        fit_matcher(small, seed=seed, calibrate=False, iterations=10) for seed in (1, 1, 2)
    )
    np.testing.assert_allclose(first.table, again.table, atol=1e-6)
    assert not np.allclose(first.table, other.table, atol=1e-3)


def test_slot_and_block_weights_speak_of_the_right_occupations(whole, catalog):
    weights = whole.slot_weights(catalog)
    assert len(weights) == N_RATED and (weights["spread"] > 0).all()
    assert weights.loc["Artistic", "block"] == "interests"
    # Who names an interest is led to occupations that are rated high in it.
    assert (weights.loc[weights["block"] == "interests", "own_rating"] > 0.5).all()
    assert weights.loc["Realistic", "own_rating"] > weights.loc["Realistic", "other_rating"]
    blocks = whole.block_weights(short_forms(catalog, 3))
    assert list(blocks.index) == ["base", "skills", "interests", "work values"]
    only_skills = np.where(np.arange(N_SLOTS) < 35, short_forms(catalog, 3), 0)
    silent = whole.block_weights(only_skills)
    assert silent["interests"] == 0 and silent["skills"] == pytest.approx(blocks["skills"])


# No leak


@pytest.mark.parametrize("method", trial.TRAINED)
def test_lists_of_held_out_occupations_are_never_read(small, method):
    held_out = np.arange(0, len(small), 4)
    training = np.setdiff1d(np.arange(len(small)), held_out)
    people = {"sparse": short_forms(small, 5)[held_out]}

    def scores(catalog):
        found = trial._scores_by(
            method, catalog, relatives(catalog), training, people, 0, (1e-3, 3e-3)
        )
        return found["sparse"]

    honest = scores(small)
    np.testing.assert_array_equal(scores(_with_lists_moved(small, held_out)), honest)
    assert not np.allclose(scores(_with_lists_moved(small, training)), honest)


def test_calibration_reads_training_lists_only(small):
    held_out = np.arange(0, len(small), 4)
    training = np.setdiff1d(np.arange(len(small)), held_out)
    honest = fit_matcher(small, training, iterations=5)
    moved = fit_matcher(_with_lists_moved(small, held_out), training, iterations=5)
    assert moved.calibration == honest.calibration
    pd.testing.assert_frame_equal(moved.confidence, honest.confidence)
    assert moved.metrics == honest.metrics


def test_choice_of_penalties_reads_training_lists_only(small, monkeypatch):
    held_out = np.arange(0, len(small), 4)
    training = np.setdiff1d(np.arange(len(small)), held_out)
    seen = []
    monkeypatch.setattr(choices, "_recall", lambda scores, related, own: seen.append(own) or 1.0)
    monkeypatch.setattr(choices, "PENALTIES", choices.PENALTIES[:1])
    choices.choose_penalties_inside(small, training, 0)
    assert seen and all(np.isin(own, training).all() for own in seen)


def test_a_person_is_not_her_own_neighbour(small):
    everybody = np.arange(len(small))
    model = Neighbours.fit(small, everybody, training_forms(small, 0))
    nearness = model.nearness(full_persons(small), everybody)
    np.testing.assert_allclose(nearness.sum(axis=1), 1)
    assert (np.diag(nearness) == 0).all()
    assert np.diag(model.nearness(full_persons(small))).mean() > 0.1


def test_the_own_occupation_takes_no_part_in_training(small):
    """Taught as a wrong answer it would sink; left out, it stays near the top."""
    everybody = np.arange(len(small))
    scale = scale_of(small, everybody)
    base, table = learning.product_table(
        [full_persons(small)], everybody, relatives(small), descriptions(small).to_numpy(), scale
    )
    values = statements(full_persons(small), scale) @ table + base
    places = (values > np.diag(values)[:, None]).sum(axis=1)
    assert np.median(places) <= 3


def _with_lists_moved(catalog, positions):
    """The catalog where each of these occupations has another one's list of relatives."""
    codes = catalog.codes[positions].to_numpy()
    next_one = dict(zip(codes, np.roll(codes, 1), strict=True))
    moved = catalog.related["onet_soc_code"].map(next_one).fillna(catalog.related["onet_soc_code"])
    return replace(catalog, related=catalog.related.assign(onet_soc_code=moved))


# Calibration and words


def test_calibration_finds_the_chances_that_labels_were_drawn_with():
    rng = np.random.default_rng(0)
    n = 1000
    related = np.zeros((n, n))
    occupations = np.arange(n)
    parts = {}
    for kind, stated in (("short", 0.2), ("full", 1.0)):
        log_shares = rng.normal(-4, 1.5, (n, n))
        log_odds = 0.5 + 0.3 * stated + (0.8 + 0.1 * stated) * log_shares
        parts[kind] = log_shares, rng.random((n, n)) < 1 / (1 + np.exp(-log_odds)), stated
    held_out = HeldOut(related)
    for kind, (log_shares, drawn, stated) in parts.items():
        held_out.related = drawn.astype(float)
        held_out.add(kind, occupations, log_shares, np.full(n, stated))
    np.testing.assert_allclose(held_out.calibration(), (0.5, 0.8, 0.3, 0.1), atol=0.08)
    entries = held_out.entries(held_out.calibration())
    assert calibration_error(entries) < 0.03
    assert calibration_error(held_out.entries((2.0, 0.8, 0.3, 0.1))) > 0.1


def test_words_promise_no_more_than_was_kept():
    entries = pd.DataFrame(
        {
            "kind": "short",
            "occupation": np.repeat(np.arange(100), 10),
            "probability": np.tile([0.6, 0.35], 500),
            "relative": np.tile([True, False, True, False, False, False, True, False, True, False],
                                100),
        }
    )
    table = confidence_of(entries).set_index("word")
    assert table.loc["High", "precision"] == pytest.approx(0.8)
    assert table.loc["High", "of_ten"] <= 8 and table.loc["Medium", "of_ten"] == 0
    few = confidence_of(entries[:20]).set_index("word")
    assert few.loc["High", "of_ten"] == 0


def test_words_of_the_fitted_model_keep_their_promise(fitted):
    table = fitted.confidence
    assert set(table["word"]) <= set(WORDS) and set(table["kind"]) == {"short", "long", "full"}
    enough = table[table["shown"] >= 50]
    assert (enough["of_ten"] <= 10 * enough["low"] + 1e-9).all()
    assert [fitted.word(p) for p in (0.9, 0.5, 0.31, 0.2, 0.01)] == [
        "High", "High", "Medium", "Low", "Very low"
    ]
    intercept, slope, _, slope_each = fitted.calibration
    assert slope > 0 and slope + slope_each > 0


# Judged on strangers


def test_bars_on_held_out_occupations(catalog):
    trials = trial.evaluate_methods(
        catalog, seeds=(5,), n_folds=2, methods=("cosine_filled", "logistic", "matched")
    )
    ratios = trial.ratios(trials)
    assert ratios.loc[("sparse", "logistic"), "estimate"] >= 1.3
    assert ratios.loc[("sparse", "matched"), "estimate"] >= 2
    assert ratios.loc[("full", "matched"), "estimate"] >= 1.1
    assert (ratios["low"] > 1).all()
    assert trials["sparse"].table().loc["matched", "coverage"] >= 0.6


def test_lists_are_personal(whole, catalog):
    shown = ranked(whole.log_odds(random_profiles(1000, 42)), top=10)
    assert distinct(shown) >= 950
    assert coverage(shown, len(catalog)) >= 0.6


def test_changing_one_interest_changes_the_list(whole):
    for old, new in (("Enterprising", "Artistic"), ("Investigative", "Social")):
        interests = {new if name == old else name: r for name, r in SARAH.interests.items()}
        before, after = (
            ranked(whole.log_odds(encode_profiles(profile)), top=10)[0]
            for profile in (SARAH, replace(SARAH, interests=interests))
        )
        assert len(set(before) - set(after)) >= 3


def test_longer_forms_are_led_more_surely(whole, catalog):
    related = relatives(catalog)
    recalls = [
        choices._recall(whole.log_odds(people), related, np.arange(len(catalog)))
        for people in (short_forms(catalog, 9), long_forms(catalog, 9), full_persons(catalog))
    ]
    assert recalls == sorted(recalls)


def test_unknown_methods_and_too_few_folds_are_refused(small, refusal):
    assert "matched" in refusal(trial.evaluate_methods, small, methods=["matchd"])
    assert "n_folds" in refusal(trial.evaluate_methods, small, n_folds=1)


def test_every_method_ranks_everybody(small):
    trials = trial.evaluate_methods(small, n_folds=2)
    for comparison in trials.values():
        table = comparison.table(n_boot=100)
        assert list(table.index) == [*trial.UNTRAINED, *trial.TRAINED]
        assert table["recall"].notna().all()
        assert (table.loc[list(trial.TRAINED), "recall"] > 3 * table.loc["random", "recall"]).all()


def test_features_that_interact_are_chosen_by_evidence(catalog):
    training = np.setdiff1d(np.arange(len(catalog)), choices.folds(len(catalog), 4, 0)[0])
    table = choices.feature_sets(catalog, training)
    slot_by_slot, every_product = "products, slot by slot", "every statement x every rating"
    assert (table.loc[every_product] > 1.2 * table.loc[slot_by_slot]).all()
    assert (table.loc["products and own weights"] > table.loc[every_product]).all()


def test_what_limits_says_more_is_better(small):
    table = choices.what_limits(small, n_folds=2)
    assert table.loc["short form", "ratio"] == 1
    for easier in ("full ratings", "short form, occupation seen in training"):
        assert table.loc[easier, "ratio"] > 1
    assert table["recall"].idxmax() == "a perfect list of ten"
