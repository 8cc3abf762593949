"""Figures of notebook 04: what the trained model does, and what its accuracy means."""

import numpy as np
import pandas as pd
import seaborn as sns
from sklearn.calibration import calibration_curve

from careerlib.encoding import DIFFERENCE, OCCUPATION, PERSON
from careerlib.figures import BAD, GOOD, STATED, THIRD, new, show
from careerlib.figures.synthetic import train_and_test
from careerlib.training import Trained


def confusion(matrix: list[list[int]]) -> None:
    """Confusion matrix of the test pairs: true labels as rows, predicted as columns."""
    figure, axis = new(2.5)
    names = ["bad match", "good match"]
    frame = pd.DataFrame(matrix, index=names, columns=names)
    sns.heatmap(frame, annot=True, fmt="d", cmap="Blues", cbar=False, ax=axis,
                annot_kws={"fontsize": 12})
    axis.set(xlabel="predicted", ylabel="true")
    (_, false_good), (missed, _) = matrix
    show(figure, (
        f"Of {sum(map(sum, matrix))} test pairs, {false_good} bad matches were taken for good and "
        f"{missed} good ones were missed: the model errs toward recommending."
        if false_good > missed else
        f"Of {sum(map(sum, matrix))} test pairs, {false_good} bad matches were taken for good and "
        f"{missed} good ones were missed: the model errs toward refusing."
    ))


def accuracy_by_type(table: pd.DataFrame) -> None:
    """Share of test pairs classified right, by match type.

    table: match_type, pairs, accuracy (0-1).
    """
    figure, axis = new(2.5)
    colours = [GOOD if value >= 0.6 else BAD for value in table["accuracy"]]
    axis.barh(table["match_type"], 100 * table["accuracy"], color=colours)
    axis.invert_yaxis()
    for row, (value, count) in enumerate(zip(table["accuracy"], table["pairs"], strict=True)):
        axis.text(100 * value + 1, row, f"{100 * value:.0f}% of {count}", va="center", fontsize=8)
    axis.set(xlabel="test pairs classified right, %", xlim=(0, 118))
    axis.grid(axis="y", visible=False)
    low = table[table["accuracy"] < 0.6]["match_type"]
    show(figure, (
        "The accuracy is not one number but a mixture: "
        + ", ".join(f"{name} {100 * value:.0f}%" for name, value in
                    zip(table["match_type"], table["accuracy"], strict=True))
        + (f". Mostly missed (or hardly better than a coin): {', '.join(low)}." if len(low) else ".")
    ))


def calibration(trained: Trained) -> None:
    """Predicted probability against the share of good matches, in ten equal-sized bins."""
    figure, axis = new(2.9)
    share, predicted = calibration_curve(
        trained.y_test, trained.test_scores, n_bins=10, strategy="quantile"
    )
    axis.plot([0, 1], [0, 1], "--", color=STATED, label="perfectly calibrated")
    axis.plot(predicted, share, "o-", color=GOOD, label="logistic regression")
    axis.set(xlabel="predicted probability of a good match", ylabel="share of good matches")
    axis.legend(loc="upper left")
    worst = np.argmax(np.abs(share - predicted))
    show(figure, (
        f"Ten groups of about {len(trained.y_test) // 10} test pairs. The probabilities are off by "
        f"{np.abs(share - predicted).mean():.2f} on average, most where the model says "
        f"{predicted[worst]:.2f} and {share[worst]:.2f} are good. This holds for these synthetic "
        "pairs and their share of good matches, nothing else."
    ))


def learning_curve(curve: pd.DataFrame) -> None:
    """Accuracy against the number of training pairs. curve: pairs, train, test (0-1)."""
    figure, axis = new(2.8)
    train_and_test(axis, curve, "pairs")
    axis.set_xscale("log")
    axis.set_xticks(curve["pairs"], [f"{pairs:,}" for pairs in curve["pairs"]])
    axis.minorticks_off()
    axis.set(xlabel="training pairs", ylabel="accuracy, %")
    axis.legend()
    first, last = curve.iloc[0], curve.iloc[-1]
    show(figure, (
        f"With {first['pairs']:.0f} training pairs the model is at {100 * first['train']:.0f}% "
        f"on them and {100 * first['test']:.0f}% on the test pairs: there it overfits. With "
        f"{last['pairs']:,.0f} both are within "
        f"{100 * abs(last['train'] - last['test']):.1f} points of each other, at "
        f"{100 * last['test']:.1f}% on the test pairs: more of the same data does not help any further."
    ))


