"""What must not change while the code around it does: data, generators, the post's figures."""

import hashlib

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import train_test_split

from careerlib.catalog import TABLES, load_catalog
from careerlib.encoding import encode_occupations
from careerlib.profile import PART_4, SARAH
from careerlib.project import DATA
from careerlib.recommend import recommend
from careerlib.synthetic import naive_pairs, production_pairs
from careerlib.training import logistic_regression

PAIRS = {  # of five seeds
    naive_pairs: "bb37758ae485e737929266204e2e4fc91cfa6378de786528bff942448036a8fe",
    production_pairs: "f5811f4896fa30e34ba73233a994e45866b422e6445a5acd3da7d444d40e2fc6",
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


def test_the_tables():
    tables = [(DATA / f"{name}.csv").read_bytes() for name in sorted(TABLES)]
    assert sha256(*tables) == "7d2f919c1f920ccc3fba4008908fc4a09335a47eda916744947ee7d12a32d425"


def test_the_vectors(occupations):
    filled = encode_occupations(load_catalog(), fill=True)
    assert sha256(occupations) == "75c54c4dcb5c4738d8eeaf9a18357deba0b3c02f345d5061dd510747c2a5f4f3"
    assert sha256(filled) == "a3116ee6450ace419037c3a410796674e84284a64c2665073e3d8d54cc2c3a70"


@pytest.mark.parametrize("generator", PAIRS)
def test_the_generators(occupations, generator):
    made = []
    for seed in (0, 1, 7, 42, 12345):
        pairs = generator(occupations, seed=seed)
        made += [pairs.persons, pairs.occupation_index.astype("i8"), pairs.labels.astype("i8")]
    assert sha256(*made) == PAIRS[generator]


def test_the_generator_with_other_shares(occupations):
    pairs = production_pairs(occupations, n_pairs=400, seed=7, shares=OTHER_SHARES)
    made = sha256(pairs.persons, pairs.labels.astype("i8"))
    assert made == "2ffc4d42461f7bd36d11d881e5e339f39098ce8e860f6989e2d8bb32a33f3531"


def test_the_naive_model_is_always_right(occupations):
    X_train, X_test, y_train, y_test = split(naive_pairs(occupations))
    model = logistic_regression().fit(X_train, y_train)
    assert model.score(X_train, y_train) == model.score(X_test, y_test) == 1


def test_the_production_model(occupations):
    X_train, X_test, y_train, y_test = split(production_pairs(occupations))
    model = logistic_regression().fit(X_train, y_train)
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


def test_sarah():
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


def test_the_baseline():
    rows = listed(PART_4, "cosine", top=3)
    assert list(rows.index) == ["Statisticians", "Mathematicians", "Astronomers"]
    assert [f"{score:.3f}" for score in rows["score"]] == ["0.351", "0.347", "0.327"]
