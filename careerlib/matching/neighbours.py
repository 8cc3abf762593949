"""Neighbours' relations: whom do the training occupations that a person resembles list?

A short form is first completed: a ridge regression, learned from training persons, says what
ratings an occupation with such statements has on average. Then nearness to the training
occupations decides how much each one's list of relatives counts:

    score(person, j) = sum over training occupations i of nearness(person, i) * listed(i, j)

Only training occupations are neighbours, and only their lists are read.
"""

from dataclasses import dataclass

import numpy as np

from careerlib.catalog import Catalog
from careerlib.evaluation import ranked, recall_at_k
from careerlib.matching.learning import relatives
from careerlib.matching.statements import (
    N_RATED,
    RATED_BLOCKS,
    RATED_SLOTS,
    Scale,
    descriptions,
    ratings_only,
    scale_of,
    statements,
)

RIDGE = 0.03
SHARPNESS = (0.5, 1.0, 2.0, 4.0)  # how fast nearness falls with distance


@dataclass(frozen=True)
class Neighbours:
    """A fitted model; see `fit`.

    occupations: (t,) positions trained on. listed: (t, n) their relatives.
    completion: (95, d) ridge weights. rated: (n, d) the occupations' standardised ratings.
    blocks: columns of each block of `rated`.
    """

    scale: Scale
    occupations: np.ndarray
    listed: np.ndarray
    completion: np.ndarray
    rated: np.ndarray
    blocks: dict[str, np.ndarray]
    sharpness: float

    @classmethod
    def fit(
        cls, catalog: Catalog, occupations: np.ndarray, forms: list[np.ndarray]
    ) -> "Neighbours":
        """Learn from forms (each (n, 50)) of these occupations.

        The sharpness is chosen on the training persons, each with its own occupation taken
        out of her neighbours.
        """
        scale = scale_of(catalog, occupations)
        described = ratings_only(descriptions(catalog))
        rated = described.to_numpy()
        said = np.vstack([_with_constant(form[occupations], scale) for form in forms])
        wanted = np.tile(rated[occupations], (len(forms), 1))
        penalty = RIDGE * len(said) * np.eye(said.shape[1])
        completion = np.linalg.solve(said.T @ said + penalty, said.T @ wanted)
        related = relatives(catalog)
        names = described.columns.str.replace(r" \(.*", "", regex=True)
        slots = {name: RATED_SLOTS[where] for name, where in RATED_BLOCKS.items()}
        blocks = {name: np.flatnonzero(names.isin(of)) for name, of in slots.items()}

        def model(sharpness: float) -> "Neighbours":
            return cls(
                scale, occupations, related[occupations], completion, rated, blocks, sharpness
            )

        def recall(sharpness: float) -> float:
            scores = model(sharpness).scores(forms[1][occupations], occupations)
            shown = ranked(scores, occupations, 10)
            return float(np.nanmean(recall_at_k(shown, related[occupations])))

        return model(max(SHARPNESS, key=recall))

    def completed(self, persons: np.ndarray) -> np.ndarray:
        """(m, d) ratings that occupations with such statements have on average."""
        return _with_constant(persons, self.scale) @ self.completion

    def nearness(self, persons: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """(m, t) weights of the training occupations, which sum to 1 for each person.

        own: (m,) occupations that the persons were made from; they get no weight.
        """
        distances = _squared_distances(self.completed(persons), self.rated[self.occupations])
        if own is not None:
            distances[own[:, None] == self.occupations] = np.inf
        distances -= distances.min(axis=1, keepdims=True)
        weights = np.exp(-self.sharpness * distances)
        return weights / weights.sum(axis=1, keepdims=True)

    def scores(self, persons: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """(m, n) share of the nearness that lists each occupation as a relative."""
        return self.nearness(persons, own) @ self.listed

    def features(self, persons: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """(m, n, 7) for the boosting: neighbours' log-score, cosines of skills, interests and
        work values with the completed form, distance, how many training occupations list the
        occupation, and how many ratings are stated."""
        completed = self.completed(persons)
        score = np.log(self.scores(persons, own) + 1e-4)
        cosines = [
            _unit_rows(completed[:, where]) @ _unit_rows(self.rated[:, where]).T
            for where in self.blocks.values()
        ]
        distance = _squared_distances(completed, self.rated)
        popular = np.broadcast_to(self.listed.sum(axis=0), score.shape)
        stated = np.broadcast_to((persons[:, :N_RATED] > 0).sum(axis=1)[:, None], score.shape)
        return np.stack([score, *cosines, distance, popular, stated], axis=-1)


def _with_constant(persons: np.ndarray, scale: Scale) -> np.ndarray:
    return np.hstack([statements(persons, scale), np.ones((len(persons), 1))])


def _squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.maximum(squares - 2 * first @ second.T, 0)


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
