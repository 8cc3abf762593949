"""Split, pipeline, fit and metrics, with the post's settings as defaults."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController

from careerlib.errors import CareerlibError

TEST_SIZE = 0.2


@dataclass(frozen=True)
class Trained:
    """A fitted model with the split it was fitted on (scikit-learn's names and shapes)."""

    model: BaseEstimator
    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray

    @property
    def train_accuracy(self) -> float:
        return accuracy_score(self.y_train, self.model.predict(self.X_train))

    @property
    def test_accuracy(self) -> float:
        return accuracy_score(self.y_test, self.model.predict(self.X_test))

    @property
    def test_scores(self) -> np.ndarray:
        """(n_test,) probabilities of a good match."""
        return self.model.predict_proba(self.X_test)[:, 1]

    @property
    def coefficients(self) -> np.ndarray:
        """Coefficients of the logistic regression, for standardised features."""
        return self.model[-1].coef_[0]

    @property
    def intercept(self) -> float:
        return float(self.model[-1].intercept_[0])


def logistic_regression(seed: int = 42) -> Pipeline:
    """The post's model: standardised features into a logistic regression (L2, C=1)."""
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(max_iter=1000, C=1.0, solver="lbfgs", random_state=seed),
    )


def train(
    features: np.ndarray, labels: np.ndarray, seed: int = 42, model: BaseEstimator | None = None
) -> Trained:
    """Fit `model` (the post's by default) on 80 % of the pairs; the split is stratified.

    features: (n, d). labels: (n,) of 0 and 1. Raises CareerlibError where one class has
    fewer than five pairs, too few to test on.
    """
    counts = np.bincount(labels, minlength=2)
    if counts.min() < 5:
        raise CareerlibError(
            f"There are {counts[1]} good and {counts[0]} bad matches; training needs at least 5 "
            "of each: raise n_samples or change the shares of the match types."
        )
    split = train_test_split(
        features, labels, test_size=TEST_SIZE, random_state=seed, stratify=labels
    )
    X_train, X_test, y_train, y_test = split
    model = logistic_regression(seed) if model is None else model
    # One thread: on matrices this small more cost more than they bring, and the result
    # does not depend on how many the machine has.
    with _thread_pools().limit(limits=1):
        model.fit(X_train, y_train)
    return Trained(model, X_train, X_test, y_train, y_test)


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


def metrics_on_test(trained: Trained) -> dict[str, float | list[list[int]]]:
    """Accuracy, precision, recall and F1 of "good match" on the test pairs.

    confusion_matrix has the true labels as rows (bad, good) and the predicted ones as
    columns, in scikit-learn's order.
    """
    truth, predicted = trained.y_test, trained.model.predict(trained.X_test)
    return {
        "accuracy": accuracy_score(truth, predicted),
        "precision": precision_score(truth, predicted, zero_division=0),
        "recall": recall_score(truth, predicted),
        "f1": f1_score(truth, predicted, zero_division=0),
        "confusion_matrix": confusion_matrix(truth, predicted).tolist(),
    }
