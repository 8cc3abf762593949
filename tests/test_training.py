"""The post's figures to the last printed digit, and what training refuses."""

import time

import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from sklearn.tree import DecisionTreeClassifier

from careerlib.catalog import load_catalog
from careerlib.encoding import FEATURES, encode_occupations
from careerlib.errors import CareerlibError
from careerlib.synthetic import naive_pairs, production_pairs
from careerlib.training import metrics_on_test, train


@pytest.fixture(scope="module")
def occupations():
    return encode_occupations(load_catalog("post"))


@pytest.fixture(scope="module")
def production(occupations):
    pairs = production_pairs(occupations)
    return train(pairs.features, pairs.labels)


def test_naive_script_reaches_100_percent(occupations):
    pairs = naive_pairs(occupations)
    trained = train(pairs.features, pairs.labels)
    assert trained.train_accuracy == 1
    assert trained.test_accuracy == 1


def test_production_figures_to_the_printed_digit(production):
    metrics = metrics_on_test(production)
    assert f"{100 * production.train_accuracy:.2f}" == "78.58"
    assert f"{100 * metrics['accuracy']:.2f}" == "78.00"
    assert f"{100 * metrics['precision']:.0f}" == "79"
    assert f"{100 * metrics['recall']:.0f}" == "87"
    assert f"{100 * metrics['f1']:.0f}" == "83"
    assert len(FEATURES) == production.X_train.shape[1] == 150
    assert np.count_nonzero(production.coefficients) == 137


def test_the_thirteen_zeros_are_the_constant_columns(production):
    zero = production.coefficients == 0
    assert np.array_equal(zero, production.X_train.std(axis=0) == 0)
    names = [name for name, is_zero in zip(FEATURES, zero, strict=True) if is_zero]
    assert all(name.startswith("occupation: ") for name in names)
    assert names[-1] == "occupation: Remote"


def test_metrics_agree_with_the_confusion_matrix(production):
    metrics = metrics_on_test(production)
    (true_bad, false_good), (missed, true_good) = metrics["confusion_matrix"]
    assert true_bad + false_good + missed + true_good == len(production.y_test)
    assert metrics["precision"] == true_good / (true_good + false_good)
    assert metrics["recall"] == true_good / (true_good + missed)
    assert metrics["accuracy"] == (true_bad + true_good) / len(production.y_test)


def test_scores_are_probabilities_of_a_good_match(production):
    predicted = (production.test_scores > 0.5).astype(int)
    assert accuracy_score(production.y_test, predicted) == production.test_accuracy


def test_the_split_is_stratified_and_held_out(production):
    assert len(production.y_test) == 600
    assert production.y_train.mean() == production.y_test.mean() == 0.6


def test_another_model_is_fitted_on_the_same_split(occupations, production):
    pairs = production_pairs(occupations)
    tree = train(pairs.features, pairs.labels, model=DecisionTreeClassifier(random_state=0))
    assert np.array_equal(tree.X_test, production.X_test)
    assert tree.train_accuracy == 1


@pytest.mark.parametrize("labels", [np.ones(40, int), np.array([0] * 4 + [1] * 36)])
def test_one_class_cannot_be_trained_on(labels):
    with pytest.raises(CareerlibError, match="training needs at least 5 of each"):
        train(np.zeros((40, 3)), labels)


def test_training_takes_half_a_second(occupations):
    pairs = production_pairs(occupations)
    features = pairs.features
    seconds = []
    for _ in range(3):
        start = time.process_time()
        train(features, pairs.labels)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.5
