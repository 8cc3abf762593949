"""How fast ranking is: against bare NumPy, in people up to a million, and pair by pair.

`run` measures and `report` puts the figures into words. The yardstick is the least that
any method must do: one matrix product of people and occupations and one argpartition.
"""

import time
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from tqdm import tqdm

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import encode_occupations, pair_features
from careerlib.evaluation import random_profiles
from careerlib.recommend import METHODS, best_positions, check_whole, post_model, score_many

SIZES = (1_000, 10_000, 100_000)
LARGEST = 1_000_000
BARE_BLOCK = 10_000  # people in one bare product; a million at once would need 7 GB
DISTINCT_PEOPLE = 10_000  # larger crowds repeat these
PAIR_BY_PAIR = "post, pair by pair"


def run(
    sizes: Iterable[int] = SIZES,
    methods: Iterable[str] = tuple(METHODS),
    top: int = 10,
    repeats: int = 5,
    pair_by_pair_people: int = 2,
) -> pd.DataFrame:
    """Time the methods on random people and all occupations; the best of `repeats`.

    sizes: numbers of people, up to a million (above 10,000 there are fewer repeats).
    pair_by_pair_people: on so many a loop that calls predict_proba for each pair, as the
    post's service does, is timed once and scaled up; 0 leaves it out.

    Returns one row for each size and method: people, method, seconds, bare_seconds (the
    yardstick on the same sizes), ratio (of the two) and microseconds (for one person).
    """
    sizes, methods = sorted(set(sizes)), list(methods)
    for people in sizes:
        check_whole("sizes", people, 1, LARGEST, "it is a number of people")
    catalog = load_catalog()
    occupations = encode_occupations(catalog)
    crowd = random_profiles(DISTINCT_PEOPLE)
    for method in methods:
        score_many(crowd[:1], method, top, catalog)  # train and warm up outside the clock
    rows, loop_seconds = [], None
    if pair_by_pair_people:
        some = crowd[:pair_by_pair_people]
        loop_seconds = _fastest([lambda: _pair_by_pair(some, catalog, top)], 1)[0] / len(some)
    with tqdm(total=len(sizes) * len(methods), unit=" measurement", disable=None) as bar:
        for people in sizes:
            persons = np.resize(crowd, (people, crowd.shape[1]))
            bare_times = []
            for method in methods:
                # Measured in turn, so that a busy moment of the machine hits both alike.
                bare, seconds = _fastest(
                    [
                        lambda: _bare(persons, occupations, top),
                        lambda: score_many(persons, method, top, catalog),
                    ],
                    max(1, min(repeats, 5 * BARE_BLOCK // people)),
                )
                bare_times.append(bare)
                rows.append((people, method, seconds, bare))
                bar.update()
            if loop_seconds is not None:
                rows.append((people, PAIR_BY_PAIR, loop_seconds * people, min(bare_times)))
    frame = pd.DataFrame(rows, columns=["people", "method", "seconds", "bare_seconds"])
    frame["ratio"] = frame["seconds"] / frame["bare_seconds"]
    frame["microseconds"] = frame["seconds"] / frame["people"] * 1e6
    return frame


def report(frame: pd.DataFrame) -> str:
    """The measurements as a table for the terminal, with a sentence on what they show."""
    shown = pd.DataFrame(
        {
            "people": frame["people"].map("{:,}".format),
            "method": frame["method"],
            "seconds": frame["seconds"].map("{:,.3f}".format),
            "times bare NumPy": frame["ratio"].map("{:,.2f}".format),
            "microseconds a person": frame["microseconds"].map("{:,.1f}".format),
        }
    )
    at_once = frame[frame["method"] != PAIR_BY_PAIR]
    lines = [
        shown.to_string(index=False),
        "",
        "Bare NumPy is one matrix product and one argpartition; the methods take "
        f"{at_once['ratio'].min():.1f} to {at_once['ratio'].max():.1f} times as long.",
    ]
    smallest, largest = frame["people"].min(), frame["people"].max()
    if largest > smallest:
        costs = at_once.pivot(index="method", columns="people", values="microseconds")
        growth = costs[largest] / costs[smallest]
        lines.append(
            f"Among {largest:,} people one costs {growth.min():.1f} to {growth.max():.1f} times as "
            f"much as among {smallest:,}; 1.0 is exactly linear."
        )
    loop = frame[frame["method"] == PAIR_BY_PAIR]
    if len(loop):
        lines.append(
            f"One predict_proba call for each pair takes {loop['ratio'].median():,.0f} times as "
            "long (timed on a few people and scaled up)."
        )
    return "\n".join(lines)


def _bare(persons: np.ndarray, occupations: np.ndarray, top: int) -> None:
    last = len(occupations) - top
    for start in range(0, len(persons), BARE_BLOCK):
        products = persons[start : start + BARE_BLOCK] @ occupations.T
        np.argpartition(products, last, axis=1)[:, last:]


def _pair_by_pair(persons: np.ndarray, catalog: Catalog, top: int) -> np.ndarray:
    """The same lists as the method "post", the slow way."""
    model, occupations = post_model().model, encode_occupations(catalog)
    scores = [
        [model.predict_proba(pair_features(person, occupation))[0, 1] for occupation in occupations]
        for person in persons
    ]
    return best_positions(np.array(scores), top)


def _fastest(tasks: list[Callable[[], object]], repeats: int) -> list[float]:
    """Seconds of each task, the best of `repeats` rounds."""
    seconds = np.empty((repeats, len(tasks)))
    for row in seconds:
        for column, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            row[column] = time.perf_counter() - start
    return seconds.min(axis=0).tolist()
