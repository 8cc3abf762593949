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

from careerlib import verdicts
from careerlib.verdicts import (
    MISLEADING,
    NOT_SUPPORTED,
    REPRODUCED,
    UNTESTABLE,
    VERDICTS,
    Judgement,
)

__all__ = [
    "CLAIMS", "MISLEADING", "NOT_RUN", "NOT_SUPPORTED", "OTHER_SETTINGS", "POST_SETTINGS",
    "REPRODUCED", "UNTESTABLE", "VERDICTS", "Claim", "changed_settings", "headline", "ledger",
    "read_records",
]

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
POST_SETTINGS["05_sarah_walkthrough"] = {"profile": "", "seed": 42, "n_random": 1000}
POST_SETTINGS["07_openai_explanations"] = {"explainer": "template"}
POST_SETTINGS["08_a_recommender_that_listens"] = {
    "seed": 0, "n_folds": 2, "n_random": 1000, "k": 10,
}
POST_SETTINGS["06_baseline_comparison"] = {"seed": 42, "n_random": 1000, "k": 10}


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


NB01, NB02, NB03, NB04, NB05, NB06, NB07, NB08 = sorted(POST_SETTINGS)


CLAIMS: list[Claim] = [
    Claim("data-sources", POST, "Built on O*NET Database 30.1 and BLS Employment Projections",
          "O*NET 30.1, BLS", NB01, verdicts.data_sources),
    Claim("naive-accuracy", NOTE, "The original script reaches 100% on training and test pairs",
          "100% / 100%", NB02, verdicts.half_of("train_accuracy", "test_accuracy")),
    Claim("naive-too-simple", NOTE, "The original pairs are too simple and perfectly separable",
          "separable", NB02, verdicts.too_simple),
    Claim("naive-overfitted", f"{NOTE}, {POST}", "100% means that the model overfitted",
          "overfitted", NB02, verdicts.overfitted),
    Claim("naive-shows-ml", NOTE, "100% on the original pairs shows that ML works", "works", NB02,
          verdicts.needs_ml),
    Claim("naive-generalizes", NOTE, "The original model will not generalize to real data",
          "will not", NB02, verdicts.untestable("no real user's data are at hand")),
    Claim("pairs", POST, "3,000 synthetic pairs", "3,000", NB03, verdicts.figure("n_pairs", 3000)),
    Claim("shares", NOTE, "The six match types have these shares", "25 / 20 / 15 / 25 / 10 / 5%",
          NB03, verdicts.shares),
    Claim("strong-similarity", f"{NOTE}, {POST}", "Strong matches are 70–90% similar", "70–90%",
          NB03, verdicts.band("strong", 0.7, 0.9)),
    Claim("moderate-similarity", f"{NOTE}, {POST}", "Moderate matches are 50–70% similar",
          "50–70%", NB03, verdicts.band("moderate", 0.5, 0.7)),
    Claim("weak-similarity", f"{NOTE}, {POST}", "Weak matches are 30–50% similar", "30–50%",
          NB03, verdicts.band("weak", 0.3, 0.5)),
    Claim("poor-similarity", f"{NOTE}, {POST}", "Poor matches are 0–30% similar", "0–30%",
          NB03, verdicts.band("poor", 0.0, 0.3)),
    Claim("weak-ambiguous", f"{NOTE}, {POST}", "Weak matches are borderline, ambiguous cases",
          "ambiguous", NB03, verdicts.weak_ambiguous),
    Claim("mismatch", f"{NOTE}, {POST}",
          "Partial and wrong-interest matches have interests that do not match", "mismatched", NB03,
          verdicts.mismatch),
    Claim("train-accuracy", NOTE, "Training accuracy of the production model", "78.58%", NB04,
          verdicts.figure("train_accuracy", 78.58, 2, "%", 100)),
    Claim("test-accuracy", f"{NOTE}, {POST}", "Test accuracy of the production model", "78.00%",
          NB04, verdicts.figure("test_accuracy", 78.00, 2, "%", 100)),
    Claim("precision", NOTE, "Precision of good matches", "79%", NB04,
          verdicts.figure("precision", 79, 0, "%", 100)),
    Claim("recall", NOTE, "Recall of good matches", "87%", NB04,
          verdicts.figure("recall", 87, 0, "%", 100)),
    Claim("f1", NOTE, "F1 score of good matches", "83%", NB04, verdicts.figure("f1", 83, 0, "%", 100)),
    Claim("features", POST, "150 features: person, occupation and their difference", "150", NB04,
          verdicts.features),
    Claim("features-matter", POST, "137 of the 150 features actually matter", "137", NB04,
          verdicts.nonzero),
    Claim("told-apart", POST, "The model learned to tell good matches from bad ones",
          "learned", NB04, verdicts.told_apart),
    Claim("proper-practice", NOTE, "The pipeline is correct, with proper ML practices", "correct",
          NB04, verdicts.proper_practice),
    Claim("generalizes-better", NOTE, "The production model generalizes better than the first",
          "better", NB04, verdicts.generalizes_better),
    Claim("expected-accuracy", NOTE, "Production training gives 70–85% accuracy", "70–85%", NB04,
          verdicts.expected_range),
    Claim("realistic", f"{NOTE}, {POST}",
          "78% is realistic, what can be expected of this type of problem", "realistic", NB04,
          verdicts.realistic),
    Claim("production-ready", NOTE, "Challenging cases make the model ready for production",
          "ready", NB04, verdicts.production_ready),
    Claim("patterns", POST, "The model learned patterns that were not programmed", "learned", NB04,
          verdicts.patterns),
    Claim("accuracy-is-precision", NOTE,
          "78% accuracy means that 78% of recommendations will be good matches", "78%", NB04,
          verdicts.seventy_eight_of_hundred),
    Claim("sarah-scores", POST, "Sarah's matches: administrators, managers, technicians",
          verdicts.listed(verdicts.SARAH_SCORES), NB05,
          verdicts.same("scores", verdicts.SARAH_SCORES, lambda score: verdicts.percent(score, 1))),
    Claim("sarah-confidence", POST, "The confidence of these matches", verdicts.listed(verdicts.SARAH_CONFIDENCE),
          NB05, verdicts.same("confidence", verdicts.SARAH_CONFIDENCE, str)),
    Claim("sarah-wages", POST, "The salaries of these occupations", verdicts.listed(verdicts.SARAH_WAGES), NB05,
          verdicts.same("median_wage", verdicts.SARAH_WAGES, lambda wage: f"${wage:,.0f}")),
    Claim("sarah-skills", POST, "The three skills listed for Sarah lead to these matches",
          verdicts.listed(verdicts.SARAH_SCORES), NB05, verdicts.three_skills),
    Claim("personal", POST, "The recommended careers fit Sarah in person", "“fits you because”", NB05,
          verdicts.personal),
    Claim("new-users", f"{POST}, {NOTE}", "The model generalizes to users it has never seen",
          "generalizes", NB05, verdicts.new_users),
    Claim("mix-of-interests", POST,
          "Administrators are a mix of investigative and enterprising work", "mix", NB05,
          verdicts.both_strong("administrators_interests", 6, 2)),
    Claim("leans-on-skills", POST,
          "Production managers lean heavily on critical thinking and social perceptiveness",
          "heavily", NB05, verdicts.both_strong("managers_skills", 35, 9)),
    Claim("enjoy-leading", POST,
          "Enterprising and investigative interests fit production managers", "likely enjoy", NB05,
          verdicts.both_strong("managers_interests", 6, 3)),
    Claim("technicians-fit", POST,
          "Mechanical engineering technicians match Sarah's two interests", "79.4%", NB05,
          verdicts.both_strong("technicians_interests", 6, 3)),
    Claim("baseline-scores", POST, "The baseline's first three: statisticians, mathematicians, "
          "astronomers", verdicts.listed(verdicts.BASELINE_SCORES), NB06,
          verdicts.same("baseline_scores", verdicts.BASELINE_SCORES, lambda score: f"{score:.3f}")),
    Claim("model-scores", POST, "The model's scores for the same profile: administrators, "
          "technicians, managers", verdicts.listed(verdicts.PART_4_SCORES), NB06,
          verdicts.same("part_4_scores", verdicts.PART_4_SCORES, lambda score: f"{score:.3f}")),
    Claim("model-confidence", POST, "The confidence of these three", verdicts.listed(verdicts.PART_4_CONFIDENCE), NB06,
          verdicts.same("part_4_confidence", verdicts.PART_4_CONFIDENCE, str)),
    Claim("overlap", POST, "The two lists of three share nothing", "0/3", NB06, verdicts.overlap),
    Claim("same-user", POST, "Both columns are of the same user profile", "same", NB06, verdicts.same_user),
    Claim("no-copy", POST, "The model does not just copy the baseline", "no copy", NB06, verdicts.no_copy),
    Claim("proves-ml", POST, "That the lists differ proves that ML is at work", "proves", NB06,
          verdicts.difference_proves_ml),
    Claim("heavy-lifting", POST, "ML does the heavy lifting, the matching", "matching", NB06,
          verdicts.more_relatives(
              "post_minus_cosine", "recall@10 minus the baseline's (150, short forms):",
              "the model finds more relatives than the baseline",
              "the model finds no more relatives than the baseline",
              "the model finds fewer relatives than the simple baseline")),
    Claim("value", NOTE, "The model provides value and is ready for production", "value", NB06,
          verdicts.value),
    Claim("explanations", POST, "With OpenAI, explanations say why an occupation fits", "why", NB07,
          verdicts.explanations),
    Claim("re-rank", POST, "OpenAI re-ranks if something seems off", "re-ranks", NB07,
          verdicts.untestable("the model's answers are not published, and none is asked here")),
    Claim("feels-human", POST, "OpenAI makes it feel more human and less robotic", "human", NB07,
          verdicts.untestable("no reader was asked")),
    Claim("strangers", NOTE, "The model will generalize better to real users", "better", NB08,
          verdicts.more_relatives(
              "post_minus_cosine_on_strangers",
              "people made from held-out occupations: recall@10 minus that of a filled cosine",
              "better than a cosine on people it has not seen",
              "no better than a cosine without any training",
              "a cosine without any training serves people that neither has seen better")),
    Claim("real-data", f"{NOTE}, {POST}", "Real data will improve the model further", "improves",
          NB08, verdicts.real_data),
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
