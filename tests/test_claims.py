"""Verdicts turn when the measurements do; the ledger keeps to what was run."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from careerlib import claims, verdicts
from careerlib.verdicts import MISLEADING, NOT_SUPPORTED, REPRODUCED, UNTESTABLE
from careerlib.record import Record, markdown_table

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

def both(*found):
    return {name: {"rank": rank, "rating": 4.0} for name, rank in found}


MEASURED = {
    claims.NB01: {"n_post": 150, "groups_total": 22, "groups_in_post": 6,
                  "employment_share_post": 0.17},
    claims.NB02: {"train_accuracy": 1.0, "test_accuracy": 1.0, "lowest_positive_cosine": 0.96,
                  "highest_negative_cosine": 0.86, "accuracy_of_one_sum": 1.0},
    claims.NB03: {
        "n_pairs": 3000,
        "shares": {"strong": 0.25, "moderate": 0.2, "weak": 0.15, "poor": 0.25, "partial": 0.1,
                   "wrong interests": 0.05},
        "share_good": {"weak": 1.0},
        "median_cosine": {"strong": 0.99, "moderate": 0.88, "weak": 0.79, "poor": 0.76},
        "share_in_band": dict.fromkeys(["strong", "moderate", "weak", "poor"], 0.0),
        "share_in_band_by_correlation": {"strong": 0.0, "moderate": 0.6, "weak": 0.5, "poor": 0.6},
        "lowest_cosine": {"weak": 0.65}, "filled_interest_slots": 0,
        "weak_threshold": 0.45,
    },
    claims.NB04: {
        "train_accuracy": 0.785833, "test_accuracy": 0.78, "precision": 0.786432,
        "recall": 0.869444, "f1": 0.825858, "n_features": 150, "nonzero_coefficients": 137,
        "zero_coefficients": 13, "constant_features": 13, "full_minus_person": -0.004,
        "full_minus_person_interval": [-0.007, -0.002], "accuracy_over_seeds_range": [0.72, 0.82],
        "n_seeds": 50, "random_forest_accuracy": 0.998, "share_good": 0.6,
        "accuracy_by_match_type": {"strong": 1.0, "partial": 0.12, "wrong interests": 0.0},
        "pairs_by_match_type": {"strong": 150, "partial": 59, "wrong interests": 29},
        "always_accuracy": 0.6, "share_good_train": 0.6, "share_good_test": 0.6,
        "naive_model_on_these_pairs": 0.7, "this_model_on_naive_pairs": 0.9,
        "person_alone_accuracy": 0.785,
        "precision_at_one_in_twenty": 0.11,
    },
    claims.NB05: {
        "scores": {verdicts.ADMINISTRATORS: 0.8017, verdicts.MANAGERS: 0.8232,
                   verdicts.TECHNICIANS: 0.7942},
        "confidence": verdicts.SARAH_CONFIDENCE,
        "median_wage": {verdicts.ADMINISTRATORS: 96800.0, verdicts.MANAGERS: 121440.0,
                        verdicts.TECHNICIANS: 68730.0},
        "scores_from_three_skills": {verdicts.ADMINISTRATORS: 0.764, verdicts.MANAGERS: 0.789,
                                     verdicts.TECHNICIANS: 0.756},
        "distinct_rankings": 1, "n_people": 1000,
        "administrators_interests": both(("Investigative", 3), ("Enterprising", 4)),
        "managers_skills": both(("Critical Thinking", 1), ("Social Perceptiveness", 14)),
        "managers_interests": both(("Investigative", 4), ("Enterprising", 1)),
        "technicians_interests": both(("Investigative", 2), ("Enterprising", 6)),
    },
    claims.NB06: {
        "baseline_scores": {"Statisticians": 0.3511, "Mathematicians": 0.3468,
                            "Astronomers": 0.3269},
        "part_4_scores": {verdicts.ADMINISTRATORS: 0.7951, verdicts.TECHNICIANS: 0.7872,
                          verdicts.MANAGERS: 0.8174},
        "sarah_scores": {verdicts.ADMINISTRATORS: 0.8017, verdicts.TECHNICIANS: 0.7942,
                         verdicts.MANAGERS: 0.8232},
        "part_4_confidence": verdicts.PART_4_CONFIDENCE,
        "none_of_three": {"post": 0.93, "random": 0.95},
        "part_4_overlap": 0, "overlap_with_cosine": {"post": 0.44, "random": 0.67},
        "post_minus_random": 0.0, "post_minus_random_interval": [-0.02, 0.02],
        "post_minus_cosine": -0.02, "post_minus_cosine_interval": [-0.05, 0.02],
        "post_recall": 0.068, "random_recall": 0.068, "most_employed_recall": 0.121,
    },
    claims.NB07: {"published": 3, "published_passing": 0},
    claims.NB08: {
        "post_minus_cosine_on_strangers": -0.04,
        "post_minus_cosine_on_strangers_interval": [-0.05, -0.03],
        "post_on_real_rankings": 1, "post_on_real_recall": 0.02, "matched_recall": 0.2,
    },
}


def records(changes=None):
    made = {
        notebook: {"parameters": dict(claims.POST_SETTINGS[notebook]),
                   "measurements": copy.deepcopy(measurements)}
        for notebook, measurements in MEASURED.items()
    }
    for notebook, values in (changes or {}).items():
        made[notebook]["measurements"].update(values)
    return made


def verdict(claim_id, changes=None):
    rows = claims.ledger(records(changes)).set_index("id")
    return rows.loc[claim_id, "verdict"]


# claim, its verdict on what we measured, a changed measurement, the verdict that must follow
TURNS = [
    ("data-sources", MISLEADING,
     {claims.NB01: {"employment_share_post": 0.9, "groups_in_post": 22}}, REPRODUCED),
    ("naive-accuracy", REPRODUCED, {claims.NB02: {"test_accuracy": 0.999}}, NOT_SUPPORTED),
    ("naive-too-simple", REPRODUCED, {claims.NB02: {"highest_negative_cosine": 0.97}},
     NOT_SUPPORTED),
    ("naive-overfitted", NOT_SUPPORTED, {claims.NB02: {"test_accuracy": 0.6}}, REPRODUCED),
    ("pairs", REPRODUCED, {claims.NB03: {"n_pairs": 2999}}, NOT_SUPPORTED),
    ("shares", REPRODUCED, {claims.NB03: {"shares": {"strong": 1.0}}}, NOT_SUPPORTED),
    ("weak-similarity", MISLEADING, {claims.NB03: {"share_in_band": {
        "strong": 0, "moderate": 0, "weak": 0.7, "poor": 0}}}, REPRODUCED),
    ("weak-ambiguous", NOT_SUPPORTED, {claims.NB03: {"share_good": {"weak": 0.5}}}, REPRODUCED),
    ("train-accuracy", REPRODUCED, {claims.NB04: {"train_accuracy": 0.7857}}, NOT_SUPPORTED),
    ("test-accuracy", REPRODUCED, {claims.NB04: {"test_accuracy": 0.7801}}, NOT_SUPPORTED),
    ("precision", REPRODUCED, {claims.NB04: {"precision": 0.784}}, NOT_SUPPORTED),
    ("features", MISLEADING, {claims.NB04: {"constant_features": 0}}, REPRODUCED),
    ("features-matter", MISLEADING, {claims.NB04: {"constant_features": 0}}, REPRODUCED),
    ("features-matter", MISLEADING, {claims.NB04: {"nonzero_coefficients": 136}}, NOT_SUPPORTED),
    ("weak-similarity", MISLEADING, {claims.NB03: {"share_in_band_by_correlation": {
        "strong": 0, "moderate": 0, "weak": 0.4, "poor": 0}}}, NOT_SUPPORTED),
    ("strong-similarity", NOT_SUPPORTED, {claims.NB03: {"share_in_band": {
        "strong": 0.8, "moderate": 0, "weak": 0, "poor": 0}}}, REPRODUCED),
    ("mismatch", NOT_SUPPORTED, {claims.NB03: {"filled_interest_slots": 6}}, REPRODUCED),
    ("told-apart", MISLEADING,
     {claims.NB04: {"full_minus_person_interval": [0.01, 0.02]}}, REPRODUCED),
    ("told-apart", MISLEADING, {claims.NB04: {"always_accuracy": 0.8}}, NOT_SUPPORTED),
    ("proper-practice", REPRODUCED, {claims.NB04: {"share_good_test": 0.5}}, NOT_SUPPORTED),
    ("generalizes-better", MISLEADING, {claims.NB04: {"this_model_on_naive_pairs": 0.5}},
     NOT_SUPPORTED),
    ("expected-accuracy", REPRODUCED,
     {claims.NB04: {"accuracy_over_seeds_range": [0.69, 0.82]}}, NOT_SUPPORTED),
    ("realistic", NOT_SUPPORTED, {claims.NB04: {"random_forest_accuracy": 0.8}}, REPRODUCED),
    ("production-ready", NOT_SUPPORTED,
     {claims.NB04: {"accuracy_by_match_type": {"partial": 0.9, "wrong interests": 0.7}}},
     REPRODUCED),
    ("accuracy-is-precision", NOT_SUPPORTED,
     {claims.NB04: {"precision_at_one_in_twenty": 0.78}}, REPRODUCED),
    ("naive-shows-ml", NOT_SUPPORTED, {claims.NB02: {"accuracy_of_one_sum": 0.9}}, REPRODUCED),
    ("naive-generalizes", UNTESTABLE, {claims.NB02: {"real_users": 50}}, NOT_SUPPORTED),
    ("patterns", MISLEADING, {claims.NB04: {"person_alone_accuracy": 0.7}}, REPRODUCED),
    ("sarah-scores", REPRODUCED, {claims.NB05: {"scores": dict.fromkeys(verdicts.SARAH_SCORES, 0.8)}},
     NOT_SUPPORTED),
    ("sarah-confidence", REPRODUCED,
     {claims.NB05: {"confidence": dict.fromkeys(verdicts.SARAH_CONFIDENCE, "High")}}, NOT_SUPPORTED),
    ("sarah-wages", REPRODUCED,
     {claims.NB05: {"median_wage": dict.fromkeys(verdicts.SARAH_WAGES, 96800.0)}}, NOT_SUPPORTED),
    ("sarah-skills", NOT_SUPPORTED,
     {claims.NB05: {"scores_from_three_skills": {
         verdicts.ADMINISTRATORS: 0.8017, verdicts.MANAGERS: 0.8232, verdicts.TECHNICIANS: 0.7942}}},
     REPRODUCED),
    ("personal", NOT_SUPPORTED, {claims.NB05: {"distinct_rankings": 100}}, MISLEADING),
    ("personal", NOT_SUPPORTED, {claims.NB05: {"distinct_rankings": 990}}, REPRODUCED),
    ("new-users", NOT_SUPPORTED, {claims.NB05: {"distinct_rankings": 990}}, REPRODUCED),
    ("mix-of-interests", NOT_SUPPORTED,
     {claims.NB05: {"administrators_interests": both(("Investigative", 2), ("Enterprising", 1))}},
     REPRODUCED),
    ("leans-on-skills", MISLEADING,
     {claims.NB05: {"managers_skills": both(("Critical Thinking", 1), ("Social Perceptiveness", 4))}},
     REPRODUCED),
    ("enjoy-leading", MISLEADING,
     {claims.NB05: {"managers_interests": both(("Investigative", 3), ("Enterprising", 1))}},
     REPRODUCED),
    ("technicians-fit", MISLEADING,
     {claims.NB05: {"technicians_interests": both(("Investigative", 5), ("Enterprising", 6))}},
     NOT_SUPPORTED),
    ("baseline-scores", REPRODUCED,
     {claims.NB06: {"baseline_scores": dict.fromkeys(verdicts.BASELINE_SCORES, 0.3)}}, NOT_SUPPORTED),
    ("model-scores", REPRODUCED,
     {claims.NB06: {"part_4_scores": dict.fromkeys(verdicts.PART_4_SCORES, 0.8)}}, NOT_SUPPORTED),
    ("overlap", REPRODUCED, {claims.NB06: {"part_4_overlap": 1}}, NOT_SUPPORTED),
    ("same-user", REPRODUCED, {claims.NB06: {"part_4_scores": dict.fromkeys(verdicts.PART_4_SCORES, 0.8)}},
     NOT_SUPPORTED),
    ("model-confidence", REPRODUCED,
     {claims.NB06: {"part_4_confidence": dict.fromkeys(verdicts.PART_4_CONFIDENCE, "High")}},
     NOT_SUPPORTED),
    ("no-copy", REPRODUCED, {claims.NB06: {"overlap_with_cosine": {"post": 9.0, "random": 0.67}}},
     NOT_SUPPORTED),
    ("proves-ml", NOT_SUPPORTED, {claims.NB06: {"none_of_three": {"post": 0.9, "random": 0.1}}},
     REPRODUCED),
    ("heavy-lifting", NOT_SUPPORTED, {claims.NB06: {"post_minus_cosine_interval": [0.01, 0.02]}},
     REPRODUCED),
    ("value", NOT_SUPPORTED,
     {claims.NB06: {"post_minus_random_interval": [0.05, 0.1], "post_recall": 0.2}}, REPRODUCED),
    ("explanations", NOT_SUPPORTED, {claims.NB07: {"published_passing": 3}}, REPRODUCED),
    ("explanations", NOT_SUPPORTED, {claims.NB07: {"published_passing": 1}}, MISLEADING),
    ("re-rank", UNTESTABLE, {claims.NB07: {"real_users": 1}}, NOT_SUPPORTED),
    ("feels-human", UNTESTABLE, {claims.NB07: {"real_users": 9}}, NOT_SUPPORTED),
    ("strangers", NOT_SUPPORTED,
     {claims.NB08: {"post_minus_cosine_on_strangers_interval": [0.01, 0.02]}}, REPRODUCED),
    ("real-data", NOT_SUPPORTED, {claims.NB08: {"post_on_real_rankings": 900}}, REPRODUCED),
]


@pytest.mark.parametrize(("claim_id", "now", "changes", "then"), TURNS)
def test_a_verdict_turns_with_its_measurement(claim_id, now, changes, then):
    assert verdict(claim_id) == now
    assert verdict(claim_id, changes) == then


def test_claims_have_unique_ids_and_known_notebooks():
    ids = [claim.id for claim in claims.CLAIMS]
    assert len(set(ids)) == len(ids)
    for claim in claims.CLAIMS:
        assert claim.notebook in claims.POST_SETTINGS


def test_other_settings_are_not_compared():
    made = records()
    made[claims.NB04]["parameters"]["seed"] = 7
    rows = claims.ledger(made).set_index("id")
    assert rows.loc["test-accuracy", "verdict"] == claims.OTHER_SETTINGS
    assert rows.loc["test-accuracy", "reason"] == "seed = 7 (post: 42)"
    assert rows.loc["test-accuracy", "measured"] == "78.00%"
    assert rows.loc["pairs", "verdict"] == REPRODUCED


def test_other_settings_may_leave_nothing_to_measure():
    made = records()
    made[claims.NB03]["parameters"] |= {"share_weak": 0, "share_poor": 0.4}
    del made[claims.NB03]["measurements"]["share_in_band"]["weak"]
    rows = claims.ledger(made, claims.NB03).set_index("id")
    assert rows.loc["weak-similarity", "measured"] == ""
    assert set(rows["verdict"]) == {claims.OTHER_SETTINGS}


def test_notebooks_that_did_not_run():
    rows = claims.ledger({})
    assert set(rows["verdict"]) == {claims.NOT_RUN}
    assert len(rows) == len(claims.CLAIMS)


def test_headline_counts_every_verdict():
    rows = claims.ledger(records())
    text = claims.headline(list(rows["verdict"]))
    assert text.startswith(f"Of {len(rows)} claims: ")
    for name, count in rows["verdict"].value_counts().items():
        assert f"{count} {name}" in text


@pytest.mark.parametrize("notebook", claims.POST_SETTINGS)
def test_the_notebooks_start_with_the_posts_settings(notebook):
    cells = nbformat.read(NOTEBOOKS / f"{notebook}.ipynb", 4).cells
    source = next(c.source for c in cells if "parameters" in c.metadata.get("tags", []))
    parameters: dict = {}
    exec(source, parameters)
    for name, value in claims.POST_SETTINGS[notebook].items():
        assert parameters[name] == value


def test_a_record_is_written_whole_and_read_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CAREERLIB_OUTPUTS", str(tmp_path / "new" / "folder"))
    record = Record(claims.NB02, seed=42, n_samples=2000)
    record.measure(**MEASURED[claims.NB02], extra=[0.1234567, {"a": 1 / 3}])
    record.ledger()
    read = claims.read_records(tmp_path / "new" / "folder")[claims.NB02]
    assert read["measurements"]["extra"] == [0.123457, {"a": 0.333333}]
    assert read["parameters"] == {"seed": 42, "n_samples": 2000}
    assert [p.name for p in (tmp_path / "new" / "folder" / "metrics").iterdir()] == [
        f"{claims.NB02}.json"]
    assert json.loads((tmp_path / "new/folder/metrics" / f"{claims.NB02}.json").read_text())


def test_markdown_table_formats_and_escapes():
    import pandas as pd

    frame = pd.DataFrame({"a|b": ["x|y", "z"], "n": [1.234, float("nan")]})
    lines = markdown_table(frame, n=".1f").split("\n")
    assert lines[1] == "| --- | ---: |"
    assert lines[2] == "| x\\|y | 1.2 |"
    assert lines[3] == "| z | – |"
