"""Figures of notebook 08: the recommender that listens, judged and explained."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from careerlib.catalog import Catalog
from careerlib.encoding import encode_occupations
from careerlib.figures import BAD, GOOD, new, show
from careerlib.figures.recommendations import COLOURS
from careerlib.figures.synthetic import boxes_and_bands
from careerlib.synthetic import NOMINAL_SIMILARITY, Pairs


def documented_similarity(pairs: Pairs, similarity: np.ndarray) -> None:
    """Similarity of each match type by construction, inside the band of its name."""
    figure, axis = new(2.5)
    boxes_and_bands(axis, similarity, pairs.match_types)
    inside = []
    for name, (low, high) in NOMINAL_SIMILARITY.items():
        values = similarity[pairs.match_types == name]
        inside.append(((values > low - 1e-9) & (values < high + 1e-9)).mean())
    axis.set(xlabel="cosine of the standardised slots", ylabel="")
    axis.legend(loc="upper left")
    show(figure, f"Now the types have the similarity of their names: of strong, moderate, weak and poor "
         f"pairs {min(inside):.0%} to {max(inside):.0%} lie in their band. Partial pairs match in one "
         "block, wrong interests are opposed to the occupation's.")


def ratios(table: pd.DataFrame, names: dict[str, str], bars: dict[str, float]) -> None:
    """Recall as a multiple of a reference's, with intervals, for two kinds of people.

    table: index (people, method), columns estimate, low, high. bars: {people: goal}.
    """
    kinds = list(bars)
    figure, axes = new(2.9, ncols=len(kinds), sharey=True)
    sentences = []
    for axis, kind in zip(axes, kinds, strict=True):
        rows = table.loc[kind]
        axis.barh(rows.index.map(names), rows["estimate"], color=GOOD,
                  xerr=[rows["estimate"] - rows["low"], rows["high"] - rows["estimate"]],
                  error_kw={"elinewidth": 1, "ecolor": "0.2"})
        axis.axvline(1, color="0.3", linewidth=0.8)
        axis.axvline(bars[kind], color=BAD, linestyle="--", linewidth=1, label=f"goal {bars[kind]}×")
        axis.set(title=f"{kind} persons", xlabel="times the recall of the filled cosine")
        axis.grid(axis="y", visible=False)
        axis.legend(loc="upper right")
        best = rows["estimate"].idxmax()
        sentences.append(f"{kind} persons: {names[best]} {rows.loc[best, 'estimate']:.1f} times "
                         f"[{rows.loc[best, 'low']:.1f}, {rows.loc[best, 'high']:.1f}]")
    axes[0].invert_yaxis()
    show(figure, "Recall@10 on occupations that no method was trained on, as a multiple of the cosine "
         f"with filled vectors, with paired 95% intervals. Best for {'; '.join(sentences)}.")


def contributions(parts: pd.DataFrame, title: str) -> None:
    """What each statement adds to one recommendation. parts: statement, block, contribution."""
    figure, axis = new(2.7)
    stated = parts[~parts["block"].isin(["base", "level"])]
    colours = {"skills": COLOURS[0], "interests": COLOURS[1], "work values": COLOURS[2]}
    axis.barh(stated["statement"], stated["contribution"],
              color=[colours[block] for block in stated["block"]])
    for row, value in enumerate(stated["contribution"]):
        axis.text(max(value, 0) + 0.03, row, f"{value:+.2f}", va="center", fontsize=8)
    axis.axvline(0, color="0.3", linewidth=0.8)
    axis.invert_yaxis()
    axis.margins(x=0.1)
    axis.grid(axis="y", visible=False)
    axis.set(title=title, xlabel="adds to the log-odds")
    blocks = stated.groupby("block", sort=False)["contribution"].sum()
    rest = parts["contribution"].sum() - stated["contribution"].sum()
    listed = ", ".join(f"{name} {value:+.2f}" for name, value in blocks.items())
    show(figure, f"{title}: {listed}; the rest, {rest:+.2f}, is the occupation and the level of this "
         f"person's list. In all {parts['contribution'].sum():+.2f}, a probability of "
         f"{1 / (1 + np.exp(-parts['contribution'].sum())):.0%}.")


def people_on_map(lists: dict[str, np.ndarray], catalog: Catalog) -> None:
    """The lists of several people on a map of all occupations (two principal components)."""
    figure, axis = new(4.0)
    vectors = encode_occupations(catalog, fill=True)[:, :47]
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    points = PCA(2, svd_solver="full").fit_transform(standard)
    axis.plot(points[:, 0], points[:, 1], ".", color="0.87", markersize=4)
    for colour, marker, (who, positions) in zip(COLOURS, "osD^v", lists.items(), strict=False):
        axis.plot(points[positions, 0], points[positions, 1], marker, color=colour, markersize=6,
                  label=who, alpha=0.85)
    axis.set(xlabel="first principal component of skills, interests and work values",
             ylabel="second")
    axis.legend(loc="upper center", ncols=len(lists), bbox_to_anchor=(0.5, 1.1))
    k = len(next(iter(lists.values())))
    distinct = len({position for positions in lists.values() for position in positions})
    show(figure, f"The first {k} of {len(lists)} people among {len(catalog)} occupations (grey): "
         f"{distinct} different occupations in {k * len(lists)} places, each list in its own region.")


def served(table: pd.DataFrame) -> None:
    """Share of the lists against share of the catalog, by major group. Columns title, ratio."""
    figure, axis = new(4.6)
    ordered = table.sort_values("ratio")
    axis.barh(ordered["title"].str.removesuffix(" occupations"), ordered["ratio"],
              color=[BAD if ratio < 0.5 else GOOD for ratio in ordered["ratio"]])
    axis.axvline(1, color="0.3", linewidth=0.8)
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="share of the list places, divided by share of the catalog (1 is even)")
    low = ordered[ordered["ratio"] < 0.5]["title"].str.removesuffix(" occupations")
    show(figure, f"From {ordered['ratio'].min():.2f} to {ordered['ratio'].max():.2f} of an even share. "
         + (f"Under half of it: {'; '.join(low)}." if len(low) else "No group gets under half of it."))
