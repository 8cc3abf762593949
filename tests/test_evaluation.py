"""Persons, metrics, intervals and the comparison: by hand, by properties, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from careerlib.catalog import load_catalog
from careerlib.encoding import BLOCKS, SLOT, encode_occupations
from careerlib.errors import CareerlibError
from careerlib.evaluation import (
    BASELINES,
    METRICS,
    PERSONS,
    TIER_GAINS,
    bootstrap_interval,
    compare,
    coverage,
    distinct,
    full_persons,
    gains,
    judge,
    ndcg_at_k,
    overlap,
    paired_bootstrap,
    random_profiles,
    ranked,
    recall_at_k,
    reciprocal_rank,
    scores_of,
    sparse_persons,
)

SKILLS, INTERESTS, VALUES = (BLOCKS[name] for name in ("skills", "interests", "work values"))
METHODS = ("random", "most_employed", "post", "cosine", "cosine_filled", "interests")


@pytest.fixture(scope="module")
def everything():
    return load_catalog()


@pytest.fixture(scope="module")
def post():
    return load_catalog("post")


def complaint(action, *args, **kwargs) -> str:
    with pytest.raises(CareerlibError) as caught:
        action(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Persons


def test_full_persons_are_the_filled_vectors(everything):
    np.testing.assert_array_equal(
        full_persons(everything), encode_occupations(everything, fill=True)
    )


def test_sparse_persons_name_the_highest_ratings(everything):
    persons = sparse_persons(everything, seed=7)
    without_values = np.isnan(everything.work_values).any(axis=1)
    assert without_values.sum() == 21
    for block, ratings, count in (
        (SKILLS, everything.skill_importance, 4),
        (INTERESTS, everything.interests, 2),
        (VALUES, everything.work_values, 2),
    ):
        named = persons[:, block] > 0
        rated = ~np.isnan(ratings).any(axis=1)
        assert (named.sum(axis=1) == np.where(rated, count, 0)).all()
        lowest_named = np.where(named, ratings, np.inf).min(axis=1)
        highest_other = np.where(named, -np.inf, ratings).max(axis=1)
        assert (lowest_named >= highest_other)[rated].all()
    assert set(np.unique(persons[:, SKILLS])) == {0, 3 / 5}
    stated = persons[:, INTERESTS]
    np.testing.assert_allclose(stated[stated > 0], everything.interests[stated > 0] / 7)
    assert (persons[:, [SLOT["Wage"], SLOT["Remote"], SLOT["Education"]]] == [0, 0, 1]).all()


def test_the_seed_decides_between_equal_ratings(everything):
    first, again, other = (sparse_persons(everything, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    differ = (first != other).any(axis=1)
    importance = np.sort(everything.skill_importance, axis=1)
    tied = importance[:, -4] == importance[:, -5]
    values = np.sort(everything.work_values, axis=1)
    interests = np.sort(everything.interests, axis=1)
    tied |= (values[:, -2] == values[:, -3]) | (interests[:, -2] == interests[:, -3])
    assert differ.sum() > 100
    assert not (differ & ~tied).any()


def test_counts_can_be_ranges_and_noise_changes_what_is_named(everything):
    persons = sparse_persons(everything, 3, n_skills=(3, 6), n_interests=(1, 3), n_values=(1, 3))
    counts = (persons[:, SKILLS] > 0).sum(axis=1)
    assert set(counts) == {3, 4, 5, 6}
    assert np.bincount(counts)[3:].min() > 894 / 4 * 0.75
    exact, noisy = (sparse_persons(everything, 3, noise=noise) for noise in (0, 1.0))
    assert ((exact[:, SKILLS] > 0) != (noisy[:, SKILLS] > 0)).any(axis=1).mean() > 0.5
    assert noisy[:, INTERESTS].max() <= 1
    assert noisy[:, INTERESTS][noisy[:, INTERESTS] > 0].min() >= 1 / 7


def test_random_profiles_follow_their_stated_process():
    persons = random_profiles(3000, seed=5)
    for block, counts in ((SKILLS, {3, 4, 5, 6}), (INTERESTS, {1, 2, 3}), (VALUES, {1, 2, 3})):
        named = persons[:, block] > 0
        assert set(named.sum(axis=1)) == counts
        share = named.mean(axis=0)
        assert share.max() - share.min() < 0.06  # nobody's favourite
    ratings = np.unique(np.round(persons[:, VALUES] * 7, 9))
    assert ratings.tolist() == list(range(8))
    for block in (INTERESTS, VALUES):
        stated = 7 * persons[:, block][persons[:, block] > 0]
        assert stated.mean() == pytest.approx(4, abs=0.1)  # named by chance, then rated
    np.testing.assert_array_equal(persons, random_profiles(3000, seed=5))
    assert (persons != random_profiles(3000, seed=6)).any()


# Relevance and rankings


def test_gains_follow_the_tiers_of_onet(everything, post):
    for catalog in (everything, post):
        expected = np.zeros((len(catalog), len(catalog)))
        place = {code: position for position, code in enumerate(catalog.codes)}
        for row in catalog.related.itertuples():
            if row.related_code in place:
                gain = TIER_GAINS[row.tier]
                expected[place[row.onet_soc_code], place[row.related_code]] = gain
        np.testing.assert_array_equal(gains(catalog), expected)
        assert set(np.unique(expected)) == {0, 1, 2, 3}


def test_ranked_leaves_out_the_own_occupation_and_breaks_ties_by_code():
    scores = np.array([[0.9, 0.5, 0.7, 0.5], [0.1, 0.9, 0.1, 0.1], [np.nan] * 4])
    assert ranked(scores).tolist() == [[0, 2, 1, 3], [1, 0, 2, 3], [-1] * 4]
    own = np.array([0, 2, 1])
    assert ranked(scores, own).tolist() == [[2, 1, 3], [1, 0, 3], [-1] * 3]
    assert ranked(scores, own, top=2).tolist() == [[2, 1], [1, 0], [-1, -1]]
    assert scores[0, 0] == 0.9  # the input is left alone


# Metrics

SHOWN = np.array([[2, 0, 1, 4, 3], [4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [-1, -1, -1, -1, -1]])
GAINS = np.array([[0, 3, 1, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])


def test_recall_by_hand():
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS, 2), [1 / 2, 0, np.nan, 0])
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS, 3), [1, 0, np.nan, 0])
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS, 5), [1, 1, np.nan, 0])


def test_reciprocal_rank_by_hand():
    np.testing.assert_array_equal(reciprocal_rank(SHOWN, GAINS), [1, 1 / 5, np.nan, 0])
    np.testing.assert_array_equal(reciprocal_rank(SHOWN[:, 1:], GAINS), [1 / 2, 1 / 4, np.nan, 0])


def test_ndcg_by_hand():
    # First person: gain 1 at rank 1 and 3 at rank 3; best would be 3, then 1.
    best = 3 + 1 / np.log2(3)
    np.testing.assert_allclose(
        ndcg_at_k(SHOWN, GAINS, 3), [(1 + 3 / 2) / best, 0, np.nan, 0]
    )
    np.testing.assert_allclose(ndcg_at_k(SHOWN, GAINS, 2), [1 / best, 0, np.nan, 0])
    np.testing.assert_allclose(
        ndcg_at_k(SHOWN, GAINS, 5), [(1 + 3 / 2) / best, 1 / np.log2(6), np.nan, 0]
    )


def test_ndcg_is_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n = rng.integers(2, 40)
        gain = rng.integers(0, 4, (1, n))
        gain[0, 0] += 1
        scores, k = rng.permutation(n)[None, :].astype(float), int(rng.integers(1, 45))
        found = ndcg_at_k(ranked(scores), gain, k)[0]
        assert found == pytest.approx(ndcg_score(gain, scores, k=k), abs=1e-12)


def test_metrics_do_not_depend_on_how_occupations_are_numbered():
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores, gain = rng.random((6, 15)), rng.integers(0, 4, (6, 15))
        order = rng.permutation(15)
        for metric in (recall_at_k, ndcg_at_k, reciprocal_rank):
            np.testing.assert_allclose(
                metric(ranked(scores[:, order]), gain[:, order]), metric(ranked(scores), gain)
            )


def test_a_perfect_ranking_is_perfect_and_a_swap_for_the_better_never_hurts():
    rng = np.random.default_rng(2)
    gain = rng.integers(0, 4, (30, 12))
    gain[:, 0] = 3
    shown = ranked(gain.astype(float))
    np.testing.assert_allclose(ndcg_at_k(shown, gain, 5), 1)
    np.testing.assert_allclose(reciprocal_rank(shown, gain), 1)
    relevant = (gain > 0).sum(axis=1)
    np.testing.assert_allclose(recall_at_k(shown, gain, 5), np.minimum(relevant, 5) / relevant)
    for row in gain:
        shown = rng.permutation(12)
        here, below = np.sort(rng.choice(12, 2, replace=False))
        better = shown.copy()
        if row[shown[below]] > row[shown[here]]:
            better[[here, below]] = better[[below, here]]
        for metric in (recall_at_k, ndcg_at_k):
            assert metric(better[None], row[None], 5) >= metric(shown[None], row[None], 5)
        assert reciprocal_rank(better[None], row[None]) >= reciprocal_rank(shown[None], row[None])


def test_personalisation_by_hand():
    shown = np.array([[0, 1], [1, 0], [0, 1], [-1, -1]])
    assert coverage(shown, 8) == 0.25
    assert distinct(shown) == 2
    other = np.array([[1, 0], [2, 3], [3, 0], [-1, -1]])
    assert overlap(shown, other).tolist() == [2, 0, 1, 0]


# Intervals


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = np.random.default_rng(3).exponential(size=900)
    estimate, low, high = bootstrap_interval(values, n_boot=4000)
    spread = 1.96 * values.std() / np.sqrt(len(values))
    assert estimate == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * spread, rel=0.06)
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)
    assert bootstrap_interval(np.r_[values, np.nan, np.nan]) == bootstrap_interval(values)
    assert bootstrap_interval(np.full(5, 0.25)) == (0.25, 0.25, 0.25)


def test_the_interval_contains_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    hits = 0
    for seed in range(300):
        _, low, high = bootstrap_interval(rng.normal(0.3, 1, 60), n_boot=300, seed=seed)
        hits += low <= 0.3 <= high
    assert 0.90 < hits / 300 < 0.985


def test_pairing_removes_what_both_share():
    rng = np.random.default_rng(5)
    easiness = rng.normal(0.5, 0.2, 400)
    worse, better = easiness + rng.normal(0, 0.02, 400), easiness + 0.02
    paired = paired_bootstrap(better, worse)
    assert paired.estimate == pytest.approx((better - worse).mean())
    assert paired.low > 0
    assert bootstrap_interval(worse).high > bootstrap_interval(better).low  # unpaired they overlap
    shuffled = paired_bootstrap(better, rng.permutation(worse))
    assert shuffled.low < 0 < shuffled.high
    reversed_ = paired_bootstrap(worse, better)
    assert reversed_ == pytest.approx((-paired.estimate, -paired.high, -paired.low))


def test_ratios():
    second = np.random.default_rng(6).uniform(0.1, 0.5, 50)
    assert paired_bootstrap(1.5 * second, second, "ratio") == pytest.approx((1.5, 1.5, 1.5))
    second[3] = np.nan
    assert paired_bootstrap(2 * second, second, "ratio") == pytest.approx((2, 2, 2))
    assert paired_bootstrap(np.ones(9), np.zeros(9), "ratio") == (np.inf, np.inf, np.inf)
    sometimes = np.r_[np.ones(2), np.zeros(8)]
    estimate, low, high = paired_bootstrap(np.ones(10), sometimes, "ratio")
    assert estimate == pytest.approx(5)
    assert 1 < low < 5
    assert high == np.inf


# The comparison


def test_the_most_employed_are_shown_once_by_their_share(everything):
    scores = scores_of("most_employed", np.zeros((2, 50)), everything)
    np.testing.assert_array_equal(scores[0], scores[1])
    table = everything.table
    by_row = pd.Series(scores[0], index=table.index).groupby(table["soc_code"]).sum()
    jobs = table.groupby("soc_code")["employment_2024"].first().fillna(0)
    np.testing.assert_allclose(by_row, jobs)


def test_random_is_random(everything):
    persons = np.zeros((894, 50))
    first, again = (scores_of("random", persons, everything, seed) for seed in (1, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != scores_of("random", persons, everything, 2)).any()
    table = compare(["random"], everything, "sparse", seed=8)
    low, high = table.loc["random", ["recall_low", "recall_high"]]
    assert low < 10 / 893 < high  # ten of the 893 others, whichever are relevant


def test_an_oracle_reaches_the_best_of_every_metric(post):
    gain = gains(post)
    oracle, liar = judge({"oracle": gain, "liar": -gain}, post, "full").values.values()
    np.testing.assert_allclose(oracle[["ndcg", "mrr"]], 1)
    relevant = (gain > 0).sum(axis=1)
    np.testing.assert_allclose(oracle["recall"], np.minimum(relevant, 10) / relevant)
    assert (liar[["recall", "ndcg"]] == 0).all().all()
    assert oracle.index.equals(post.codes)


def test_the_own_occupation_is_not_an_answer_but_is_shown(post):
    own = np.eye(150)
    comparison = judge({"own": own, "tied": np.zeros((150, 150))}, post, "full")
    # With the own occupation taken out, all others are tied in both rankings.
    assert comparison.values["own"].equals(comparison.values["tied"])
    np.testing.assert_array_equal(comparison.shown["own"][:, 0], np.arange(150))
    assert distinct(comparison.shown["own"]) == 150
    assert comparison.table().loc["tied", "distinct_lists"] == 1


def test_what_the_judge_finds_on_all_occupations(everything):
    comparison = judge(METHODS, everything, "sparse")
    table = comparison.table()
    assert table.index.tolist() == list(METHODS)
    assert table.loc["post", "distinct_lists"] == table.loc["most_employed", "distinct_lists"] == 1
    assert table.loc["post", "coverage"] == pytest.approx(10 / 894)
    assert (table["recall_low"] < table["recall"]).all()
    assert (table["recall"] < table["recall_high"]).all()
    ratios = comparison.against("cosine", "recall", "ratio")
    assert ratios.loc["cosine_filled", "low"] > 1.5
    assert ratios.loc["interests", "low"] > 2
    assert ratios.loc["post", "high"] < 1
    assert "cosine" not in ratios.index
    for metric in METRICS:
        differences = comparison.against("cosine_filled", metric)
        assert (differences.loc[["random", "most_employed", "post"], "high"] < 0).all()
    np.testing.assert_allclose(
        table["mrr"]["cosine"], comparison.values["cosine"]["mrr"].mean(), rtol=1e-12
    )


def test_the_table_and_single_intervals_agree(post):
    comparison = judge(["cosine", "interests"], post, "full", seed=3)
    table = comparison.table(n_boot=300, seed=9)
    row = table.loc["interests", ["ndcg", "ndcg_low", "ndcg_high"]]
    alone = bootstrap_interval(comparison.values["interests"]["ndcg"], 300, 9)
    np.testing.assert_allclose(row.astype(float), alone, rtol=1e-12)
    pd.testing.assert_frame_equal(
        compare(["cosine", "interests"], post, "full", seed=3, n_boot=300),
        comparison.table(n_boot=300, seed=3),
    )


def test_several_persons_from_one_occupation_count_as_one_occupation(post):
    own = np.repeat([3, 50, 140], 4)
    persons = np.vstack([sparse_persons(post, seed)[[3, 50, 140]] for seed in range(4)])
    persons = persons.reshape(4, 3, 50).swapaxes(0, 1).reshape(12, 50)
    comparison = judge(["cosine_filled"], post, persons, own=own)
    by_occupation = comparison.by_occupation("cosine_filled")
    assert by_occupation.index.tolist() == post.codes[[3, 50, 140]].tolist()
    mean = comparison.values["cosine_filled"]["recall"].iloc[:4].mean()
    assert by_occupation["recall"].iloc[0] == pytest.approx(mean)
    # The judge looks up the relatives of the right occupation.
    alone = judge(["cosine_filled"], post, sparse_persons(post, 0)).values["cosine_filled"]
    first = comparison.values["cosine_filled"].iloc[[0, 4, 8]]
    pd.testing.assert_frame_equal(first, alone.iloc[[3, 50, 140]])


def test_a_person_whom_a_method_cannot_rank_is_shown_nothing(post):
    comparison = judge(["interests"], post, np.eye(50)[[0] * 150])
    assert (comparison.values["interests"] == 0).all().all()
    assert comparison.table().loc["interests", "coverage"] == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: judge(["cosine", "employed"], c), "did you mean most_employed"),
        (lambda c: judge(["cosine"], c, "sparce"), "did you mean sparse"),
        (lambda c: judge(["cosine"], c, np.ones((3, 50))), "3 persons made from 150"),
        (lambda c: judge(["cosine"], c, k=150), "k is 150, not a whole number from 1 to 149"),
        (lambda c: judge(["cosine"], c, seed=-1), "seed is -1"),
        (lambda c: judge(["cosine"], c, "full").against("post"), "There is no 'post' to compare"),
        (lambda c: judge(["cosine"], c, "full").against("cosine", "ndgc"), "did you mean ndcg"),
        (lambda c: sparse_persons(c, n_skills=36), "cannot name 36 of 35"),
        (lambda c: sparse_persons(c, n_interests=(3, 2)), "cannot name (3, 2) of 6"),
        (lambda c: sparse_persons(c, noise=-0.1), "noise is -0.1"),
        (lambda c: sparse_persons(c, seed=1.5), "seed is 1.5"),
        (lambda c: random_profiles(-1), "n is -1"),
        (lambda c: bootstrap_interval(np.array([np.nan])), "nothing to resample"),
        (lambda c: bootstrap_interval(np.ones(3), n_boot=0), "n_boot is 0"),
        (lambda c: paired_bootstrap(np.ones(3), np.ones(4)), "3 of one and 4 of the other"),
        (lambda c: paired_bootstrap(np.ones(3), np.ones(3), "quotient"), "no statistic 'quotient'"),
    ],
)
def test_mistakes_are_one_sentence(call, words, post):
    assert words in complaint(call, post)


def test_every_kind_of_person_and_baseline_has_the_right_shape(post):
    for make in PERSONS.values():
        assert make(post, 1).shape == (150, 50)
    for score in BASELINES.values():
        assert score(np.zeros((4, 50)), post, 1).shape == (4, 150)
