"""The ledger: what the two documents claim, what we measured, and a verdict by rule.

Each claim names the measurements it needs and a rule that turns them into a verdict.
The rules compare; they never look at the claim they belong to, so a verdict turns when
the measurement does.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

REPRODUCED = "reproduced"
MISLEADING = "reproduced, but misleading"
NOT_SUPPORTED = "not supported"
UNTESTABLE = "cannot be tested here"
VERDICTS = (REPRODUCED, MISLEADING, NOT_SUPPORTED, UNTESTABLE)
OTHER_SETTINGS = "other settings"
NOT_RUN = "not run"

NOTE = "training note"
POST = "post"

# The settings behind the documents' figures; a run with others is not compared with them.
POST_SETTINGS: dict[str, dict[str, object]] = {
    "01_data_loading": {},
    "02_naive_synthetic_data": {"seed": 42, "n_samples": 2000},
    "03_production_synthetic_data": {
        "seed": 42, "n_samples": 3000,
        "share_strong": 0.25, "share_moderate": 0.20, "share_weak": 0.15,
        "share_poor": 0.25, "share_partial": 0.10, "share_wrong_interests": 0.05,
    },
}
POST_SETTINGS["04_training_and_metrics"] = POST_SETTINGS["03_production_synthetic_data"]


@dataclass(frozen=True)
class Judgement:
    """The outcome of a rule: the measured value in words, a verdict, and the reason."""

    measured: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Claim:
    """One statement of a document, in our words.

    rule: takes the measurements of `notebook` and returns a Judgement.
    """

    id: str
    document: str
    claim: str
    stated: str
    notebook: str
    rule: Callable[[Mapping], Judgement]


def figure(key: str, stated: float, digits: int = 0, unit: str = "", scale: float = 1) -> Callable:
    """Rule for a stated figure: reproduced if it is equal at the printed digits."""

    def rule(m: Mapping) -> Judgement:
        value = m[key] * scale
        measured = f"{value:,.{digits}f}{unit}"
        if measured == f"{stated:,.{digits}f}{unit}":
            return Judgement(measured, REPRODUCED, "equal at the printed digits")
        return Judgement(measured, NOT_SUPPORTED, "differs at the printed digits")

    return rule


def percent(value: float, digits: int = 0) -> str:
    return f"{100 * value:.{digits}f}%"


def _data_sources(m: Mapping) -> Judgement:
    share, groups = m["employment_share_post"], m["groups_in_post"]
    measured = (f"{m['n_post']} occupations, {groups} of {m['groups_total']} major groups, "
                f"{percent(share)} of US jobs")
    if share < 0.5 or groups < m["groups_total"]:
        return Judgement(measured, MISLEADING,
                         "the sources are right, but only the first codes in sorting order are used")
    return Judgement(measured, REPRODUCED, "the sources are used as a whole")


def _half_of(first: str, second: str) -> Callable:
    """Rule for a figure that both documents give as 100% / 100%."""

    def rule(m: Mapping) -> Judgement:
        measured = f"{percent(m[first])} / {percent(m[second])}"
        good = measured == "100% / 100%" and m[first] == m[second] == 1
        return Judgement(measured, REPRODUCED if good else NOT_SUPPORTED,
                         "every pair is classified right" if good else "some pairs are not")

    return rule


def _too_simple(m: Mapping) -> Judgement:
    low, high = m["lowest_positive_cosine"], m["highest_negative_cosine"]
    measured = f"positives from {low:.2f}, negatives up to {high:.2f}"
    if low > high:
        return Judgement(measured, REPRODUCED, "one threshold on the cosine separates all pairs")
    return Judgement(measured, NOT_SUPPORTED, "no threshold on the cosine separates all pairs")


def _overfitted(m: Mapping) -> Judgement:
    gap = m["train_accuracy"] - m["test_accuracy"]
    measured = f"train minus test: {100 * gap:.1f} points"
    if gap < 0.02:
        return Judgement(
            measured, NOT_SUPPORTED,
            "an overfitted model is worse on held-out pairs; here both are equal, the task is easy",
        )
    return Judgement(measured, REPRODUCED, "the model is worse on pairs that it has not seen")


def _shares(m: Mapping) -> Judgement:
    shares = [round(100 * share, 1) for share in m["shares"].values()]
    good = shares == [25, 20, 15, 25, 10, 5]
    return Judgement(" / ".join(f"{share:g}" for share in shares) + "%",
                     REPRODUCED if good else NOT_SUPPORTED,
                     "counted over the pairs" if good else "the counts differ")


def _band(match_type: str, low: float, high: float) -> Callable:
    """Rule for a nominal similarity: most pairs must have it, by the note's own cosine."""

    def rule(m: Mapping) -> Judgement:
        inside, median = m["share_in_band"][match_type], m["median_cosine"][match_type]
        by_correlation = m["share_in_band_by_correlation"][match_type]
        measured = (f"median cosine {median:.2f}; in the band: {percent(inside)} of pairs "
                    f"(by correlation {percent(by_correlation)})")
        if inside >= 0.5:
            return Judgement(measured, REPRODUCED, "most pairs have the similarity of their name")
        where = "higher" if median > high else "lower" if median < low else "too spread out"
        return Judgement(measured, NOT_SUPPORTED,
                         f"the cosine, by which the generator itself labels, is {where}")

    return rule


