"""Judge the methods on strangers: people made from occupations that were not trained on.

The occupations are split into folds. For each fold every method learns from the other
occupations only, and ranks all occupations for people made from the fold's. Relevant are the
relatives that O*NET lists for the occupation a person was made from, which itself is left
out of the list. See `careerlib.evaluation` for what this judge cannot tell.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from careerlib.catalog import Catalog
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.evaluation import Comparison, full_persons, judge, scores_of
from careerlib.matching.choices import choose_penalties_inside, folds
from careerlib.matching.learning import (
    OWN_PENALTY,
    PRODUCT_PENALTY,
    fit_matcher,
    relatives,
    short_forms,
    training_forms,
)
from careerlib.matching.neighbours import Neighbours

UNTRAINED = ("random", "cosine_filled", "interests")
TRAINED = ("neighbours", "boosting", "logistic", "matched")
DESCRIPTIONS = {
    "random": "another order for each person, by chance",
    "cosine_filled": "cosine of the post's vectors, occupations' interests and values filled in",
    "interests": "Pearson correlation of the six interests",
    "neighbours": "relatives of the training occupations that the person resembles",
    "boosting": "gradient boosting on the neighbours' score and block similarities",
    "logistic": "logistic regression on products of statements and descriptions",
    "matched": "the same with weights of each occupation's own, from who lists it as a relative",
}


@dataclass(frozen=True)
class Strangers:
    """Scores for people made from occupations that no method learned from.

    people: {kind: (m, 50)}; own: (m,) the occupations they were made from, all of them once
    for each seed. scores: {kind: {method: (m, n)}}.
    """

    people: dict[str, np.ndarray]
    own: np.ndarray
    scores: dict[str, dict[str, np.ndarray]]


def evaluate_methods(
    catalog: Catalog,
    seeds: Iterable[int] = (0,),
    n_folds: int = 3,
    k: int = 10,
    methods: Iterable[str] = (*UNTRAINED, *TRAINED),
    choose_penalties: bool = False,
) -> dict[str, Comparison]:
    """The whole comparison, for "sparse" and "full" people; arguments as `score_strangers`.

    A person's metrics are averaged over the seeds before occupations are resampled. Returns
    for each kind a `Comparison`: its table() has recall@k, NDCG@k, MRR with intervals,
    coverage and distinct lists; `ratios` gives multiples of the cosine's recall.
    """
    strangers = score_strangers(catalog, seeds, n_folds, methods, choose_penalties)
    return judge_strangers(strangers, catalog, k)


def judge_strangers(strangers: Strangers, catalog: Catalog, k: int = 10) -> dict[str, Comparison]:
    """The comparison of scores that are there already; see `evaluate_methods`."""
    return {
        kind: judge(scores, catalog, strangers.people[kind], k, own=strangers.own)
        for kind, scores in strangers.scores.items()
    }


@threadpool_limits.wrap(limits=1)  # the sums of one thread are the same on any machine size
def score_strangers(
    catalog: Catalog,
    seeds: Iterable[int] = (0,),
    n_folds: int = 3,
    methods: Iterable[str] = (*UNTRAINED, *TRAINED),
    choose_penalties: bool = False,
) -> Strangers:
    """Scores of every method for short forms ("sparse") and full ratings of all occupations.

    Each seed is another split into folds, other short forms and other training forms. With
    `choose_penalties` their strengths are chosen anew inside each training fold, which
    takes longer; otherwise they are those that this choice settled on. Raises
    CareerlibError for unknown methods and for fewer than 2 folds.
    """
    seeds, methods = list(seeds), list(methods)
    for method in methods:
        if method not in DESCRIPTIONS:
            raise CareerlibError(
                f"There is no method '{method}' to judge; {nearest(method, DESCRIPTIONS)}"
            )
    n, related = len(catalog), relatives(catalog)
    check_whole("n_folds", n_folds, 2, n, "it is a number of parts of the catalog")
    trained = [method for method in methods if method in TRAINED]
    people = {
        kind: [_people(kind, catalog, seed) for seed in seeds] for kind in ("sparse", "full")
    }
    scores = {
        kind: {method: np.empty((len(seeds) * n, n)) for method in methods} for kind in people
    }
    steps = len(seeds) * n_folds * len(trained)
    with tqdm(total=steps, unit=" fit", delay=1, disable=None, leave=False) as bar:
        for number, seed in enumerate(seeds):
            of_seed = number * n
            for kind, persons in people.items():
                for method in set(methods) - set(trained):
                    values = scores_of(method, persons[number], catalog, seed)
                    scores[kind][method][of_seed : of_seed + n] = values
            for held_out in folds(n, n_folds, seed):
                training = np.setdiff1d(np.arange(n), held_out)
                penalties = (OWN_PENALTY, PRODUCT_PENALTY)
                if choose_penalties:
                    penalties = choose_penalties_inside(catalog, training, seed)
                strangers = {kind: persons[number][held_out] for kind, persons in people.items()}
                for method in trained:
                    found = _scores_by(
                        method, catalog, related, training, strangers, seed, penalties
                    )
                    for kind, values in found.items():
                        scores[kind][method][of_seed + held_out] = values
                    bar.update()
    together = {kind: np.concatenate(persons) for kind, persons in people.items()}
    return Strangers(together, np.tile(np.arange(n), len(seeds)), scores)


def ratios(trials: dict[str, Comparison], reference: str = "cosine_filled") -> pd.DataFrame:
    """Recall of each method as a multiple of the reference's, with paired 95 % intervals."""
    frames = {
        kind: trial.against(reference, "recall", "ratio") for kind, trial in trials.items()
    }
    return pd.concat(frames, names=["people"])


