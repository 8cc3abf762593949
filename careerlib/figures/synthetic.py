"""Figures of notebooks 02 and 03: synthetic pairs and how similar they are."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from sklearn.decomposition import PCA

from careerlib.encoding import BLOCKS, N_SLOTS
from careerlib.figures import BAD, GOOD, STATED, new, show
from careerlib.synthetic import NOMINAL_SIMILARITY, Pairs

PAIRS = {"train": "training pairs", "test": "test pairs"}
LABEL_COLOURS = {1: GOOD, 0: BAD}


def one_positive_one_negative(pairs: Pairs, occupation: str, positive: int, negative: int) -> None:
    """The vectors of one positive and one negative person beside their occupations."""
    figure, axes = new(3.8, nrows=2, sharex=True, sharey=True)
    distances = []
    for axis, row, name in ((axes[0], positive, "positive"), (axes[1], negative, "negative")):
        person, vector = pairs.persons[row], pairs.occupations[row]
        colour = LABEL_COLOURS[int(pairs.labels[row])]
        axis.bar(range(N_SLOTS), vector, color="0.85", width=0.9, label="occupation")
        axis.plot(range(N_SLOTS), person, "o", color=colour, markersize=3.5, label="person")
        axis.set(ylabel="value", title=f"A {name} pair", xlim=(-1, N_SLOTS))
        axis.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1.18))
        distances.append(np.abs(person - vector).mean())
    for block in list(BLOCKS.values())[1:]:
        for axis in axes:
            axis.axvline(block.start - 0.5, color=STATED, linewidth=0.8)
    centres = [(block.start + block.stop - 1) / 2 for block in BLOCKS.values()]
    axes[1].set_xticks(centres, [name.replace(" ", "\n") for name in BLOCKS])
    axes[1].grid(axis="x", visible=False)
    axes[0].grid(axis="x", visible=False)
    show(figure, (
        f"{occupation}, twice. The positive person follows the occupation slot by slot (mean "
        f"distance {distances[0]:.2f}); the negative person is pure noise ({distances[1]:.2f}), "
        "also in the slots where every occupation is empty."
    ))


def separation(pairs: Pairs) -> None:
    """Cosines of the pairs by label, and the persons on two principal components."""
    figure, axes = new(3.2, ncols=2)
    named = pd.Series(np.where(pairs.labels == 1, "good match", "bad match"))
    colours = {"good match": GOOD, "bad match": BAD}
    sns.histplot(x=pairs.cosines, hue=named, hue_order=list(colours), palette=colours, bins=60,
                 element="step", ax=axes[0])
    axes[0].set(xlabel="cosine of person and occupation", ylabel="pairs")
    sns.move_legend(axes[0], "upper left", title=None)
    points = PCA(2, svd_solver="full").fit(pairs.persons)
    shown = points.transform(pairs.persons)
    sns.scatterplot(x=shown[:, 0], y=shown[:, 1], hue=named, hue_order=list(colours),
                    palette=colours, s=7, linewidth=0, legend=False, ax=axes[1])
    axes[1].set(xlabel="first principal component", ylabel="second")
    lowest = pairs.cosines[pairs.labels == 1].min()
    highest = pairs.cosines[pairs.labels == 0].max()
    gap = (f"between {highest:.2f} and {lowest:.2f} there is no pair at all"
           if lowest > highest else f"they overlap from {lowest:.2f} to {highest:.2f}")
    show(figure, (
        f"Left: cosines of the {len(pairs):,} pairs; {gap}. Right: the persons alone, without any "
        f"occupation, on two principal components ({100 * points.explained_variance_ratio_.sum():.0f}"
        "% of the variance): good and bad matches are two clouds."
    ))


def train_and_test(axis: Axes, curve: pd.DataFrame, x: str) -> None:
    """Lines of training and test accuracy (columns train, test, 0-1) over column `x`."""
    for column, colour, style in (("train", STATED, "--"), ("test", GOOD, "-")):
        axis.plot(curve[x], 100 * curve[column], style, color=colour, marker="o", markersize=3.5,
                  label=PAIRS[column])


def features_needed(curve: pd.DataFrame) -> None:
    """Accuracy against the number of features used.

    curve: features, train and test accuracy (0-1).
    """
    figure, axis = new(2.8)
    train_and_test(axis, curve, "features")
    axis.set_xscale("log")
    axis.set_xticks(curve["features"], curve["features"])
    axis.minorticks_off()
    axis.set(xlabel="features used, best first (chosen on the training pairs)",
             ylabel="accuracy, %")
    axis.legend(loc="lower right")
    perfect = curve[(curve["train"] == 1) & (curve["test"] == 1)]["features"]
    end = (f"{perfect.min()} of {curve['features'].max()} features give 100% on both sides"
           if len(perfect) else "no number of features gives 100% on both sides")
    show(figure, (
        f"One single feature already gives {100 * curve['test'].iloc[0]:.0f}% on the test pairs, "
        f"and {end}."
    ))


def boxes_and_bands(axis: Axes, values: np.ndarray, match_types: np.ndarray) -> list[str]:
    """A box of `values` for each match type, over the band of its name; returns the types."""
    types = list(dict.fromkeys([*NOMINAL_SIMILARITY, *sorted(set(match_types))]))
    types = [name for name in types if (match_types == name).any()]
    sns.boxplot(x=values, y=match_types, order=types, orient="h", color=GOOD, width=0.5,
                fliersize=1.5, linewidth=0.8, ax=axis)
    for row, name in enumerate(types):
        if name in NOMINAL_SIMILARITY:
            low, high = NOMINAL_SIMILARITY[name]
            axis.fill_betweenx([row - 0.42, row + 0.42], low, high, color=BAD, alpha=0.35,
                               linewidth=0, label="what the note says" if row == 0 else None)
    return types


def similarity_by_type(pairs: Pairs, measures: dict[str, np.ndarray]) -> None:
    """Measured similarity of each match type beside the band that its name promises."""
    figure, axes = new(3.7, ncols=len(measures), sharey=True)
    for axis, (measure, values) in zip(axes, measures.items(), strict=True):
        types = boxes_and_bands(axis, values, pairs.match_types)
        axis.set(title=measure, xlabel="similarity", ylabel="")
    axes[0].legend(loc="lower left")
    sentences = []
    for measure, values in measures.items():
        medians = {name: np.median(values[pairs.match_types == name]) for name in types}
        inside = [name for name in types if name in NOMINAL_SIMILARITY
                  and NOMINAL_SIMILARITY[name][0] <= medians[name] <= NOMINAL_SIMILARITY[name][1]]
        listed = ", ".join(f"{name} {median:.2f}" for name, median in medians.items())
        sentences.append(
            f"Medians by {measure}: {listed}; in the band: {', '.join(inside) if inside else 'none'}."
        )
    show(figure, "Measured similarity of each match type (boxes) and the band of its name (shaded). "
         + " ".join(sentences))


def weak_threshold(pairs: Pairs, threshold: float) -> None:
    """Cosines of the weak matches and the threshold that decides their label."""
    figure, axis = new(2.4)
    weak = pairs.cosines[pairs.match_types == "weak"]
    sns.histplot(x=weak, bins=40, color=GOOD, ax=axis)
    axis.axvspan(*NOMINAL_SIMILARITY["weak"], color=BAD, alpha=0.25, label="what the note says")
    axis.axvline(threshold, color=BAD, linewidth=1.5, label="threshold of the label")
    axis.set(xlabel="cosine of person and occupation", ylabel="weak pairs", xlim=(0.25, 1))
    axis.legend(loc="upper center")
    show(figure, (
        f"The {len(weak)} weak matches have cosines from {weak.min():.2f} to {weak.max():.2f}; "
        f"{(weak > threshold).mean():.0%} of them are above the threshold of {threshold:.2f} and "
        "are labelled good."
    ))


def fingerprints(means: pd.DataFrame) -> None:
    """Mean value of the person's slots by match type (rows) and block (columns)."""
    figure, axis = new(2.7)
    sns.heatmap(means, annot=True, fmt=".2f", cmap="cividis", vmin=0, ax=axis,
                cbar_kws={"label": "mean value of the person's slots"})
    axis.set(xlabel="", ylabel="")
    empty = means["interests"]
    show(figure, (
        "Each generator leaves a fingerprint in the person's vector. In the interest slots, which "
        f"are zero for every occupation, '{empty.idxmin()}' persons have {empty.min():.2f} on "
        f"average and '{empty.idxmax()}' persons {empty.max():.2f}: no occupation is needed to "
        "tell them apart."
    ))
