"""The fitted model: log-odds = base of the occupation + one contribution for each statement.

It is a logistic regression on products. Every statement of a person meets every description
of an occupation, and each of these products has a weight; multiplied out, this is one table
of 94 statements by n occupations, which is all that scoring needs. A statement's
contribution to an occupation is the statement times its entry, so contributions add up to
the score exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.encoding import encode_occupations, encode_profiles
from careerlib.errors import CareerlibError
from careerlib.matching.statements import N_RATED, RATED_BLOCKS, RATED_SLOTS, Scale, statements
from careerlib.profile import Profile

BLOCK = 128  # rows of a product that stay in the processor's cache
CHUNK = 2048  # people scored at once: 2,048 x 894 scores take 15 MB
# Lowest calibrated probability of each word, for lists of relatives: see `Matcher.confidence`.
WORDS = {"High": 0.5, "Medium": 0.3, "Low": 0.15, "Very low": 0.0}
EVERYBODY, THIS_PERSON = "the occupation, for everybody", "this person, for all occupations"

Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Matcher:
    """A fitted model of n occupations.

    codes: (n,) O*NET-SOC codes. release: O*NET release of the catalog it learned from.
    scale: of the occupations it learned from.
    base: (n,) what speaks for an occupation before anything is stated.
    table: (94, n) what each statement adds to each occupation.
    calibration: (intercept, slope, intercept for each, slope for each) from an occupation's
        log-share to its log-odds; "for each" is multiplied by the share of the 47 slots that
        the person states, because who says more can be led more surely.
    confidence: one row for each word, measured on held-out occupations: lowest_probability,
        shown (how many entries of top-10 lists had it), precision with low and high (95 %
        bootstrap interval over occupations), of_ten (that low end, in whole occupations).
    metrics: figures measured when it was fitted. seed: the one it was fitted with.

    The probability says how likely O*NET names the occupation among the relatives of the
    one that the person resembles. It is not the chance of being hired or content.
    """

    codes: tuple[str, ...]
    release: str
    scale: Scale
    base: np.ndarray
    table: np.ndarray
    calibration: tuple[float, float, float, float]
    confidence: pd.DataFrame
    metrics: Mapping[str, float]
    seed: int

    def log_odds(self, persons: np.ndarray, catalog: Catalog | None = None) -> np.ndarray:
        """(m, n) calibrated log-odds of (m, 50) person vectors, for the catalog's occupations.

        The model's own where no catalog is given. Works in chunks: beyond the result, memory
        is that of 2,048 people. Raises CareerlibError for a catalog of another release or
        with occupations that the model does not know.
        """
        columns = self._columns(catalog)
        result = np.empty((len(persons), len(self.codes) if columns is None else len(columns)))
        for start in range(0, len(persons), CHUNK):
            rows = slice(start, start + CHUNK)
            values = self._all_log_odds(persons[rows])
            result[rows] = values if columns is None else values[:, columns]
        return result

    def scores(self, persons: np.ndarray, catalog: Catalog | None = None) -> np.ndarray:
        """(m, n) calibrated probabilities; arguments as `log_odds`."""
        values = self.log_odds(persons, catalog)
        return np.exp(-np.logaddexp(0, -values))

    def scorer(self, catalog: Catalog) -> Scorer:
        """The function from person vectors to log-odds that `recommend.METHODS` asks for."""
        columns = self._columns(catalog)
        if columns is None:
            return self._all_log_odds
        return lambda persons: self._all_log_odds(persons)[:, columns]

    def word(self, probability: float) -> str:
        """High, Medium, Low or Very low; `confidence` says what each was worth."""
        return word(probability)

    def contributions(self, profile: Profile, position: int, catalog: Catalog) -> pd.DataFrame:
        """What adds up to the log-odds of the occupation at this row of the catalog.

        One row for each statement of the person (columns statement, block, contribution, in
        log-odds, largest first), then what holds for everybody and what holds for this
        person whatever the occupation. The contributions sum to `log_odds`.

        Each is compared with the average occupation: above 0, the statement speaks for
        this one more than for others. Raises CareerlibError for an empty profile.
        """
        if profile.is_empty:
            raise CareerlibError(
                "The profile is empty, so nothing contributes; rate at least one skill, "
                "interest or work value above 0."
            )
        column = self._known(catalog)[position]
        said = statements(encode_profiles(profile), self.scale)
        intercept, slope = (float(figure[0]) for figure in self._calibration_of(said))
        log_sum = _log_sum(self._values(said))[0]
        said = said[0]
        parts = slope * said * self.table[:, column]
        of_slots = parts[:N_RATED] + parts[N_RATED:]
        stated = said[N_RATED:] > 0
        frame = pd.DataFrame(
            {
                "statement": np.array(RATED_SLOTS)[stated],
                "block": np.array(_blocks())[stated],
                "contribution": of_slots[stated],
            }
        ).sort_values("contribution", ascending=False, kind="stable")
        level = intercept - slope * log_sum
        rest = {
            "statement": [EVERYBODY, THIS_PERSON],
            "block": ["base", "level"],
            "contribution": [slope * self.base[column], level],
        }
        return pd.concat([frame, pd.DataFrame(rest)], ignore_index=True)

    def slot_weights(self, catalog: Catalog) -> pd.DataFrame:
        """What counts when a person meets an occupation: one row for each of the 47 slots.

        spread: standard deviation over occupations of what naming the slot adds, in
            log-odds before calibration: how much the statement sorts occupations.
        own_rating: correlation over occupations of what it adds with the occupation's own
            rating there. Near 1: who names it is led to where it is rated high.
        other_slot, other_rating: the slot of another name whose ratings it follows most.
        raised, lowered: the occupations that gain and lose most.
        A named skill counts 3 of 5, an interest or work value 6 of 7.
        """
        columns = self._known(catalog)
        typical = np.full((1, 50), 6 / 7)
        typical[:, RATED_BLOCKS["skills"]] = 3 / 5
        said = statements(typical, self.scale)[0]
        parts = said[:, None] * self.table[:, columns]
        added = parts[:N_RATED] + parts[N_RATED:]
        rated = encode_occupations(catalog, fill=True)[:, :N_RATED]
        rated = np.where(rated > 0, rated, self.scale.mean)
        correlation = np.corrcoef(added, rated.T)[:N_RATED, N_RATED:]
        others = np.where(np.eye(N_RATED, dtype=bool), -np.inf, correlation)
        titles = catalog.titles.to_numpy()
        return pd.DataFrame(
            {
                "block": _blocks(),
                "spread": added.std(axis=1),
                "own_rating": np.diag(correlation),
                "other_slot": np.array(RATED_SLOTS)[others.argmax(axis=1)],
                "other_rating": others.max(axis=1),
                "raised": titles[added.argmax(axis=1)],
                "lowered": titles[added.argmin(axis=1)],
            },
            index=pd.Index(RATED_SLOTS, name="slot"),
        )

    def block_weights(self, persons: np.ndarray) -> pd.Series:
        """Mean spread over occupations of what (m, 50) persons' blocks add, as `slot_weights`."""
        said = statements(persons, self.scale)
        spreads = {"base": np.std(self.base)}
        for name, where in RATED_BLOCKS.items():
            high, named = said[:, :N_RATED][:, where], said[:, N_RATED:][:, where]
            added = high @ self.table[:N_RATED][where] + named @ self.table[N_RATED:][where]
            spreads[name] = added.std(axis=1).mean()
        return pd.Series(spreads, name="spread")

    def _values(self, said: np.ndarray) -> np.ndarray:
        """(m, n) base and contributions of (m, 94) statements, before calibration."""
        values = said @ self.table
        values += self.base
        return values

    def _calibration_of(self, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m,) intercepts and slopes."""
        intercept, slope, intercept_each, slope_each = self.calibration
        share = said[:, N_RATED:].mean(axis=1)
        return intercept + intercept_each * share, slope + slope_each * share

    def _all_log_odds(self, persons: np.ndarray) -> np.ndarray:
        said = statements(persons, self.scale)
        intercept, slope = self._calibration_of(said)
        values = self._values(said)
        level = intercept - slope * _log_sum(values)
        values *= slope[:, None]
        values += level[:, None]
        return values

    def _columns(self, catalog: Catalog | None) -> np.ndarray | None:
        """The model's columns for the catalog's occupations, None for all in order."""
        if catalog is None or tuple(catalog.codes) == self.codes:
            if catalog is not None:
                self._check_release(catalog)
            return None
        return self._known(catalog)

    def _known(self, catalog: Catalog) -> np.ndarray:
        self._check_release(catalog)
        columns = pd.Index(self.codes).get_indexer(catalog.codes)
        if (columns < 0).any():
            raise CareerlibError(
                f"The model does not know occupation {catalog.codes[columns < 0][0]} of the "
                f"catalog '{catalog.name}'; fit it on that catalog with fit_matcher."
            )
        return columns

    def _check_release(self, catalog: Catalog) -> None:
        if catalog.release != self.release:
            raise CareerlibError(
                f"The model learned from O*NET {self.release} and the catalog is O*NET "
                f"{catalog.release}; fit it again with fit_matcher."
            )


def word(probability: float) -> str:
    """The word of WORDS for a calibrated probability."""
    return next((name for name, low in WORDS.items() if probability >= low), "Very low")


def _log_sum(values: np.ndarray) -> np.ndarray:
    """(m,) log of the sum of exponentials of each row, so that shares sum to 1.

    In single precision, which is several times as fast, and in blocks that fit the cache.
    """
    sums = np.empty(len(values))
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        block = values[rows].astype(np.float32)
        highest = block.max(axis=1)
        block -= highest[:, None]
        np.exp(block, out=block)
        sums[rows] = np.log(block.sum(axis=1, dtype=float)) + highest
    return sums


def _blocks() -> list[str]:
    return [name for name, where in RATED_BLOCKS.items() for _ in RATED_SLOTS[where]]