def _people(kind: str, catalog: Catalog, seed: int) -> np.ndarray:
    # Far from the seeds of the training forms: nobody is trained and judged on one form.
    return full_persons(catalog) if kind == "full" else short_forms(catalog, seed + 1000)


def _scores_by(
    method: str,
    catalog: Catalog,
    related: np.ndarray,
    training: np.ndarray,
    people: dict[str, np.ndarray],
    seed: int,
    penalties: tuple[float, float],
) -> dict[str, np.ndarray]:
    """(m, n) scores by a method that learned from the training occupations."""
    if method in ("logistic", "matched"):
        matcher = fit_matcher(
            catalog, training, seed, own=method == "matched", calibrate=False, penalties=penalties
        )
        return {kind: matcher.log_odds(some) for kind, some in people.items()}
    neighbours = Neighbours.fit(catalog, training, training_forms(catalog, seed))
    if method == "neighbours":
        return {kind: neighbours.scores(some) for kind, some in people.items()}
    model = _boosted(neighbours, related, training, training_forms(catalog, seed), seed)
    found = {}
    for kind, some in people.items():
        parts = []
        for start in range(0, len(some), 64):  # features of 64 people take a few megabytes
            features = neighbours.features(some[start : start + 64])
            chance = model.predict_proba(features.reshape(-1, features.shape[-1]))[:, 1]
            parts.append(chance.reshape(features.shape[:2]))
        found[kind] = np.concatenate(parts)
    return found


def _boosted(
    neighbours: Neighbours,
    related: np.ndarray,
    training: np.ndarray,
    forms: list[np.ndarray],
    seed: int,
) -> HistGradientBoostingClassifier:
    """Boosting on pairs of training persons with occupations.

    Of each person's pairs the 40 with the best neighbours' score and 40 of the others by
    chance, which weigh as much as all the others. A training person's own occupation is
    not among her neighbours, as it is not for a stranger.
    """
    rng = np.random.default_rng(seed)
    features, labels, weights = [], [], []
    for form in (forms[1], forms[-1]):
        for start in range(0, len(training), 64):
            own = training[start : start + 64]
            values = neighbours.features(form[own], own)
            by_score = np.argsort(-values[..., 0], axis=1)
            best, rest = by_score[:, :40], rng.permuted(by_score[:, 40:], axis=1)[:, :40]
            weight = np.ones((len(own), 80))
            weight[:, 40:] = (values.shape[1] - 40) / rest.shape[1]
            pairs = np.hstack([best, rest])
            weight[pairs == own[:, None]] = 0
            features.append(np.take_along_axis(values, pairs[..., None], axis=1))
            labels.append(np.take_along_axis(related[own], pairs, axis=1))
            weights.append(weight)
    features = np.concatenate(features)
    model = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=100,
        early_stopping=False, random_state=seed,
    )
    return model.fit(
        features.reshape(-1, features.shape[-1]),
        np.concatenate(labels).ravel(),
        sample_weight=np.concatenate(weights).ravel(),
    )
