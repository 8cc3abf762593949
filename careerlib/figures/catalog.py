"""Figures of notebook 01: the occupations and who is among them."""

import numpy as np
import pandas as pd
import seaborn as sns

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES, Catalog
from careerlib.encoding import BLOCKS, SLOTS
from careerlib.figures import BAD, FOURTH, GOOD, THIRD, new, show

BOX = {"fliersize": 1.5, "linewidth": 0.8, "width": 0.65}


def ratings(catalog: Catalog) -> None:
    """Distribution of each rating over the occupations, widest blocks side by side."""
    figure, axes = new(6.6, ncols=2, width_ratios=[1.25, 1])
    importance = pd.DataFrame(catalog.skill_importance, columns=SKILLS)
    order = importance.median().sort_values(ascending=False, kind="stable").index
    sns.boxplot(importance[order], orient="h", color=GOOD, ax=axes[0], **BOX)
    axes[0].set(title="Skills: importance", xlabel="1 not important – 5 extremely important")
    others = pd.DataFrame(
        np.hstack([catalog.interests, catalog.work_values]), columns=[*INTERESTS, *WORK_VALUES]
    )
    colours = dict.fromkeys(INTERESTS, BAD) | dict.fromkeys(WORK_VALUES, THIRD)
    sns.boxplot(others, orient="h", palette=colours, ax=axes[1], **BOX)
    axes[1].set(title="Interests, work values", xlabel="1 – 7")
    spread = others[list(INTERESTS)].std()
    show(figure, (
        f"Each box is one rating over {len(catalog)} occupations. {order[0]} and {order[1]} are "
        f"the skills with the highest median importance ({importance[order[0]].median():.1f} and "
        f"{importance[order[1]].median():.1f} of 5); {order[-1]} has the lowest "
        f"({importance[order[-1]].median():.1f}). The interest that varies most between "
        f"occupations is {spread.idxmax()} (standard deviation {spread.max():.1f} points)."
    ))


def slots(vector: np.ndarray, title: str) -> None:
    """The 50 slots of one occupation's vector, named and coloured by block."""
    figure, axis = new(3.6)
    colours = np.array([GOOD] * 35 + [BAD] * 6 + [THIRD] * 6 + [FOURTH] * 3)
    axis.bar(range(len(SLOTS)), vector, color=colours, width=0.75)
    empty = np.flatnonzero(vector == 0)
    axis.plot(empty, np.zeros(len(empty)), "x", color="0.2", markersize=4, clip_on=False)
    axis.set_xticks(range(len(SLOTS)), SLOTS, rotation=90, fontsize=6.5)
    axis.set(title=title, ylabel="value in the vector", xlim=(-0.7, len(SLOTS) - 0.3), ylim=(0, 1))
    axis.grid(axis="x", visible=False)
    for height, (name, block) in zip((0.94, 0.94, 0.84, 0.94), BLOCKS.items(), strict=True):
        centre = (block.start + block.stop - 1) / 2
        axis.text(centre, height, name, ha="center", fontsize=8, color=colours[block.start])
    filled = {name: int((vector[block] > 0).sum()) for name, block in BLOCKS.items()}
    show(figure, (
        f"The vector of {title}. Of its {len(SLOTS)} slots {len(empty)} are zero (crosses): filled "
        + ", ".join(f"{filled[name]} of {block.stop - block.start} {name}"
                    for name, block in BLOCKS.items()) + "."
    ))


def missing_groups(coverage: pd.DataFrame) -> None:
    """Jobs by SOC major group, and how many of them the post's occupations cover.

    coverage: one row for each group with title, jobs and covered (millions).
    """
    figure, axis = new(5.0)
    names = coverage["title"].str.removesuffix(" occupations")
    axis.barh(names, coverage["jobs"], color="0.85", label="not in the post's catalog")
    axis.barh(names, coverage["covered"], color=GOOD, label="in the post's catalog")
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="jobs in 2024, millions")
    axis.legend(loc="upper right", bbox_to_anchor=(1, 0.92))
    none = coverage[coverage["covered"] == 0]
    largest = none.loc[none["jobs"].idxmax()]
    share = coverage["covered"].sum() / coverage["jobs"].sum()
    show(figure, (
        f"The post's catalog has occupations of {len(coverage) - len(none)} of the "
        f"{len(coverage)} major groups and {100 * share:.0f}% of the jobs. The largest group "
        f"without any is {largest['title'].removesuffix(' occupations')}, "
        f"{largest['jobs']:.1f} million jobs."
    ))


def wage_and_zone(catalog: Catalog) -> None:
    """Median wage against job zone: the two sources in one picture."""
    figure, axis = new(2.9)
    table = catalog.table.dropna(subset="median_wage")
    wages = table["median_wage"] / 1000
    sns.boxplot(x=wages, y=table["job_zone"], orient="h", color=GOOD, ax=axis, **BOX)
    capped = table[table["wage_top_coded"]]
    axis.plot(capped["median_wage"] / 1000, capped["job_zone"] - 1, "|", color=BAD, markersize=14,
              label="top-coded: at least this much")
    axis.set(xlabel="median wage 2024, thousand dollars a year", ylabel="job zone")
    axis.legend(loc="upper right")
    medians = wages.groupby(table["job_zone"]).median()
    show(figure, (
        f"Wages rise with the preparation that an occupation needs: the middle occupation of job "
        f"zone {medians.index[0]} pays {medians.iloc[0]:.0f} thousand dollars, that of zone "
        f"{medians.index[-1]} {medians.iloc[-1]:.0f} thousand. {len(capped)} wages are only known "
        "to be at least the figure."
    ))
