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
POST_SETTINGS["05_sarah_walkthrough"] = {"profile": "", "seed": 42, "n_random": 1000}
POST_SETTINGS["07_openai_explanations"] = {"explainer": "template"}
POST_SETTINGS["08_a_recommender_that_listens"] = {
    "seed": 0, "n_folds": 2, "n_random": 1000, "k": 10,
}
POST_SETTINGS["06_baseline_comparison"] = {"seed": 42, "n_random": 1000, "k": 10}


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
        if by_correlation >= 0.5:
            return Judgement(measured, MISLEADING,
                             "true of the correlation, not of the cosine by which the script labels")
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
                         "these pairs are nearly as easy to see through as the first ones; the "
                         "linear model falls short (real careers are another question)")
    return Judgement(measured, REPRODUCED, "a flexible model does not do much better")


def _told_apart(m: Mapping) -> Judgement:
    low, high = m["full_minus_person_interval"]
    measured = (f"{percent(m['test_accuracy'])} against {percent(m['always_accuracy'])} for always the "
                f"same answer; all features minus person alone {100 * m['full_minus_person']:+.1f} "
                f"points [{100 * low:+.1f}, {100 * high:+.1f}]")
    if m["test_accuracy"] <= m["always_accuracy"]:
        return Judgement(measured, NOT_SUPPORTED, "always giving the same answer is as good")
    if low > 0:
        return Judgement(measured, REPRODUCED, "the occupation's features add accuracy")
    return Judgement(measured, MISLEADING,
                     "it tells them apart by the person alone, without any occupation: no matching")


def _proper_practice(m: Mapping) -> Judgement:
    gap = m["train_accuracy"] - m["test_accuracy"]
    measured = (f"{percent(m['share_good_train'])} / {percent(m['share_good_test'])} good in training / "
                f"test, gap {100 * gap:.1f} points")
    if abs(m["share_good_train"] - m["share_good_test"]) < 0.01 and gap < 0.02:
        return Judgement(measured, REPRODUCED,
                         "a stratified held-out test, scaling fitted on the training pairs only")
    return Judgement(measured, NOT_SUPPORTED, "the test pairs are not like the training pairs")


def _generalizes_better(m: Mapping) -> Judgement:
    first, second = m["naive_model_on_these_pairs"], m["this_model_on_naive_pairs"]
    measured = (f"on the other's pairs: first model {percent(first)}, production model "
                f"{percent(second)}")
    if second > first:
        return Judgement(measured, MISLEADING,
                         "better on the other generator's pairs; no real pair was ever tried")
    return Judgement(measured, NOT_SUPPORTED, "no better on the other generator's pairs")


def _expected_range(m: Mapping) -> Judgement:
    low, high = m["accuracy_over_seeds_range"]
    measured = f"{percent(low, 1)} to {percent(high, 1)} over {m['n_seeds']} seeds"
    if low >= 0.70 and high <= 0.85:
        return Judgement(measured, REPRODUCED, "every seed lies in the range")
    return Judgement(measured, NOT_SUPPORTED, "some seeds lie outside the range")


def _production_ready(m: Mapping) -> Judgement:
    accuracy, pairs = m["accuracy_by_match_type"], m["pairs_by_match_type"]
    hard = [name for name in ("partial", "wrong interests") if name in accuracy]
    right = {name: round(accuracy[name] * pairs[name]) for name in hard}
    measured = ", ".join(f"'{name}' {right[name]:.0f} of {pairs[name]} right" for name in hard)
    if sum(right.values()) < 0.5 * sum(pairs[name] for name in hard):
        return Judgement(measured, NOT_SUPPORTED,
                         "the cases added as challenging are the ones the model gets wrong")
    return Judgement(measured, REPRODUCED, "every match type is mostly right")


