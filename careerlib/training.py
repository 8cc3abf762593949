"""The post's model: standardised features, a logistic regression, a word for its probability."""

from dataclasses import dataclass
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


def logistic_regression(seed: int = 42) -> Pipeline:
    """The post's model: standardised features into a logistic regression (L2, C=1)."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=seed))


def check_classes(labels: np.ndarray) -> None:
    """Raise CareerlibError where (n,) labels of 0 and 1 have fewer than five of either."""
    bad, good = np.bincount(labels, minlength=2)
    if min(bad, good) < 5:
        there = f"There are {good} good and {bad} bad matches; training needs at least 5 of each"
        raise CareerlibError(f"{there}: raise n_samples or change the shares of the match types.")


@cache
def post_model() -> Pipeline:
    """The post's logistic regression, fitted once a process on 80 % of its 3,000 pairs."""
    pairs = production_pairs(encode_occupations(load_catalog("post")))
    X_train, _, y_train, _ = train_test_split(
        pairs.features, pairs.labels, test_size=0.2, random_state=42, stratify=pairs.labels
    )
    return logistic_regression().fit(X_train, y_train)


@dataclass(frozen=True)
class Folded:
    """A linear model of pairs, taken apart: log-odds = person·u + occupation·c + constant."""

    person: np.ndarray  # (50,) weights of the person's vector
    occupation: np.ndarray  # (50,) of the occupation's
    constant: float


def fold(model: Pipeline) -> Folded:
    """Fold a scaler and a logistic regression on the 150 features of a pair into 50 + 50.

    The features are u, c and u - c, so the weight of the difference goes to u with plus
    and to c with minus; the scaler only divides the weights and shifts the constant. No
    term has u and c in it: the person cannot change the order of the occupations.
    """
    scaler, regression = model[0], model[-1]
    weights = regression.coef_[0] / scaler.scale_
    return Folded(
        person=weights[PERSON] + weights[DIFFERENCE],
        occupation=weights[OCCUPATION] - weights[DIFFERENCE],
        constant=float(regression.intercept_[0] - weights @ scaler.mean_),
    )


def confidence(probability: float) -> str:
    """The post's word for a probability: High from 0.8, Medium from 0.6, Low from 0.4."""
    return next((word for word, low in CONFIDENCE.items() if probability >= low), "Very low")
