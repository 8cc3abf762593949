"""The generators against the recipe written down literally, and their properties."""

import random
import time

import numpy as np
import pytest

from careerlib.catalog import load_catalog
from careerlib.encoding import encode_occupations
from careerlib.errors import CareerlibError
from careerlib.synthetic import (
    SHARES,
    checked_shares,
    naive_pairs,
    production_pairs,
)


@pytest.fixture(scope="module")
def occupations():
    return encode_occupations(load_catalog("post"))


def recipe_naive(c, n, seed):
    N, R = np.random.RandomState(seed), random.Random(seed)
    persons, labels = [], []
    for _ in range(n):
        vector = R.choice(list(c))
        if R.random() > 0.5:
            persons.append(np.clip(vector + N.normal(0, 0.1, 50), 0, 1))
            labels.append(1)
        else:
            persons.append(N.random_sample(50))
            labels.append(0)
    return np.array(persons), np.array(labels)


def recipe_production(catalog, n, seed):
    N, R = np.random.RandomState(seed), random.Random(seed)
    catalog = list(catalog)
    types = []
    for name, share in SHARES.items():
        types += [name] * int(n * share)
    R.shuffle(types)
    persons, labels = [], []
    for name in types:
        c = R.choice(catalog)
        user = np.zeros(50)
        label = 0
        if name == "strong":
            t = N.uniform(0.7, 0.9)
            user = np.clip(c + N.normal(0, (1 - t) * 0.3, 50), 0, 1)
            r = N.random_sample(5) * 0.5
            slots = N.choice(50, 5, replace=False)
            for slot, value in zip(slots, r, strict=True):
                user[slot] = max(user[slot], value)
            label = 1
        elif name == "moderate":
            k = int(50 * N.uniform(0.5, 0.7))
            slots = N.choice(50, k, replace=False)
            user[slots] = c[slots] * N.uniform(0.7, 1, k)
            others = [slot for slot in range(50) if slot not in set(slots)]
            user[others] = N.random_sample(50 - k) * 0.6
            label = 1
        elif name == "weak":
            k = int(50 * N.uniform(0.3, 0.5))
            user = N.random_sample(50) * 0.7
            slots = N.choice(50, k, replace=False)
            user[slots] = c[slots] * N.uniform(0.5, 0.8, k)
            similarity = user @ c / (np.linalg.norm(user) * np.linalg.norm(c))
            label = 1 if similarity > 0.45 else 0
        elif name == "poor":
            t = N.uniform(0, 0.3)
            other = R.choice(catalog)
            user = other * t + N.random_sample(50) * (1 - t)
        elif name == "partial":
            if R.random() > 0.5:
                user[:35] = c[:35] * N.uniform(0.7, 1, 35)
                user[35:] = N.random_sample(15) * 0.4
            else:
                user[:35] = N.random_sample(35) * 0.4
                user[35:] = c[35:] * N.uniform(0.7, 1, 15)
        else:
            user[:35] = c[:35] * N.uniform(0.7, 1, 35)
            user[35:] = N.random_sample(15) * 0.3
        persons.append(user)
        labels.append(label)
    return np.array(persons), np.array(labels), np.array(types)


@pytest.mark.parametrize("seed", [42, 0, 7])
def test_naive_pairs_follow_the_recipe(occupations, seed):
    pairs = naive_pairs(occupations, 500, seed)
    persons, labels = recipe_naive(occupations, 500, seed)
    assert np.array_equal(pairs.persons, persons)
    assert np.array_equal(pairs.labels, labels)


@pytest.mark.parametrize(("seed", "n"), [(42, 3000), (1, 1000), (99, 137)])
def test_production_pairs_follow_the_recipe(occupations, seed, n):
    pairs = production_pairs(occupations, n, seed)
    persons, labels, types = recipe_production(occupations, n, seed)
    assert np.array_equal(pairs.match_types, types)
    assert np.array_equal(pairs.persons, persons)
    assert np.array_equal(pairs.labels, labels)


@pytest.mark.parametrize("make", [naive_pairs, production_pairs])
def test_a_generator_leaves_the_global_streams_alone(occupations, make):
    np.random.seed(5)
    random.seed(5)
    before = np.random.get_state()[1].copy(), random.getstate()
    make(occupations, 50, 1)
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]


@pytest.mark.parametrize("make", [naive_pairs, production_pairs])
def test_pairs_fit_their_catalog_rows_and_stay_in_range(occupations, make):
    pairs = make(occupations, 400, 3)
    assert np.array_equal(pairs.occupations, occupations[pairs.occupation_index])
    assert pairs.persons.min() >= 0
    assert pairs.persons.max() <= 1
    assert pairs.features.shape == (len(pairs), 150)
    assert np.array_equal(pairs.features[:, 100:], pairs.persons - pairs.occupations)
    assert not np.array_equal(make(occupations, 400, 4).persons, pairs.persons)


def test_weak_threshold_decides_the_weak_labels_and_no_other(occupations):
    low, high = (production_pairs(occupations, 600, 2, weak_threshold=t) for t in (0.45, 0.8))
    weak = low.match_types == "weak"
    assert np.array_equal(high.labels[weak], (high.cosines[weak] > 0.8).astype(int))
    assert 0 < high.labels[weak].mean() < 1
    assert np.array_equal(low.labels[~weak], high.labels[~weak])


def test_shares_can_be_changed(occupations):
    shares = dict.fromkeys(SHARES, 0.0) | {"poor": 0.5, "strong": 0.5}
    pairs = production_pairs(occupations, 100, 1, shares)
    assert set(pairs.match_types) == {"poor", "strong"}
    assert pairs.labels.mean() == 0.5


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"strang": 0.5}, "did you mean strong"),
        ({"strong": 1.0}, "lack the match type 'moderate'"),
        (SHARES | {"weak": 0.25}, "sum to 1.1, not to 1"),
        (SHARES | {"weak": -0.1}, "'weak' is -0.1"),
        (SHARES | {"weak": float("nan")}, "'weak' is nan"),
        (SHARES | {"weak": "much"}, "'weak' is 'much'"),
    ],
)
def test_wrong_shares_are_told(shares, message):
    with pytest.raises(CareerlibError, match="(?s)" + message):
        checked_shares(shares)


@pytest.mark.parametrize("make", [naive_pairs, production_pairs])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_pairs": 0}, "n_samples is 0"),
        ({"n_pairs": 2.5}, "n_samples is 2.5, not a whole number"),
        ({"n_pairs": True}, "n_samples is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"seed": "abc"}, "seed is 'abc'"),
    ],
)
def test_wrong_numbers_are_told(occupations, make, arguments, message):
    with pytest.raises(CareerlibError, match=message):
        make(occupations, **arguments)


def test_too_few_pairs_for_any_type(occupations):
    with pytest.raises(CareerlibError, match="n_samples is 1, too few"):
        production_pairs(occupations, 1)


@pytest.mark.parametrize("make", [naive_pairs, production_pairs])
def test_three_thousand_pairs_in_half_a_second(occupations, make):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        make(occupations, 3000)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.5