def _seventy_eight_of_hundred(m: Mapping) -> Judgement:
    measured = (f"precision {percent(m['precision'])} where {percent(m['share_good'])} are good; it "
                f"would be {percent(m['precision_at_one_in_twenty'])} if 5% were")
    if m["precision_at_one_in_twenty"] > 0.75:
        return Judgement(measured, REPRODUCED, "the precision does not depend on the share of good")
    return Judgement(measured, NOT_SUPPORTED,
                     "on these pairs precision happens to be close; it falls with the share of good")


ADMINISTRATORS = "Network and Computer Systems Administrators"
MANAGERS = "Industrial Production Managers"
TECHNICIANS = "Mechanical Engineering Technologists and Technicians"
SARAH_SCORES = {ADMINISTRATORS: "80.2%", MANAGERS: "82.3%", TECHNICIANS: "79.4%"}
SARAH_CONFIDENCE = {ADMINISTRATORS: "High", MANAGERS: "High", TECHNICIANS: "Medium"}
SARAH_WAGES = {ADMINISTRATORS: "$96,800", MANAGERS: "$121,440", TECHNICIANS: "$68,730"}


BASELINE_SCORES = {"Statisticians": "0.351", "Mathematicians": "0.347", "Astronomers": "0.327"}
PART_4_CONFIDENCE = {ADMINISTRATORS: "Medium", TECHNICIANS: "Medium", MANAGERS: "High"}
PART_4_SCORES = {ADMINISTRATORS: "0.795", TECHNICIANS: "0.787", MANAGERS: "0.817"}


def _listed(values: Mapping[str, str]) -> str:
    return " / ".join(values.values())


def _same(key: str, stated: Mapping[str, str], form: Callable[[object], str]) -> Callable:
    """Rule for one figure or word of each of several occupations."""

    def rule(m: Mapping) -> Judgement:
        measured = {title: form(m[key][title]) for title in stated}
        if measured == stated:
            return Judgement(_listed(measured), REPRODUCED, "equal as printed")
        return Judgement(_listed(measured), NOT_SUPPORTED, "differs as printed")

    return rule


def _three_skills(m: Mapping) -> Judgement:
    measured = {title: percent(score, 1) for title, score in m["scores_from_three_skills"].items()}
    if measured == SARAH_SCORES:
        return Judgement(_listed(measured), REPRODUCED, "equal as printed")
    with_fourth = {title: percent(score, 1) for title, score in m["scores"].items()}
    reason = ("the printed scores need a fourth skill, Social Perceptiveness"
              if with_fourth == SARAH_SCORES else "the printed scores come out in no way tried")
    return Judgement(_listed(measured), NOT_SUPPORTED, reason)


def _personal(m: Mapping) -> Judgement:
    count = m["distinct_rankings"]
    measured = f"{count:,} ranking{'s' if count > 1 else ''} for {m['n_people']:,} people"
    if m["distinct_rankings"] == 1:
        return Judgement(measured, NOT_SUPPORTED, "everybody gets the same list in the same order")
    if m["distinct_rankings"] < 0.5 * m["n_people"]:
        return Judgement(measured, MISLEADING, "most people share their list with somebody")
    return Judgement(measured, REPRODUCED, "most people have a ranking of their own")


def _new_users(m: Mapping) -> Judgement:
    judgement = _personal(m)
    if judgement.verdict == NOT_SUPPORTED:
        return Judgement(judgement.measured, NOT_SUPPORTED,
                         "a new user gets the list that everybody gets")
    return judgement


def _both_strong(key: str, of: int, within: int) -> Callable:
    """Rule for "this occupation has these two": both, one or none are among its strongest."""

    def rule(m: Mapping) -> Judgement:
        measured = ", ".join(f"{name} {found['rating']:.1f} (number {found['rank']} of {of})"
                             for name, found in m[key].items())
        strong = [name for name, found in m[key].items() if found["rank"] <= within]
        if len(strong) == len(m[key]):
            return Judgement(measured, REPRODUCED, f"both are among the strongest {within}")
        if strong:
            return Judgement(measured, MISLEADING,
                             f"only {strong[0]} is among the strongest {within}")
        return Judgement(measured, NOT_SUPPORTED, f"neither is among the strongest {within}")

    return rule


