"""What was chosen, and on what evidence: features, penalties, and what limits the result.

Choices look at training occupations only: some of these are held out once more.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog
from careerlib.encoding import encode_occupations
from careerlib.evaluation import (
    full_persons,
    paired_bootstrap,
    ranked,
    recall_at_k,
    sparse_persons,
)
from careerlib.matching.learning import (
    fit_matcher,
    product_table,
    relatives,
    short_forms,
    training_forms,
)
from careerlib.matching.neighbours import Neighbours
from careerlib.matching.statements import (
    N_RATED,
    descriptions,
    ratings_only,
    scale_of,
    statements,
)

PENALTIES = ((1e-4, 3e-4), (3e-4, 1e-3), (1e-3, 3e-3), (3e-3, 1e-2))


def folds(n: int, n_folds: int, seed: int) -> list[np.ndarray]:
    """The n occupations in `n_folds` parts, by chance."""
    return np.array_split(np.random.default_rng(seed).permutation(n), n_folds)


def split_inside(training: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The training occupations in two: two thirds to learn from, a third to choose on."""
    shuffled = np.random.default_rng([seed, 1]).permutation(training)
    third = len(shuffled) // 3
    return shuffled[third:], shuffled[:third]


@threadpool_limits.wrap(limits=1)  # the sums of one thread are the same on any machine size
def feature_sets(catalog: Catalog, training: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Recall@10 of logistic regressions on other features, chosen on inside `training`.

    One row for each set: short and full, for people of a third of these occupations.
    The first three sets are features of one pair for scikit-learn's logistic regression, on
    a sample of pairs; the others are tables of products (`learning.product_table`).
    """
    rest, chosen_on = split_inside(training, seed)
    related, scale = relatives(catalog), scale_of(catalog, rest)
    forms = training_forms(catalog, seed)
    people = {
        "short": short_forms(catalog, seed + 1)[chosen_on],
        "full": full_persons(catalog)[chosen_on],
    }
    rows = {}
    pairs = _PairFeatures(catalog, rest, forms)
    for name in _PairFeatures.SETS:
        model = pairs.fit(name, related, seed)
        rows[name] = {
            kind: _recall(pairs.scores(name, model, some), related, chosen_on)
            for kind, some in people.items()
        }
    described = descriptions(catalog)
    for name, columns, products, own in (
        ("every statement x every rating", ratings_only(described), True, False),
        ("the same and SOC groups", described, True, False),
        ("own weights only, from who lists it", described, False, True),
        ("products and own weights", described, True, True),
    ):
        base, table = product_table(
            forms, rest, related, columns.to_numpy(), scale, products, own
        )
        rows[name] = {
            kind: _recall(statements(some, scale) @ table + base, related, chosen_on)
            for kind, some in people.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("features")


class _PairFeatures:
    """Features of pairs for scikit-learn, with a sample of training pairs."""

    SETS = ("products, slot by slot", "absolute differences", "block similarities")
    POSITIVE, NEGATIVE = 10, 30  # pairs sampled for each training person

    def __init__(self, catalog: Catalog, training: np.ndarray, forms: list[np.ndarray]):
        self.scale = scale_of(catalog, training)
        self.people = np.concatenate([forms[1][training], forms[-1][training]])
        self.own = np.tile(training, 2)
        self.rated = encode_occupations(catalog, fill=True)[:, :N_RATED]
        self.neighbours = Neighbours.fit(catalog, training, forms)
        # All sets have it, as the tables of products have their base.
        self.popular = np.log1p(relatives(catalog)[training].sum(axis=0))

    def of(self, name: str, people: np.ndarray, occupations: np.ndarray) -> np.ndarray:
        """(m, c, d) features of (m, 50) people with each one's (m, c) occupations."""
        popular = self.popular[occupations][..., None]
        if name == "block similarities":
            similarities = self.neighbours.features(people)[..., 1:5]
            similarities = np.take_along_axis(similarities, occupations[..., None], axis=1)
            return np.concatenate([similarities, popular], axis=-1)
        said, rated = statements(people, self.scale), self.rated[occupations]
        high, stated = said[:, None, :N_RATED], said[:, None, N_RATED:]
        if name == "absolute differences":
            differences = stated * np.abs(people[:, None, :N_RATED] - rated)
            return np.concatenate([differences, popular], axis=-1)
        standard = (rated - self.scale.mean) / self.scale.spread
        return np.concatenate([high * standard, stated * standard, popular], axis=-1)

    def fit(self, name: str, related: np.ndarray, seed: int) -> Pipeline:
        rng = np.random.default_rng(seed)
        listed = related[self.own] > 0
        order = np.argsort(rng.random(listed.shape) - 2 * listed, axis=1)
        some = rng.integers(0, listed.shape[1], (len(self.own), self.NEGATIVE))
        pairs = np.hstack([order[:, : self.POSITIVE], some])
        labels = np.take_along_axis(listed, pairs, axis=1)
        features = self.of(name, self.people, pairs)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        return model.fit(features.reshape(-1, features.shape[-1]), labels.ravel())

    def scores(self, name: str, model: Pipeline, people: np.ndarray) -> np.ndarray:
        """(m, n) log-odds."""
        n, parts = len(self.rated), []
        for start in range(0, len(people), 32):
            some = people[start : start + 32]
            features = self.of(name, some, np.tile(np.arange(n), (len(some), 1)))
            values = model.decision_function(features.reshape(-1, features.shape[-1]))
            parts.append(values.reshape(len(some), n))
        return np.concatenate(parts)


def choose_penalties_inside(
    catalog: Catalog, training: np.ndarray, seed: int
) -> tuple[float, float]:
    """The penalties with the best recall@10 inside the training occupations.

    A third of them is held out once; short forms and full ratings count alike.
    """
    rest, held_out = split_inside(training, seed)
    related = relatives(catalog)
    people = [short_forms(catalog, seed + 1)[held_out], full_persons(catalog)[held_out]]

    def recall(penalties: tuple[float, float]) -> float:
        matcher = fit_matcher(catalog, rest, seed, calibrate=False, penalties=penalties)
        return sum(np.log(_recall(matcher.log_odds(some), related, held_out)) for some in people)

    return max(PENALTIES, key=recall)


@threadpool_limits.wrap(limits=1)  # the sums of one thread are the same on any machine size
def what_limits(
    catalog: Catalog, seed: int = 0, n_folds: int = 3, seen: bool = True
) -> pd.DataFrame:
    """Recall@10 of "matched" where one thing at a time is made easier.

    Rows: short forms of strangers; the same without misjudged ratings; forms with all
    interests, or all values, or twelve skills; full ratings; with `seen`, short and full forms
    of occupations that the model has seen (with other forms); and the best that any list of ten could do.
    """
    n, related = len(catalog), relatives(catalog)

    def form(skills=(3, 6), interests=(1, 3), values=(1, 3), noise=0.5) -> np.ndarray:
        return sparse_persons(catalog, seed + 1000, skills, interests, values, noise)

    people = {
        "short form": form(),
        "short form, no misjudgement": form(noise=0),
        "short form, 12 skills": form(skills=12),
        "short form, all 6 interests": form(interests=6),
        "short form, all 6 values": form(values=6),
        "all three": form(12, 6, 6),
        "full ratings": full_persons(catalog),
    }
    recalls = {name: np.full(n, np.nan) for name in people}
    for held_out in folds(n, n_folds, seed):
        matcher = fit_matcher(
            catalog, np.setdiff1d(np.arange(n), held_out), seed, calibrate=False
        )
        for name, some in people.items():
            recalls[name][held_out] = _recalls(
                matcher.log_odds(some[held_out]), related, held_out
            )
    if seen:
        of_all = fit_matcher(catalog, None, seed, calibrate=False)
        for name in ("short form", "full ratings"):
            recalls[f"{name}, occupation seen in training"] = _recalls(
                of_all.log_odds(people[name]), related, np.arange(n)
            )
    counts = related.sum(axis=1)
    recalls["a perfect list of ten"] = np.minimum(10, counts) / np.maximum(counts, 1)
    base = recalls["short form"]
    rows = {
        name: {
            "recall": np.nanmean(values),
            **dict(zip(("ratio", "low", "high"), paired_bootstrap(values, base, "ratio"))),
        }
        for name, values in recalls.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("people")


def _recalls(scores: np.ndarray, related: np.ndarray, own: np.ndarray) -> np.ndarray:
    return recall_at_k(ranked(scores, own, top=10), related[own])


def _recall(scores: np.ndarray, related: np.ndarray, own: np.ndarray) -> float:
    return float(np.nanmean(_recalls(scores, related, own)))
