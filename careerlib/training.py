"""The post's model: standardised features, a logistic regression, a word for its probability."""

from collections import namedtuple
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from careerlib.catalog import load_catalog
from careerlib.encoding import DIFFERENCE, OCCUPATION, PERSON, encode_occupations
from careerlib.errors import CareerlibError
from careerlib.synthetic import production_pairs

# The post's words for a probability, and the lowest one of each.
CONFIDENCE = {"High": 0.8, "Medium": 0.6, "Low": 0.4, "Very low": 0.0}
# A linear model of pairs: (50,) weights of person u and occupation c, and what is left.
Folded = namedtuple("Folded", "person occupation constant")


def logistic_regression(seed=42):
    """The post's model, not yet fitted: standardise, then a logistic regression (L2, C=1)."""
    regression = LogisticRegression(max_iter=1000, random_state=seed)
    return make_pipeline(StandardScaler(), regression)


def check_classes(labels: np.ndarray) -> None:
    """Raise CareerlibError where (n,) labels of 0 and 1 have fewer than five of either."""
    bad, good = np.bincount(labels, minlength=2)
    if min(bad, good) < 5:
        there = f"There are {good} good and {bad} bad matches; training needs 5 of each"
        raise CareerlibError(f"{there}: raise n_samples or change the shares of the match types.")


@cache
def post_model() -> Pipeline:
    """The post's logistic regression, fitted once a process on 80 % of its 3,000 pairs."""
    pairs = production_pairs(encode_occupations(load_catalog("post")))
    X, y = pairs.features, pairs.labels
    X_train, _, y_train, _ = train_test_split(X, y, test_size=0.2, random_state=42, stratify=y)
    return logistic_regression().fit(X_train, y_train)


def fold(model):
    """A pipeline of scaler and logistic regression as `Folded`: the log-odds are person·u +
    occupation·c + constant. The weight of u - c goes to u with plus and to c with minus."""
    scaler, regression = model[0], model[-1]
    weights = regression.coef_[0] / scaler.scale_
    return Folded(
        person=weights[PERSON] + weights[DIFFERENCE],
        occupation=weights[OCCUPATION] - weights[DIFFERENCE],
        constant=float(regression.intercept_[0] - weights @ scaler.mean_),
    )


def confidence(probability, words=CONFIDENCE):
    """The word for a probability, from 0 to 1, by the lowest one of each."""
    return next(word for word, lowest in words.items() if probability >= lowest)