NB01, NB02, NB03, NB04, NB05, NB06, NB07, NB08 = sorted(POST_SETTINGS)

def _needs_ml(m: Mapping) -> Judgement:
    accuracy = m["accuracy_of_one_sum"]
    measured = f"one sum and one threshold: {percent(accuracy)}"
    if accuracy >= m["test_accuracy"]:
        return Judgement(measured, NOT_SUPPORTED, "the same is reached without any learning")
    return Judgement(measured, REPRODUCED, "a plain threshold does not reach it")


def _untestable(what: str) -> Callable:
    """Rule for a claim about real users: testable once a record has measured one."""

    def rule(m: Mapping) -> Judgement:
        if m.get("real_users", 0):
            return Judgement(f"{m['real_users']} real users", NOT_SUPPORTED, "state a rule first")
        return Judgement("no real user", UNTESTABLE, what)

    return rule


def _patterns(m: Mapping) -> Judgement:
    full, alone = m["test_accuracy"], m["person_alone_accuracy"]
    measured = f"all features {percent(full, 1)}, person alone {percent(alone, 1)}"
    if full > alone + 0.02:
        return Judgement(measured, REPRODUCED, "the pair tells more than the person alone")
    return Judgement(measured, MISLEADING,
                     "learned were traces of the generators in the person, not what fits together")


def _mismatch(m: Mapping) -> Judgement:
    filled = m["filled_interest_slots"]
    measured = f"{filled} of 6 interest slots of occupations are ever filled"
    if filled == 6:
        return Judgement(measured, REPRODUCED, "interests can be right or wrong")
    return Judgement(measured, NOT_SUPPORTED,
                     "there is no interest of an occupation that a person's could mismatch")


def _overlap(m: Mapping) -> Judgement:
    measured = f"{m['part_4_overlap']}/3"
    good = measured == "0/3"
    return Judgement(measured, REPRODUCED if good else NOT_SUPPORTED,
                     "counted" if good else "the lists share some")


def _same_user(m: Mapping) -> Judgement:
    model = {title: f"{score:.3f}" for title, score in m["part_4_scores"].items()}
    baseline = {title: f"{score:.3f}" for title, score in m["baseline_scores"].items()}
    if model == PART_4_SCORES and baseline == BASELINE_SCORES:
        return Judgement("one profile gives all six scores", REPRODUCED,
                         "it is not printed, and it is not Sarah's")
    return Judgement("one profile does not give all six scores", NOT_SUPPORTED,
                     "no single profile was found")


def _no_copy(m: Mapping) -> Judgement:
    shared = m["overlap_with_cosine"]["post"]
    measured = f"{shared:.2f} of 10 places shared with the baseline"
    if shared < 5:
        return Judgement(measured, REPRODUCED, "the lists are mostly different")
    return Judgement(measured, NOT_SUPPORTED, "the lists are mostly the same")


def _difference_proves_ml(m: Mapping) -> Judgement:
    post, chance = m["none_of_three"]["post"], m["none_of_three"]["random"]
    measured = f"0/3 for {percent(post)} of people; for a random order, {percent(chance)}"
    if chance < 0.5:
        return Judgement(measured, REPRODUCED, "a ranking that knows nothing rarely gives 0/3")
    return Judgement(measured, NOT_SUPPORTED,
                     "a random order shares nothing either; a difference is no evidence of learning")


def _matching(m: Mapping) -> Judgement:
    low, high = m["post_minus_cosine_interval"]
    measured = (f"recall@10 minus the baseline's (150, short forms): {m['post_minus_cosine']:+.3f} "
                f"[{low:+.3f}, {high:+.3f}]")
    if low > 0:
        return Judgement(measured, REPRODUCED, "the model finds more relatives than the baseline")
    return Judgement(measured, NOT_SUPPORTED, "the model finds no more relatives than the baseline"
                     if high > 0 else "the model finds fewer relatives than the simple baseline")


