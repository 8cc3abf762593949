"""The six match types with the similarity that the training note claims for them.

The note says 70-90, 50-70, 30-50 and 0-30 %. No cosine of the post's vectors can be that low:
all slots are positive, so any two vectors point much the same way. The similarity used here
is the cosine after each slot is standardised over the catalog (minus its mean, divided by
its standard deviation). It is 0 for two vectors that are unrelated, 1 for the same, and
negative for opposites, so it can take the values that the names claim, and a person is
constructed so that it takes them exactly.

The two blocks, skills on one side and interests with work values on the other, are made
separately. In each the person is a blend of the occupation's direction and an unrelated
one, that of an occupation of another major group with the part along the first removed:

    block = length x (t x own direction + sqrt(1 - t^2) x unrelated direction)

With unit directions at right angles the cosine is t. Both lengths are the occupation's
times a common factor, so that with the same t in both blocks the similarity as a whole is
t as well; the factor is made small enough for all slots to stay between 0 and 1.

A label is drawn: good with the probability 1 / (1 + exp(-12 (match - 0.4))), where the match
is the lower of the two blocks' similarities. So the best accuracy that any model can have in
the long run, given the pair, is known: the mean of the larger of the two chances.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, N_SLOTS, SLOT, encode_occupations
from careerlib.errors import CareerlibError
from careerlib.recommend import check_whole
from careerlib.synthetic import NOMINAL_SIMILARITY, Pairs, checked_shares
from careerlib.training import train

STEEPNESS, MIDDLE = 12.0, 0.4
SKILLS = BLOCKS["skills"]
OTHERS = slice(SKILLS.stop, BLOCKS["work values"].stop)
RATED = slice(0, OTHERS.stop)
# Similarity of a block that matches and of one that does not. Of wrong interests the note
# says "mismatched": there the person's interests and values are opposed to the occupation's.
MATCHING, UNRELATED, OPPOSED = (0.7, 0.9), (0.0, 0.3), (-0.7, -0.3)


@dataclass(frozen=True)
class DocumentedPairs(Pairs):
    """Pairs whose similarities are known by construction.

    similarity, skill_similarity, other_similarity: (n,) cosines of the standardised slots:
        all 47 rated ones, the skills, interests with work values.
    chances: (n,) probability with which each label was drawn to be good.
    mean, spread: (47,) of the catalog's rated slots, which standardise them.
    """

    similarity: np.ndarray
    skill_similarity: np.ndarray
    other_similarity: np.ndarray
    chances: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    @property
    def ceiling(self) -> float:
        """Best reachable accuracy: of a model that knows every pair's chance."""
        return float(np.maximum(self.chances, 1 - self.chances).mean())

    @property
    def interacting_features(self) -> np.ndarray:
        """(n, 97) features in which person and occupation meet.

        For each rated slot the product of the standardised values and their absolute
        difference; then the cosines of the skills, of interests with work values, and of
        all.
        """
        return interacting_features(self.persons, self.occupations, self.mean, self.spread)


def documented_pairs(
    catalog: Catalog,
    n_pairs: int = 3000,
    seed: int = 42,
    shares: Mapping[str, float] | None = None,
) -> DocumentedPairs:
    """Pairs of the six match types, with filled occupations that have all ratings.

    Strong, moderate, weak and poor have both blocks' similarity in the note's range, drawn
    evenly. Partial has one block (by chance) at 0.7-0.9 and the other at 0-0.3. Wrong
    interests has the skills at 0.7-0.9, interests and values at -0.7 to -0.3.

    shares: {match type: share}, as in `synthetic.production_pairs`; the note's by default.
    Raises CareerlibError for a number of pairs, a seed or shares that cannot be used, and
    for a catalog whose rated occupations are all of one major group.
    """
    check_whole("n_pairs", n_pairs, 1, 10**6, "it is a number of pairs")
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    rng = np.random.default_rng(seed)
    types = [
        name for name, share in checked_shares(shares).items() for _ in range(int(n_pairs * share))
    ]
    if not types:
        raise CareerlibError(
            f"n_pairs is {n_pairs}, too few for a pair of any match type; ask for more."
        )
    types = rng.permutation(types)
    complete = np.flatnonzero(~np.isnan(catalog.work_values).any(axis=1))
    groups = catalog.table["major_group"].to_numpy()
    if len(set(groups[complete])) < 2:
        raise CareerlibError(
            f"The fully rated occupations of the catalog '{catalog.name}' are of one major group, "
            "so there is no unrelated direction; use a larger catalog."
        )
    filled = encode_occupations(catalog, fill=True)
    mean, spread = filled[complete, RATED].mean(axis=0), filled[complete, RATED].std(axis=0)
    standard = (filled[:, RATED] - mean) / spread
    rows = rng.choice(complete, len(types))
    unrelated = _of_another_group(rows, complete, groups, rng)
    skills, others = _similarities(types, rng)
    blended = np.hstack(
        [
            _blend(standard[rows, block], standard[unrelated, block], cosine)
            for block, cosine in ((SKILLS, skills), (OTHERS, others))
        ]
    )
    persons = np.zeros((len(types), N_SLOTS))
    persons[:, RATED] = mean + spread * blended * _factor(blended, mean, spread)
    persons[:, SLOT["Education"]] = 1  # no constraint: any wage, any education
    chances = 1 / (1 + np.exp(-STEEPNESS * (np.minimum(skills, others) - MIDDLE)))
    return DocumentedPairs(
        persons=persons,
        occupations=filled[rows],
        occupation_index=rows,
        labels=(rng.random(len(types)) < chances).astype(int),
        match_types=types,
        similarity=_cosines(persons[:, RATED], filled[rows, RATED], mean, spread),
        skill_similarity=skills,
        other_similarity=others,
        chances=chances,
        mean=mean,
        spread=spread,
    )


