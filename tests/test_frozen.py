"""What must not change while the code around it does: data, generators, the post's figures."""

import hashlib

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import train_test_split

from careerlib.catalog import load_catalog
from careerlib.encoding import cosine, encode_occupations, encode_profiles, pair_features
from careerlib.profile import PART_4, SARAH
from careerlib.project import DATA
from careerlib.recommend import recommend
from careerlib.synthetic import naive_pairs, production_pairs
from careerlib.training import fold, logistic_regression

TABLES = {
    "interests": "5b9a82a8682d7bb5c23f81de86dcbf1fcf2c904ac574907035ca41654649fecd",
    "major_groups": "8ed1c549f2f734492ae91d215508c5074085f02aa36c064e3f76f49754013950",
    "occupations": "2e359b52de8637ac677cc6a6ef043a13408e9d2618640e95a2094a3ef158c907",
    "related_occupations": "6a150f01a9d02a24e4006bbe1b3458c8a773823f4704822b3ede141d3db1e8ac",
    "skill_importance": "9af6106e1cc256671b6f4c2b4d564a8399855e6b65d145d9bb310cddd1d6af2f",
    "skill_level": "58e6bea40fc68859020fe5db03512162e80ec7c6c06fb65aab92795514a077d5",
    "work_values": "baa22dc6a67d0ab4d33a75e512bf5ea1eae34450807bb72fe5f3824aed63d9b2",
}
PAIRS = {
    (naive_pairs, 0): "c0240ac36fefa982364f70ce48602074c53014baea772a6e4f938b52cb54d5c6",
    (naive_pairs, 1): "191e8fc39e3ae1c63cf316dae2e8c150fd33d7f1dd53dd263b28fbe65fe5c408",
    (naive_pairs, 7): "814586e929901d685b298a028115de223b36fa9276e916d15de712efc064d7f7",
    (naive_pairs, 42): "345b6e913039305c91f30449d5b767c695f197e6da4a281dc68d372eb821c534",
    (naive_pairs, 12345): "cb40def59e14ea70536b1bef30809e9eb50aa5ceb61c32002d1509470015de26",
    (production_pairs, 0): "039638adb592e27e6ee6023628b50a8f7a4a01c48e42cd74697b5a8a95206880",
    (production_pairs, 1): "151f2d102cfc3ca4bb5eb2a8077b9e25f4709777199ab4c4e745aaaf73212076",
    (production_pairs, 7): "686a63ced4e0378959e9c57a25c8f43cc0a4b401af00d39a6421db7945e0e460",
    (production_pairs, 42): "416bacefc330567825c032ea806cadac2e85829b3a9c00917805c02d44aba56b",
    (production_pairs, 12345): "aaf7fae04ecd9a56472d6b65fb4f63acc09b297af34a71a5520347d00bb39a6d",
}
OTHER_SHARES = {"strong": 0.25, "moderate": 0.2, "weak": 0, "poor": 0.4, "partial": 0.1,
                "wrong interests": 0.05}  # fmt: skip
ADMINISTRATORS = "Network and Computer Systems Administrators"
MANAGERS = "Industrial Production Managers"
TECHNICIANS = "Mechanical Engineering Technologists and Technicians"


def sha256(*arrays):
    return hashlib.sha256(b"".join(map(bytes, arrays))).hexdigest()


def split(pairs):
    """X_train, X_test, y_train, y_test of the post."""
    X, y = pairs.features, pairs.labels
    return train_test_split(X, y, test_size=0.2, random_state=42, stratify=y)


@pytest.fixture(scope="module")
def occupations(post):
    return encode_occupations(post)


@pytest.fixture(scope="module")
def production(occupations):
    """The post's second training: X_train, X_test, y_train, y_test and the fitted model."""
    parts = split(production_pairs(occupations))
    return *parts, logistic_regression().fit(parts[0], parts[2])


def test_the_tables():
    assert {name: sha256((DATA / f"{name}.csv").read_bytes()) for name in TABLES} == TABLES


