"""Figures of notebooks 05 and 06: lists for people, and how they are judged."""

import numpy as np
import pandas as pd

from careerlib.figures import BAD, FOURTH, GOOD, STATED, THIRD, new, show

COLOURS = (GOOD, BAD, THIRD, FOURTH, "0.35")
METHOD_NAMES = {
    "random": "random order", "most_employed": "most jobs", "post": "the post's model",
    "cosine": "cosine (baseline)", "cosine_filled": "cosine, filled in", "interests": "interests",
}


def contributions(parts: pd.Series, title: str) -> None:
    """How a log-odds adds up, part by part, from left to right.

    parts: {name: contribution to the log-odds}, in the order of adding.
    """
    figure, axis = new(2.4)
    ends = parts.cumsum()
    starts = ends - parts
    axis.barh(parts.index, parts, left=starts, color=[GOOD if part > 0 else BAD for part in parts])
    for row, (name, part) in enumerate(parts.items()):
        axis.text(max(starts[name], ends[name]) + 0.03, row, f"{part:+.2f}", va="center", fontsize=8)
    axis.axvline(ends.iloc[-1], color=STATED, linestyle="--", linewidth=1, label="sum")
    axis.legend(loc="upper right")
    axis.margins(x=0.12)
    axis.axvline(0, color="0.3", linewidth=0.8)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="log-odds of a good match", title=title)
    listed = ", ".join(f"{name} {part:+.2f}" for name, part in parts.items())
    show(figure, f"{title}: {listed}, in all {ends.iloc[-1]:+.2f}, which is a probability of "
         f"{1 / (1 + np.exp(-ends.iloc[-1])):.1%}.")


def score_lines(scores: pd.DataFrame) -> None:
    """Scores of the occupations for several people, occupations in the order of the first.

    scores: (occupations, people), 0 to 1, occupations sorted by the first person's score.
    """
    figure, axis = new(3.0)
    crossings = 0
    dashes = ("-", "-", "--", "-", "-")  # two people may have nearly the same level
    for colour, dash, (name, values) in zip(COLOURS, dashes, scores.items(), strict=False):
        axis.plot(np.arange(1, len(values) + 1), 100 * values, dash, color=colour, label=name)
        crossings += int((np.diff(values) > 1e-12).sum())
    axis.set(xlabel=f"occupations, in the order of {scores.columns[0]}'s scores",
             ylabel="score, %")
    axis.legend(title=None, ncols=len(scores.columns), loc="upper center",
                bbox_to_anchor=(0.5, 1.16))
    tops = ", ".join(f"{name} {100 * values.iloc[0]:.0f}%" for name, values in scores.items())
    end = ("No curve ever rises: everybody's list has the same order, only the level differs"
           if crossings == 0 else f"The curves rise {crossings} times: the orders differ")
    show(figure, f"Scores of {len(scores)} occupations for {len(scores.columns)} people. {end} "
         f"(first place: {tops}).")


def levels(tops: np.ndarray) -> None:
    """Distribution over people of the score of their best occupation (0-1)."""
    figure, axis = new(2.3)
    axis.hist(100 * tops, bins=40, color=GOOD)
    for low, word in ((80, "High"), (60, "Medium"), (40, "Low")):
        axis.axvline(low, color=STATED, linewidth=1, linestyle="--")
        axis.text(low + 0.5, axis.get_ylim()[1] * 0.92, word, fontsize=8, color="0.35")
    axis.set(xlabel="score of the first place, %", ylabel="people")
    low, high = 100 * np.quantile(tops, [0.025, 0.975])
    show(figure, (
        f"The best score of {len(tops):,} random profiles, all for the same occupation: from "
        f"{low:.0f}% to {high:.0f}% (95% of people). {(tops >= 0.8).mean():.0%} of them read "
        "“High”."
    ))


def overlaps(table: pd.DataFrame) -> None:
    """Mean number of shared places between each method's list and the cosine's.

    table: method, overlap, k.
    """
    figure, axis = new(2.2)
    axis.barh(table["method"].map(METHOD_NAMES), table["overlap"], color=GOOD)
    for row, value in enumerate(table["overlap"]):
        axis.text(value + 0.05, row, f"{value:.2f}", va="center", fontsize=8)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    k = int(table["k"].iloc[0])
    axis.set(xlabel=f"occupations shared with the baseline's list, of {k}", xlim=(0, k))
    listed = ", ".join(f"{METHOD_NAMES[name]} {value:.2f}" for name, value in
                       zip(table["method"], table["overlap"], strict=True))
    show(figure, f"Mean overlap with the baseline's list of {k}: {listed}. They all differ from it, the "
         "useful and the useless alike.")


def judged(tables: dict[str, pd.DataFrame], metric: str, label: str) -> None:
    """A metric with its interval for each method, one panel for each {title: table}.

    tables: as evaluation.compare returns them.
    """
    figure, axes = new(3.9, nrows=2, ncols=2, sharey=True, sharex=True)
    for axis, (title, table) in zip(axes.flat, tables.items(), strict=True):
        estimate = table[metric]
        errors = [estimate - table[f"{metric}_low"], table[f"{metric}_high"] - estimate]
        colours = [BAD if name == "post" else GOOD for name in table.index]
        axis.barh(table.index.map(METHOD_NAMES), estimate, xerr=errors, color=colours,
                  error_kw={"elinewidth": 1, "ecolor": "0.2"})
        axis.grid(axis="y", visible=False)
        axis.set(title=title)
    axes[0, 0].invert_yaxis()
    for axis in axes[1]:
        axis.set(xlabel=label)
    sentences = [
        f"{title}: the post's model {table.loc['post', metric]:.3f}, random "
        f"{table.loc['random', metric]:.3f}, the best {table[metric].max():.3f} "
        f"({METHOD_NAMES[table[metric].idxmax()]})"
        for title, table in tables.items()
    ]
    best = max(table[metric].max() / table.loc["post", metric] for table in tables.values())
    show(figure, f"The best simple method finds up to {best:.0f} times as many relatives as the post's "
         f"model. {label}, with 95% intervals over occupations. {'; '.join(sentences)}.")