def interacting_features(
    persons: np.ndarray, occupations: np.ndarray, mean: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """(n, 97) products, absolute differences and block similarities; see DocumentedPairs."""
    first = (persons[:, RATED] - mean) / spread
    second = (occupations[:, RATED] - mean) / spread
    similarities = [
        _cosines(persons[:, block], occupations[:, block], mean[block], spread[block])
        for block in (SKILLS, OTHERS, RATED)
    ]
    return np.hstack([first * second, np.abs(first - second), np.column_stack(similarities)])


@threadpool_limits.wrap(limits=1)  # the sums of one thread are the same on any machine size
def against_ceiling(pairs: DocumentedPairs, seed: int = 42) -> pd.DataFrame:
    """Accuracy of the post's features and of ours, against the best reachable.

    One row for each model, trained on 80 % of the pairs: train, test (accuracy), ceiling (of
    the same kind of pairs) and share_of_the_way (from always saying the commoner label to
    the ceiling).
    """
    boosting = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=7, random_state=seed
    )
    models = {
        "the post's 150 features, logistic regression": (pairs.features, None),
        "the post's 150 features, gradient boosting": (pairs.features, boosting),
        "interacting features, logistic regression": (pairs.interacting_features, None),
        "interacting features, gradient boosting": (pairs.interacting_features, boosting),
    }
    commoner = max(pairs.labels.mean(), 1 - pairs.labels.mean())
    rows = {}
    for name, (features, model) in models.items():
        trained = train(features, pairs.labels, seed, model)
        rows[name] = {
            "train": trained.train_accuracy,
            "test": trained.test_accuracy,
            "ceiling": pairs.ceiling,
            "share_of_the_way": (trained.test_accuracy - commoner) / (pairs.ceiling - commoner),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _similarities(types: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n,) similarities of the skills, and of interests with work values."""

    def drawn(bounds: tuple[float, float]) -> np.ndarray:
        return rng.uniform(*bounds, len(types))

    matching, unrelated, opposed = drawn(MATCHING), drawn(UNRELATED), drawn(OPPOSED)
    skills_match = rng.random(len(types)) < 0.5
    graded = {name: drawn(bounds) for name, bounds in NOMINAL_SIMILARITY.items()}
    of_type = [types == name for name in graded]
    partial, wrong = types == "partial", types == "wrong interests"
    skills = np.select(
        [*of_type, partial & skills_match, partial, wrong],
        [*graded.values(), matching, unrelated, matching],
    )
    others = np.select(
        [*of_type, partial & skills_match, partial, wrong],
        [*graded.values(), unrelated, matching, opposed],
    )
    return skills, others


def _of_another_group(
    rows: np.ndarray, complete: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(n,) one occupation of another major group for each row."""
    others = rng.choice(complete, len(rows))
    while (same := groups[others] == groups[rows]).any():
        others[same] = rng.choice(complete, same.sum())
    return others


def _blend(own: np.ndarray, unrelated: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """(n, d) vectors as long as `own` whose cosine with it is as asked."""
    length = np.linalg.norm(own, axis=1, keepdims=True)
    direction = own / length
    along = (unrelated * direction).sum(axis=1, keepdims=True)
    aside = unrelated - along * direction
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    cosine = cosine[:, None]
    return length * (cosine * direction + np.sqrt(1 - cosine**2) * aside)


def _factor(blended: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(n, 1) largest factor up to 1 that keeps all slots between 0 and 1."""
    room = np.where(blended > 0, 1 - mean, mean) / spread
    needed = (np.abs(blended) / room).max(axis=1, keepdims=True)
    return 1 / np.maximum(needed, 1)


def _cosines(
    persons: np.ndarray, occupations: np.ndarray, mean: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    first, second = (persons - mean) / spread, (occupations - mean) / spread
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) / norms