def _weak_ambiguous(m: Mapping) -> Judgement:
    good = m["share_good"]["weak"]
    measured = f"{percent(good)} of weak matches labelled good"
    if 0.1 <= good <= 0.9:
        return Judgement(measured, REPRODUCED, "both labels occur")
    return Judgement(measured, NOT_SUPPORTED,
                     f"the lowest weak cosine, {m['lowest_cosine']['weak']:.2f}, is on one side of "
                     f"the threshold {m['weak_threshold']:.2f}, so the label never varies")


def _nonzero(m: Mapping) -> Judgement:
    zeros, constant = m["zero_coefficients"], m["constant_features"]
    measured = f"{m['nonzero_coefficients']} of {m['n_features']}"
    if m["nonzero_coefficients"] != 137:
        return Judgement(measured, NOT_SUPPORTED, "the count differs")
    if zeros == constant:
        return Judgement(measured, MISLEADING,
                         f"the other {zeros} are columns that never vary; non-zero only means "
                         "that a column varies")
    return Judgement(measured, REPRODUCED, "the model set the others to zero")


def _features(m: Mapping) -> Judgement:
    measured = f"{m['n_features']} features, {m['constant_features']} of them constant"
    if m["n_features"] != 150:
        return Judgement(measured, NOT_SUPPORTED, "the count differs")
    if m["constant_features"]:
        return Judgement(measured, MISLEADING,
                         "interests and work values of occupations were never filled in")
    return Judgement(measured, REPRODUCED, "every feature varies")


def _realistic(m: Mapping) -> Judgement:
    forest = m["random_forest_accuracy"]
    measured = f"random forest on the same pairs: {percent(forest, 1)}"
    if forest > 0.95:
        return Judgement(measured, NOT_SUPPORTED,
                         "the pairs are as easy to see through as before; the linear model is "
                         "what falls short")
    return Judgement(measured, REPRODUCED, "a flexible model does not do much better")


def _learned_matching(m: Mapping) -> Judgement:
    low, high = m["full_minus_person_interval"]
    measured = (f"all features minus person alone: {100 * m['full_minus_person']:+.1f} points "
                f"[{100 * low:+.1f}, {100 * high:+.1f}]")
    if low > 0:
        return Judgement(measured, REPRODUCED, "the occupation's features add accuracy")
    return Judgement(measured, NOT_SUPPORTED,
                     "the person's vector alone predicts the label as well, without any occupation")


def _expected_range(m: Mapping) -> Judgement:
    low, high = m["accuracy_over_seeds_range"]
    measured = f"{percent(low, 1)} to {percent(high, 1)} over {m['n_seeds']} seeds"
    if low >= 0.70 and high <= 0.85:
        return Judgement(measured, REPRODUCED, "every seed lies in the range")
    return Judgement(measured, NOT_SUPPORTED, "some seeds lie outside the range")


def _production_ready(m: Mapping) -> Judgement:
    worst = min(m["accuracy_by_match_type"], key=m["accuracy_by_match_type"].get)
    value = m["accuracy_by_match_type"][worst]
    measured = f"'{worst}': {percent(value)} right"
    if value < 0.5:
        return Judgement(measured, NOT_SUPPORTED,
                         "the cases added as challenging are the ones the model gets wrong")
    return Judgement(measured, REPRODUCED, "every match type is mostly right")


def _seventy_eight_of_hundred(m: Mapping) -> Judgement:
    measured = (f"precision {percent(m['precision'])} where {percent(m['share_good'])} are good; "
                f"{percent(m['precision_at_one_in_twenty'])} where 5% are")
    if m["precision_at_one_in_twenty"] > 0.75:
        return Judgement(measured, REPRODUCED, "the precision does not depend on the share of good")
    return Judgement(measured, NOT_SUPPORTED,
                     "accuracy on pairs says nothing about the share of good ones in a list")


NB01, NB02, NB03, NB04 = POST_SETTINGS