def coefficients(trained: Trained) -> None:
    """The 150 coefficients in their three blocks; zeros are marked."""
    figure, axes = new(3.4, nrows=3, sharex=True, sharey=True)
    values = trained.coefficients
    for axis, name, block in zip(axes, ("person", "occupation", "person − occupation"),
                                 (PERSON, OCCUPATION, DIFFERENCE), strict=True):
        part = values[block]
        axis.bar(range(len(part)), part, color=np.where(part > 0, "C0", "C1"), width=0.8)
        zeros = np.flatnonzero(part == 0)
        axis.plot(zeros, np.zeros(len(zeros)), "x", color="0.1", markersize=5)
        axis.set(ylabel=name.replace(" − ", "\n− "))
        axis.grid(axis="x", visible=False)
    axes[-1].set_xticks([17, 37.5, 43.5, 48], ["35 skills", "interests", "work\nvalues", "constraints"])
    figure.supylabel("log-odds per standard deviation", fontsize=8)
    constant = (trained.X_train.std(axis=0) == 0).sum()
    show(figure, (
        f"{np.count_nonzero(values)} of {len(values)} coefficients are not zero, from "
        f"{values.min():.3f} to {values.max():.3f}. The {(values == 0).sum()} zeros (crosses) all "
        f"sit among the occupation's slots; {constant} columns of the training data are constant."
    ))


def controls(table: pd.DataFrame, always: float) -> None:
    """Test accuracy of the post's model and the controls.

    table: model, train, test (0-1). always: accuracy of always giving the same answer.
    """
    figure, axis = new(2.6)
    colours = [GOOD, *[THIRD] * (len(table) - 1)]
    axis.barh(table["model"], 100 * table["test"], color=colours)
    axis.invert_yaxis()
    axis.axvline(100 * always, color="0.2", linestyle="--", linewidth=1)
    for row, value in enumerate(table["test"]):
        axis.text(100 * value + 1, row, f"{100 * value:.1f}%", va="center", fontsize=8,
                  bbox={"color": "white", "pad": 0.5})
    axis.set(xlabel=f"test accuracy, % (dashed: always the same answer, {100 * always:.0f}%)",
             xlim=(0, 112))
    axis.grid(axis="y", visible=False)
    shown = [f"{name} {100 * value:.1f}%" for name, value in
             zip(table["model"], table["test"], strict=True)]
    show(figure, f"Test accuracy on the same pairs: {'; '.join(shown)}. Always the same answer: "
         f"{100 * always:.0f}%.")


def seeds(accuracies: np.ndarray, stated: float) -> None:
    """Test accuracy over seeds, with the stated one marked."""
    figure, axis = new(2.5)
    sns.histplot(x=100 * accuracies, binwidth=0.5, color=GOOD, ax=axis)
    axis.axvline(100 * stated, color=BAD, linewidth=2, label="this notebook's seed")
    axis.set(xlabel="test accuracy, %", ylabel="seeds")
    axis.legend(loc="upper left")
    low, middle, high = 100 * np.quantile(accuracies, [0.025, 0.5, 0.975])
    rank = 100 * (accuracies < stated).mean()
    show(figure, (
        f"Over {len(accuracies)} seeds the test accuracy lies between {low:.1f}% and {high:.1f}% "
        f"(95% of seeds), with a median of {middle:.1f}%. The stated {100 * stated:.2f}% beats "
        f"{rank:.0f}% of the seeds: an ordinary draw."
    ))


def precision_by_share(curve: pd.DataFrame, share_here: float) -> None:
    """Precision against the share of good matches among the candidates.

    curve: share, precision (both 0-1).
    """
    figure, axis = new(2.7)
    axis.plot(100 * curve["share"], 100 * curve["precision"], color=GOOD)
    axis.axvline(100 * share_here, color=STATED, linestyle="--", linewidth=1,
                 label="share in the synthetic pairs")
    axis.set_xscale("log")
    axis.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
    axis.minorticks_off()
    axis.set(xlabel="good matches among the candidates, %", ylabel="precision, %", ylim=(0, 102))
    axis.legend(loc="upper left")
    at = np.interp([0.01, 0.05], curve["share"], curve["precision"])
    show(figure, (
        "The same error rates, with other shares of good matches among the candidates: where one "
        f"occupation in a hundred is good, {100 * at[0]:.0f}% of the recommended ones are; with "
        f"five in a hundred, {100 * at[1]:.0f}%."
    ))
