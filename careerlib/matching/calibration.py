"""Scores that mean something: probabilities and words measured on held-out occupations."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from careerlib.evaluation import paired_bootstrap, ranked
from careerlib.matching.matcher import WORDS

BINS = np.linspace(-40, 10, 501)  # of log-shares, a tenth wide
LIST = 10
# Calibrated on each person's best so many: what may be shown. Over all pairs the hundreds of
# hopeless ones would decide, and the shown ones would promise less than they keep.
BEST = 30
ENOUGH = 50  # entries from which a precision is worth a promise


@dataclass(frozen=True)
class _Held:
    """One fold's persons: where from, share of slots stated, (2, bins) pairs that are and are
    not relatives, and of their top-10 lists the (m, 10) log-shares and which are relatives."""

    occupations: np.ndarray
    stated: np.ndarray
    counts: np.ndarray
    log_shares: np.ndarray
    relative: np.ndarray


class HeldOut:
    """Collects scores of held-out persons and says what they were worth.

    related: (n, n) 1 where column j is a relative of row i.
    """

    def __init__(self, related: np.ndarray):
        self.related = related
        self.kinds: dict[str, list[_Held]] = {}

    def add(
        self, kind: str, occupations: np.ndarray, log_shares: np.ndarray, stated: np.ndarray
    ) -> None:
        """One fold's persons of a kind, made from these (m,) occupations.

        log_shares: (m, n). stated: (m,) share of the 47 slots that each person states.
        """
        relevant = self.related[occupations] > 0
        shown = ranked(log_shares, occupations, BEST)
        values, relative = (np.take_along_axis(x, shown, axis=1) for x in (log_shares, relevant))
        clipped = np.clip(values, BINS[0], BINS[-1])
        counts = [np.histogram(clipped[which], BINS)[0] for which in (relative, ~relative)]
        of_lists = values[:, :LIST], relative[:, :LIST]
        self.kinds.setdefault(kind, []).append(
            _Held(occupations, stated, np.array(counts), *of_lists)
        )

    def calibration(self) -> tuple[float, float, float, float]:
        """Platt's logistic regression on everybody's best 30, counted in bins of log-share.

        Features: the log-share, the share of slots that the kind of person states on
        average, and their product. Returns intercept, slope, and what both gain for each
        share stated.
        """
        centres = (BINS[:-1] + BINS[1:]) / 2
        features, labels, weights = [], [], []
        for folds in self.kinds.values():
            stated = np.concatenate([fold.stated for fold in folds]).mean()
            both = np.tile(centres, 2)
            features.append(np.column_stack([both, np.full_like(both, stated), both * stated]))
            labels.append(np.repeat([1, 0], len(centres)))
            weights.append(sum(fold.counts for fold in folds).ravel())
        weights = np.concatenate(weights)
        used = weights > 0
        model = LogisticRegression(C=np.inf, max_iter=1000, tol=1e-8).fit(
            np.concatenate(features)[used], np.concatenate(labels)[used], weights[used]
        )
        slope, intercept_each, slope_each = model.coef_[0].tolist()
        return float(model.intercept_[0]), slope, intercept_each, slope_each

    def entries(self, calibration: tuple[float, float, float, float]) -> pd.DataFrame:
        """One row for each entry of a top-10 list: kind, occupation, probability, relative."""
        frames = []
        intercept, slope, intercept_each, slope_each = calibration
        for kind, folds in self.kinds.items():
            for fold in folds:
                slopes = slope + slope_each * fold.stated
                intercepts = intercept + intercept_each * fold.stated
                values = intercepts[:, None] + slopes[:, None] * fold.log_shares
                frames.append(
                    pd.DataFrame(
                        {
                            "kind": kind,
                            "occupation": np.repeat(fold.occupations, LIST),
                            "probability": np.exp(-np.logaddexp(0, -values)).ravel(),
                            "relative": fold.relative.ravel(),
                        }
                    )
                )
        return pd.concat(frames, ignore_index=True)

    def confidence(self, calibration: tuple[float, float, float, float]) -> pd.DataFrame:
        """See `confidence_of`, for the lists collected here."""
        return confidence_of(self.entries(calibration))

    def metrics(self, calibration: tuple[float, float, float, float]) -> dict[str, float]:
        """Recall@10 and expected calibration error of the lists, by kind of person."""
        entries = self.entries(calibration)
        figures = {}
        for kind, group in entries.groupby("kind"):
            hits = group.groupby("occupation")["relative"].sum()
            relatives = self.related[hits.index].sum(axis=1)
            has_any = relatives > 0
            figures[f"recall_{kind}"] = float((hits[has_any] / relatives[has_any]).mean())
            figures[f"calibration_error_{kind}"] = calibration_error(group)
        return figures


def reliability(entries: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """Promised and kept, in `bins` equally wide bins of probability: mean probability,
    share of relatives, number of entries. Takes the frame of `HeldOut.entries`."""
    of = np.minimum((entries["probability"] * bins).astype(int), bins - 1)
    grouped = entries.groupby(of.rename("bin"))
    return pd.DataFrame(
        {
            "promised": grouped["probability"].mean(),
            "kept": grouped["relative"].mean(),
            "entries": grouped.size(),
        }
    )


def calibration_error(entries: pd.DataFrame) -> float:
    """Mean distance of promised and kept over the entries (expected calibration error)."""
    table = reliability(entries)
    return float(np.average((table["promised"] - table["kept"]).abs(), weights=table["entries"]))


def confidence_of(entries: pd.DataFrame) -> pd.DataFrame:
    """What each word was worth, by kind of person, among the entries of top-10 lists.

    Columns: word, kind, lowest_probability, shown, precision, low, high (95 % bootstrap
    interval over occupations) and of_ten: of ten shown with this word, at least so many
    are relatives, which is the lowest of the kinds' lower ends. Kinds with fewer than 50
    entries do not count there; without any, of_ten is 0.
    """
    words = np.array(list(WORDS))
    word = words[np.argmax(entries["probability"].to_numpy()[:, None] >= [*WORDS.values()], axis=1)]
    rows = []
    for name in words:
        for kind, group in entries[word == name].groupby("kind"):
            by_occupation = group.groupby("occupation")["relative"].agg(["sum", "size"])
            interval = paired_bootstrap(by_occupation["sum"], by_occupation["size"], "ratio")
            rows.append((name, kind, WORDS[name], len(group), *interval))
    columns = ["word", "kind", "lowest_probability", "shown", "precision", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    enough = frame["low"].where(frame["shown"] >= ENOUGH)
    lowest = enough.groupby(frame["word"]).transform("min").fillna(0)
    return frame.assign(of_ten=np.floor(10 * lowest).astype(int))