CLAIMS: list[Claim] = [
    Claim("data-sources", POST, "Built on O*NET Database 30.1 and BLS Employment Projections",
          "O*NET 30.1, BLS", NB01, _data_sources),
    Claim("naive-accuracy", NOTE, "The original script reaches 100% on training and test pairs",
          "100% / 100%", NB02, _half_of("train_accuracy", "test_accuracy")),
    Claim("naive-too-simple", NOTE, "The original pairs are too simple and perfectly separable",
          "separable", NB02, _too_simple),
    Claim("naive-overfitted", f"{NOTE}, {POST}", "100% means that the model overfitted",
          "overfitted", NB02, _overfitted),
    Claim("pairs", POST, "3,000 synthetic pairs", "3,000", NB03, figure("n_pairs", 3000)),
    Claim("shares", NOTE, "The six match types have these shares", "25 / 20 / 15 / 25 / 10 / 5%",
          NB03, _shares),
    Claim("strong-similarity", f"{NOTE}, {POST}", "Strong matches are 70–90% similar", "70–90%",
          NB03, _band("strong", 0.7, 0.9)),
    Claim("moderate-similarity", f"{NOTE}, {POST}", "Moderate matches are 50–70% similar",
          "50–70%", NB03, _band("moderate", 0.5, 0.7)),
    Claim("weak-similarity", f"{NOTE}, {POST}", "Weak matches are 30–50% similar", "30–50%",
          NB03, _band("weak", 0.3, 0.5)),
    Claim("poor-similarity", f"{NOTE}, {POST}", "Poor matches are 0–30% similar", "0–30%",
          NB03, _band("poor", 0.0, 0.3)),
    Claim("weak-ambiguous", f"{NOTE}, {POST}", "Weak matches are borderline, ambiguous cases",
          "ambiguous", NB03, _weak_ambiguous),
    Claim("train-accuracy", NOTE, "Training accuracy of the production model", "78.58%", NB04,
          figure("train_accuracy", 78.58, 2, "%", 100)),
    Claim("test-accuracy", f"{NOTE}, {POST}", "Test accuracy of the production model", "78.00%",
          NB04, figure("test_accuracy", 78.00, 2, "%", 100)),
    Claim("precision", NOTE, "Precision of good matches", "79%", NB04,
          figure("precision", 79, 0, "%", 100)),
    Claim("recall", NOTE, "Recall of good matches", "87%", NB04,
          figure("recall", 87, 0, "%", 100)),
    Claim("f1", NOTE, "F1 score of good matches", "83%", NB04, figure("f1", 83, 0, "%", 100)),
    Claim("features", POST, "150 features: person, occupation and their difference", "150", NB04,
          _features),
    Claim("features-matter", POST, "137 of the 150 features actually matter", "137", NB04,
          _nonzero),
    Claim("learned-matching", POST, "The model learned to tell good matches from bad ones",
          "learned", NB04, _learned_matching),
    Claim("expected-accuracy", NOTE, "Production training gives 70–85% accuracy", "70–85%", NB04,
          _expected_range),
    Claim("realistic", f"{NOTE}, {POST}",
          "78% is realistic, what can be expected of this type of problem", "realistic", NB04,
          _realistic),
    Claim("production-ready", NOTE, "Challenging cases make the model ready for production",
          "ready", NB04, _production_ready),
    Claim("accuracy-is-precision", NOTE,
          "78% accuracy means that 78% of recommendations will be good matches", "78%", NB04,
          _seventy_eight_of_hundred),
]


def ledger(records: Mapping[str, Mapping], notebook: str | None = None) -> pd.DataFrame:
    """All claims (or those of one notebook) with measured value, verdict and reason.

    records: {notebook: what its Record wrote}. A claim whose notebook has no record is
    "not run"; one whose notebook ran with other settings is not compared.
    """
    rows = []
    for claim in CLAIMS:
        if notebook is not None and claim.notebook != notebook:
            continue
        judgement = _judge(claim, records.get(claim.notebook))
        rows.append({
            "id": claim.id, "document": claim.document, "claim": claim.claim,
            "stated": claim.stated, "measured": judgement.measured,
            "verdict": judgement.verdict, "reason": judgement.reason, "notebook": claim.notebook,
        })
    return pd.DataFrame(rows)


def _judge(claim: Claim, record: Mapping | None) -> Judgement:
    if record is None:
        return Judgement("", NOT_RUN, "no measurements of this notebook")
    changed = changed_settings(claim.notebook, record["parameters"])
    if not changed:
        return claim.rule(record["measurements"])
    try:
        measured = claim.rule(record["measurements"]).measured
    except KeyError:  # with other settings there may be nothing of a kind to measure
        measured = ""
    return Judgement(measured, OTHER_SETTINGS, changed)


def changed_settings(notebook: str, parameters: Mapping) -> str:
    """The settings that differ from the documents', in words; "" where none does."""
    return ", ".join(
        f"{name} = {parameters[name]} (post: {value})"
        for name, value in POST_SETTINGS.get(notebook, {}).items()
        if parameters.get(name) != value
    )


def read_records(outputs: Path) -> dict[str, dict]:
    """What the notebooks recorded in `outputs`/metrics, by notebook."""
    paths = sorted((outputs / "metrics").glob("*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


def headline(verdicts: Sequence[str]) -> str:
    """One sentence that counts the verdicts."""
    counts = Counter(verdicts)
    ordered = [*VERDICTS, *sorted(set(counts) - set(VERDICTS))]
    parts = [f"{counts[verdict]} {verdict}" for verdict in ordered if counts[verdict]]
    return f"Of {len(verdicts)} claims: {'; '.join(parts)}."