def test_the_vectors(occupations):
    filled = encode_occupations(load_catalog(), fill=True)
    assert sha256(occupations) == "75c54c4dcb5c4738d8eeaf9a18357deba0b3c02f345d5061dd510747c2a5f4f3"
    assert sha256(filled) == "a3116ee6450ace419037c3a410796674e84284a64c2665073e3d8d54cc2c3a70"


@pytest.mark.parametrize(("generator", "seed"), PAIRS)
def test_the_generators(occupations, generator, seed):
    pairs = generator(occupations, seed=seed)
    made = sha256(pairs.persons, pairs.occupation_index.astype("i8"), pairs.labels.astype("i8"))
    assert made == PAIRS[generator, seed]


def test_the_generator_with_other_shares(occupations):
    pairs = production_pairs(occupations, n_pairs=400, seed=7, shares=OTHER_SHARES)
    made = sha256(pairs.persons, pairs.labels.astype("i8"))
    assert made == "2ffc4d42461f7bd36d11d881e5e339f39098ce8e860f6989e2d8bb32a33f3531"


def test_the_naive_model_is_always_right(occupations):
    X_train, X_test, y_train, y_test = split(naive_pairs(occupations))
    model = logistic_regression().fit(X_train, y_train)
    assert model.score(X_train, y_train) == model.score(X_test, y_test) == 1


def test_the_production_model(production):
    X_train, X_test, y_train, y_test, model = production
    assert f"{model.score(X_train, y_train):.2%}" == "78.58%"
    assert f"{model.score(X_test, y_test):.2%}" == "78.00%"
    predicted = model.predict(X_test)
    of_good = precision_recall_fscore_support(y_test, predicted, average="binary")[:3]
    assert [f"{value:.0%}" for value in of_good] == ["79%", "87%", "83%"]
    assert confusion_matrix(y_test, predicted).tolist() == [[155, 85], [47, 313]]
    coefficients = model[-1].coef_[0]
    assert (np.count_nonzero(coefficients), len(coefficients)) == (137, 150)
    assert f"{model[-1].intercept_[0]:.6f}" == "0.514457"
    ends = [f"{end:.6f}" for end in (coefficients.min(), coefficients.max())]
    assert ends == ["-0.357717", "0.328937"]
    assert np.array_equal(coefficients == 0, X_train.std(axis=0) == 0)


def listed(profile, method, top=150):
    return recommend(profile, method=method, top=top).set_index("title")


def test_sarah(post):
    rows = listed(SARAH, "post")
    assert [f"{score:.1%}" for score in rows["score"][:3]] == ["82.3%", "80.2%", "79.4%"]
    assert list(rows.index[:3]) == [MANAGERS, ADMINISTRATORS, TECHNICIANS]
    assert list(rows["confidence"][:3]) == ["High", "High", "Medium"]
    assert list(rows["median_wage"][:3]) == [121_440, 96_800, 68_730]


def test_part_4():
    scores = listed(PART_4, "post")["score"]
    titles = [ADMINISTRATORS, TECHNICIANS, MANAGERS]
    assert [f"{scores[title]:.3f}" for title in titles] == ["0.795", "0.787", "0.817"]
    assert set(scores.index[:3]) == set(titles)


def test_the_baseline(occupations, post):
    rows = listed(PART_4, "cosine", top=3)
    assert list(rows.index) == ["Statisticians", "Mathematicians", "Astronomers"]
    assert [f"{score:.3f}" for score in rows["score"]] == ["0.351", "0.347", "0.327"]
    person = np.repeat(encode_profiles(PART_4), len(occupations), axis=0)
    assert cosine(person, occupations).max() == pytest.approx(rows["score"].iloc[0], abs=1e-12)


def test_the_folded_model_is_the_pipeline(production, occupations):
    model = production[-1]
    folded = fold(model)
    for person in np.random.default_rng(0).random((20, 50)):
        expected = model.decision_function(pair_features(person, occupations))
        got = person @ folded.person + occupations @ folded.occupation + folded.constant
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