def _value(m: Mapping) -> Judgement:
    low, high = m["post_minus_random_interval"]
    measured = (f"recall@10 (150, short forms) {m['post_recall']:.3f}, random "
                f"{m['random_recall']:.3f}, most jobs {m['most_employed_recall']:.3f}")
    if low > 0 and m["post_recall"] > m["most_employed_recall"]:
        return Judgement(measured, REPRODUCED, "better than chance and than the largest occupations")
    return Judgement(measured, NOT_SUPPORTED,
                     "no better than a random order of its own occupations")


def _explanations(m: Mapping) -> Judgement:
    passing, published = m["published_passing"], m["published"]
    measured = f"{passing} of {published} published texts pass the fact check"
    if passing == published:
        return Judgement(measured, REPRODUCED, "what they say about the occupations is true")
    return Judgement(measured, NOT_SUPPORTED if passing == 0 else MISLEADING,
                     "they name strengths that O*NET does not give the occupation, or no fact at all")


def _strangers(m: Mapping) -> Judgement:
    low, high = m["post_minus_cosine_on_strangers_interval"]
    measured = (f"people made from held-out occupations: recall@10 minus that of a filled cosine "
                f"{m['post_minus_cosine_on_strangers']:+.3f} [{low:+.3f}, {high:+.3f}]")
    if low > 0:
        return Judgement(measured, REPRODUCED, "better than a cosine on people it has not seen")
    return Judgement(measured, NOT_SUPPORTED,
                     "a cosine without any training serves people that neither has seen better"
                     if high < 0 else "no better than a cosine without any training")


def _real_data(m: Mapping) -> Judgement:
    measured = (f"trained on O*NET's relations: {m['post_on_real_rankings']} ranking, recall@10 "
                f"{m['post_on_real_recall']:.3f}; features that interact: {m['matched_recall']:.3f}")
    if m["post_on_real_rankings"] == 1:
        return Judgement(measured, NOT_SUPPORTED,
                         "with these features even real relations give everybody one list (users' "
                         "feedback itself cannot be tested here)")
    return Judgement(measured, REPRODUCED, "with real relations the list depends on the person")


