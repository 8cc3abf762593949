"""Fit the model on persons made from occupations, and calibrate it on held-out ones.

A training person is a form filled in from a training occupation's ratings; relevant are the
relatives that O*NET lists for that occupation. Nothing else of the relations is used: the
list of an occupation that is not in training is never looked at. Occupations outside the
training set are candidates like any other.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog
from careerlib.errors import CareerlibError, check_whole
from careerlib.matching.calibration import HeldOut
from careerlib.matching.matcher import Matcher
from careerlib.matching.statements import (
    N_RATED,
    Scale,
    descriptions,
    scale_of,
    statements,
)
from careerlib.persons import LONG_FORM, NOISE, SHORT_FORM, full_persons, long_forms, short_forms

# Strengths of the penalty on an occupation's own weights and on the products' weights: what
# `choices.choose_penalties_inside` settles on inside training folds.
OWN_PENALTY, PRODUCT_PENALTY = 1e-3, 3e-3
# How much it counts that an occupation is on many lists. Less than 1 shows people more of the
# catalog: at 0.8 some five points more, for at most 0.003 of recall. Set by hand, not chosen
# inside training folds.
POPULARITY = 0.8
ITERATIONS = 60
BLOCK = 256  # rows of a product that stay in the processor's cache
CALIBRATION_FOLDS = 3
UNCALIBRATED = (0.0, 1.0, 0.0, 0.0)  # log-odds are then log-shares


def training_forms(catalog: Catalog, seed: int) -> list[np.ndarray]:
    """The forms that training fills in for each occupation: six (n, 50) arrays.

    Three short ones of different care, a long one and, twice as heavy, the full ratings, so
    that one model serves people who say little and people who say much.
    """
    seeds = np.random.SeedSequence(seed).generate_state(4)
    short = [short_forms(catalog, int(s), noise) for s, noise in zip(seeds, (0.25, 0.5, 0.75))]
    return [*short, long_forms(catalog, int(seeds[3])), *[full_persons(catalog)] * 2]


def relatives(catalog: Catalog) -> np.ndarray:
    """(n, n) 1 where O*NET lists column j among the relatives of row i, else 0."""
    return (catalog.related_matrix() > 0).astype(float)


def product_table(
    forms: Sequence[np.ndarray],
    occupations: np.ndarray,
    related: np.ndarray,
    described: np.ndarray,
    scale: Scale,
    products: bool = True,
    own: bool = True,
    penalties: tuple[float, float] = (OWN_PENALTY, PRODUCT_PENALTY),
    iterations: int = ITERATIONS,
) -> tuple[np.ndarray, np.ndarray]:
    """Base (n,) and table (94, n) of a multinomial logistic regression.

    forms: (n, 50) persons made from each occupation; used at the rows `occupations`.
    related: (n, n); only the rows `occupations` are used. described: (n, q).
    products: weights for statement x description, shared by all occupations.
    own: also weights of each occupation's own, learned from who lists it as a relative; this
    is how neighbours' relations enter.

    A form's share of attention goes to the relatives of its occupation; the occupation
    itself takes no part, since it is not on the list it is judged on. Minimises the
    cross-entropy with L2 penalties by L-BFGS, in single precision.
    """
    n, q = described.shape
    said = np.vstack([statements(form[occupations], scale) for form in forms])
    listed = related[occupations]
    has_any = listed.sum(axis=1) > 0
    keep = np.tile(has_any, len(forms))
    said = said[keep].astype(np.float32)
    targets = listed[has_any] / listed[has_any].sum(axis=1, keepdims=True)
    prior = np.log(targets.mean(axis=0) + 1e-5).astype(np.float32)
    targets = np.tile(targets.astype(np.float32), (len(forms), 1))
    itself = np.tile(occupations[has_any], len(forms))
    features = N_RATED * 2
    # Scaling the descriptions turns two penalties into one.
    own_penalty, product_penalty = penalties
    penalty = own_penalty if own else product_penalty
    described = (described * (penalty / product_penalty) ** 0.5).astype(np.float32)
    n_own = features * n if own else 0

    def table_of(weights: np.ndarray) -> np.ndarray:
        table = np.zeros((features, n), dtype=weights.dtype)
        if own:
            table += weights[:n_own].reshape(features, n)
        if products:
            table += weights[n_own:].reshape(features, q) @ described.T
        return table

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        table, entropy = table_of(weights.astype(np.float32)), 0.0
        gradient = np.zeros_like(table)
        for begin in range(0, len(said), BLOCK):
            block = slice(begin, begin + BLOCK)
            values = said[block] @ table
            values += prior
            values[np.arange(len(values)), itself[block]] = -1e4  # no share
            values -= values.max(axis=1, keepdims=True)
            entropy -= float(np.vdot(targets[block], values))
            np.exp(values, out=values)
            sums = values.sum(axis=1, keepdims=True)
            entropy += float(np.log(sums).sum(dtype=float))
            values /= sums
            values -= targets[block]
            gradient += said[block].T @ values
        gradient /= len(said)
        parts = [gradient.ravel()] if own else []
        if products:
            parts.append((gradient @ described).ravel())
        total = entropy / len(said) + penalty / 2 * float(weights @ weights)
        return total, np.concatenate(parts).astype(float) + penalty * weights

    start = np.zeros(n_own + (features * q if products else 0))
    with threadpool_limits(limits=1):  # more cost more than they bring here
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}
        )
    table = table_of(found.x)
    # Only differences between occupations count; against the average one they are readable.
    table -= table.mean(axis=1, keepdims=True)
    return POPULARITY * (prior - prior.mean()).astype(float), table


def fit_matcher(
    catalog: Catalog,
    occupations: np.ndarray | None = None,
    seed: int = 42,
    own: bool = True,
    calibrate: bool = True,
    penalties: tuple[float, float] = (OWN_PENALTY, PRODUCT_PENALTY),
    iterations: int = ITERATIONS,
) -> Matcher:
    """Fit the model on the occupations at these positions (all by default).

    own: with the occupations' own weights (see `product_table`). calibrate: False skips the
    held-out part, which the order of a ranking does not need; probabilities then are
    shares of relatives. Takes seconds. Raises CareerlibError for a seed that cannot be used
    and for fewer than 30 occupations.

    Fitted again with the same seed, probabilities agree within 0.005: L-BFGS stops before its
    minimum, where the rounding of another processor's matrix product still shows.
    """
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    occupations = np.arange(len(catalog)) if occupations is None else np.unique(occupations)
    if len(occupations) < 30:
        raise CareerlibError(
            f"There are {len(occupations)} occupations to learn from; give at least 30."
        )
    related = relatives(catalog)
    described = descriptions(catalog).to_numpy()
    forms = training_forms(catalog, seed)

    def fit(rows: np.ndarray) -> Matcher:
        scale = scale_of(catalog, rows)
        base, table = product_table(
            forms, rows, related, described, scale, True, own, penalties, iterations
        )
        return Matcher(
            tuple(catalog.codes), catalog.release, scale, base, table, UNCALIBRATED,
            pd.DataFrame(), {}, seed,
        )

    matcher = fit(occupations)
    if not calibrate:
        return matcher
    people = {
        "short": short_forms(catalog, int(np.random.SeedSequence(seed).generate_state(5)[4])),
        "long": long_forms(catalog, int(np.random.SeedSequence(seed).generate_state(6)[5])),
        "full": full_persons(catalog),
    }
    held_out = HeldOut(related)
    shuffled = np.random.default_rng(seed).permutation(occupations)
    for fold in np.array_split(shuffled, CALIBRATION_FOLDS):
        of_others = fit(np.setdiff1d(occupations, fold))
        for kind, persons in people.items():
            stated = (persons[fold, :N_RATED] > 0).mean(axis=1)
            held_out.add(kind, fold, of_others.log_odds(persons[fold]), stated)
    calibration = held_out.calibration()
    return replace(
        matcher,
        calibration=calibration,
        confidence=held_out.confidence(calibration),
        metrics=held_out.metrics(calibration),
    )