CLAIMS: list[Claim] = [
    Claim("data-sources", POST, "Built on O*NET Database 30.1 and BLS Employment Projections",
          "O*NET 30.1, BLS", NB01, _data_sources),
    Claim("naive-accuracy", NOTE, "The original script reaches 100% on training and test pairs",
          "100% / 100%", NB02, _half_of("train_accuracy", "test_accuracy")),
    Claim("naive-too-simple", NOTE, "The original pairs are too simple and perfectly separable",
          "separable", NB02, _too_simple),
    Claim("naive-overfitted", f"{NOTE}, {POST}", "100% means that the model overfitted",
          "overfitted", NB02, _overfitted),
    Claim("naive-shows-ml", NOTE, "100% on the original pairs shows that ML works", "works", NB02,
          _needs_ml),
    Claim("naive-generalizes", NOTE, "The original model will not generalize to real data",
          "will not", NB02, _untestable("no real user's data are at hand")),
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
    Claim("mismatch", f"{NOTE}, {POST}",
          "Partial and wrong-interest matches have interests that do not match", "mismatched", NB03,
          _mismatch),
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
    Claim("told-apart", POST, "The model learned to tell good matches from bad ones",
          "learned", NB04, _told_apart),
    Claim("proper-practice", NOTE, "The pipeline is correct, with proper ML practices", "correct",
          NB04, _proper_practice),
    Claim("generalizes-better", NOTE, "The production model generalizes better than the first",
          "better", NB04, _generalizes_better),
    Claim("expected-accuracy", NOTE, "Production training gives 70–85% accuracy", "70–85%", NB04,
          _expected_range),
    Claim("realistic", f"{NOTE}, {POST}",
          "78% is realistic, what can be expected of this type of problem", "realistic", NB04,
          _realistic),
    Claim("production-ready", NOTE, "Challenging cases make the model ready for production",
          "ready", NB04, _production_ready),
    Claim("patterns", POST, "The model learned patterns that were not programmed", "learned", NB04,
          _patterns),
    Claim("accuracy-is-precision", NOTE,
          "78% accuracy means that 78% of recommendations will be good matches", "78%", NB04,
          _seventy_eight_of_hundred),
    Claim("sarah-scores", POST, "Sarah's matches: administrators, managers, technicians",
          _listed(SARAH_SCORES), NB05,
          _same("scores", SARAH_SCORES, lambda score: percent(score, 1))),
    Claim("sarah-confidence", POST, "The confidence of these matches", _listed(SARAH_CONFIDENCE),
          NB05, _same("confidence", SARAH_CONFIDENCE, str)),
    Claim("sarah-wages", POST, "The salaries of these occupations", _listed(SARAH_WAGES), NB05,
          _same("median_wage", SARAH_WAGES, lambda wage: f"${wage:,.0f}")),
    Claim("sarah-skills", POST, "The three skills listed for Sarah lead to these matches",
          _listed(SARAH_SCORES), NB05, _three_skills),
    Claim("personal", POST, "The recommended careers fit Sarah in person", "“fits you because”", NB05,
          _personal),
    Claim("new-users", f"{POST}, {NOTE}", "The model generalizes to users it has never seen",
          "generalizes", NB05, _new_users),
    Claim("mix-of-interests", POST,
          "Administrators are a mix of investigative and enterprising work", "mix", NB05,
          _both_strong("administrators_interests", 6, 2)),
    Claim("leans-on-skills", POST,
          "Production managers lean heavily on critical thinking and social perceptiveness",
          "heavily", NB05, _both_strong("managers_skills", 35, 9)),
    Claim("enjoy-leading", POST,
          "Enterprising and investigative interests fit production managers", "likely enjoy", NB05,
          _both_strong("managers_interests", 6, 3)),
    Claim("technicians-fit", POST,
          "Mechanical engineering technicians match Sarah's two interests", "79.4%", NB05,
          _both_strong("technicians_interests", 6, 3)),
    Claim("baseline-scores", POST, "The baseline's first three: statisticians, mathematicians, "
          "astronomers", _listed(BASELINE_SCORES), NB06,
          _same("baseline_scores", BASELINE_SCORES, lambda score: f"{score:.3f}")),
    Claim("model-scores", POST, "The model's scores for the same profile: administrators, "
          "technicians, managers", _listed(PART_4_SCORES), NB06,
          _same("part_4_scores", PART_4_SCORES, lambda score: f"{score:.3f}")),
    Claim("model-confidence", POST, "The confidence of these three", _listed(PART_4_CONFIDENCE), NB06,
          _same("part_4_confidence", PART_4_CONFIDENCE, str)),
    Claim("overlap", POST, "The two lists of three share nothing", "0/3", NB06, _overlap),
    Claim("same-user", POST, "Both columns are of the same user profile", "same", NB06, _same_user),
    Claim("no-copy", POST, "The model does not just copy the baseline", "no copy", NB06, _no_copy),
    Claim("proves-ml", POST, "That the lists differ proves that ML is at work", "proves", NB06,
          _difference_proves_ml),
    Claim("heavy-lifting", POST, "ML does the heavy lifting, the matching", "matching", NB06,
          _matching),
    Claim("value", NOTE, "The model provides value and is ready for production", "value", NB06,
          _value),
    Claim("explanations", POST, "With OpenAI, explanations say why an occupation fits", "why", NB07,
          _explanations),
    Claim("re-rank", POST, "OpenAI re-ranks if something seems off", "re-ranks", NB07,
          _untestable("the model's answers are not published, and none is asked here")),
    Claim("feels-human", POST, "OpenAI makes it feel more human and less robotic", "human", NB07,
          _untestable("no reader was asked")),
    Claim("strangers", NOTE, "The model will generalize better to real users", "better", NB08,
          _strangers),
    Claim("real-data", f"{NOTE}, {POST}", "Real data will improve the model further", "improves",
          NB08, _real_data),
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
