"""The rules of the ledger: from measurements to a verdict.

A rule takes the measurements of a notebook and compares; it never looks at the claim it
belongs to, so a verdict turns when the measurement does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

REPRODUCED = "reproduced"
MISLEADING = "reproduced, but misleading"
NOT_SUPPORTED = "not supported"
UNTESTABLE = "cannot be tested here"
VERDICTS = (REPRODUCED, MISLEADING, NOT_SUPPORTED, UNTESTABLE)
ADMINISTRATORS = "Network and Computer Systems Administrators"
MANAGERS = "Industrial Production Managers"
TECHNICIANS = "Mechanical Engineering Technologists and Technicians"
SARAH_SCORES = {ADMINISTRATORS: "80.2%", MANAGERS: "82.3%", TECHNICIANS: "79.4%"}
SARAH_CONFIDENCE = {ADMINISTRATORS: "High", MANAGERS: "High", TECHNICIANS: "Medium"}
SARAH_WAGES = {ADMINISTRATORS: "$96,800", MANAGERS: "$121,440", TECHNICIANS: "$68,730"}
BASELINE_SCORES = {"Statisticians": "0.351", "Mathematicians": "0.347", "Astronomers": "0.327"}
PART_4_CONFIDENCE = {ADMINISTRATORS: "Medium", TECHNICIANS: "Medium", MANAGERS: "High"}
PART_4_SCORES = {ADMINISTRATORS: "0.795", TECHNICIANS: "0.787", MANAGERS: "0.817"}


@dataclass(frozen=True)
class Judgement:
    """The outcome of a rule: the measured value in words, a verdict, and the reason."""

    measured: str
    verdict: str
    reason: str


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


def data_sources(m: Mapping) -> Judgement:
    share, groups = m["employment_share_post"], m["groups_in_post"]
    measured = (f"{m['n_post']} occupations, {groups} of {m['groups_total']} major groups, "
                f"{percent(share)} of US jobs")
    if share < 0.5 or groups < m["groups_total"]:
        return Judgement(measured, MISLEADING,
                         "the sources are right, but only the first codes in sorting order are used")
    return Judgement(measured, REPRODUCED, "the sources are used as a whole")


def half_of(first: str, second: str) -> Callable:
    """Rule for a figure that both documents give as 100% / 100%."""

    def rule(m: Mapping) -> Judgement:
        measured = f"{percent(m[first])} / {percent(m[second])}"
        good = measured == "100% / 100%" and m[first] == m[second] == 1
        return Judgement(measured, REPRODUCED if good else NOT_SUPPORTED,
                         "every pair is classified right" if good else "some pairs are not")

    return rule


def too_simple(m: Mapping) -> Judgement:
    low, high = m["lowest_positive_cosine"], m["highest_negative_cosine"]
    measured = f"positives from {low:.2f}, negatives up to {high:.2f}"
    if low > high:
        return Judgement(measured, REPRODUCED, "one threshold on the cosine separates all pairs")
    return Judgement(measured, NOT_SUPPORTED, "no threshold on the cosine separates all pairs")


def overfitted(m: Mapping) -> Judgement:
    gap = m["train_accuracy"] - m["test_accuracy"]
    measured = f"train minus test: {100 * gap:.1f} points"
    if gap < 0.02:
        return Judgement(
            measured, NOT_SUPPORTED,
            "an overfitted model is worse on held-out pairs; here both are equal, the task is easy",
        )
    return Judgement(measured, REPRODUCED, "the model is worse on pairs that it has not seen")


def shares(m: Mapping) -> Judgement:
    shares = [round(100 * share, 1) for share in m["shares"].values()]
    good = shares == [25, 20, 15, 25, 10, 5]
    return Judgement(" / ".join(f"{share:g}" for share in shares) + "%",
                     REPRODUCED if good else NOT_SUPPORTED,
                     "counted over the pairs" if good else "the counts differ")


def band(match_type: str, low: float, high: float) -> Callable:
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


def weak_ambiguous(m: Mapping) -> Judgement:
    good = m["share_good"]["weak"]
    measured = f"{percent(good)} of weak matches labelled good"
    if 0.1 <= good <= 0.9:
        return Judgement(measured, REPRODUCED, "both labels occur")
    return Judgement(measured, NOT_SUPPORTED,
                     f"the lowest weak cosine, {m['lowest_cosine']['weak']:.2f}, is on one side of "
                     f"the threshold {m['weak_threshold']:.2f}, so the label never varies")


def nonzero(m: Mapping) -> Judgement:
    zeros, constant = m["zero_coefficients"], m["constant_features"]
    measured = f"{m['nonzero_coefficients']} of {m['n_features']}"
    if m["nonzero_coefficients"] != 137:
        return Judgement(measured, NOT_SUPPORTED, "the count differs")
    if zeros == constant:
        return Judgement(measured, MISLEADING,
                         f"the other {zeros} are columns that never vary; non-zero only means "
                         "that a column varies")
    return Judgement(measured, REPRODUCED, "the model set the others to zero")


def features(m: Mapping) -> Judgement:
    measured = f"{m['n_features']} features, {m['constant_features']} of them constant"
    if m["n_features"] != 150:
        return Judgement(measured, NOT_SUPPORTED, "the count differs")
    if m["constant_features"]:
        return Judgement(measured, MISLEADING,
                         "interests and work values of occupations were never filled in")
    return Judgement(measured, REPRODUCED, "every feature varies")


def realistic(m: Mapping) -> Judgement:
    forest = m["random_forest_accuracy"]
    measured = f"random forest on the same pairs: {percent(forest, 1)}"
    if forest > 0.95:
        return Judgement(measured, NOT_SUPPORTED,
                         "these pairs are nearly as easy to see through as the first ones; the "
                         "linear model falls short (real careers are another question)")
    return Judgement(measured, REPRODUCED, "a flexible model does not do much better")


def told_apart(m: Mapping) -> Judgement:
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


def proper_practice(m: Mapping) -> Judgement:
    gap = m["train_accuracy"] - m["test_accuracy"]
    measured = (f"{percent(m['share_good_train'])} / {percent(m['share_good_test'])} good in training / "
                f"test, gap {100 * gap:.1f} points")
    if abs(m["share_good_train"] - m["share_good_test"]) < 0.01 and gap < 0.02:
        return Judgement(measured, REPRODUCED,
                         "a stratified held-out test, scaling fitted on the training pairs only")
    return Judgement(measured, NOT_SUPPORTED, "the test pairs are not like the training pairs")


def generalizes_better(m: Mapping) -> Judgement:
    first, second = m["naive_model_on_these_pairs"], m["this_model_on_naive_pairs"]
    measured = (f"on the other's pairs: first model {percent(first)}, production model "
                f"{percent(second)}")
    if second > first:
        return Judgement(measured, MISLEADING,
                         "better on the other generator's pairs; no real pair was ever tried")
    return Judgement(measured, NOT_SUPPORTED, "no better on the other generator's pairs")


def expected_range(m: Mapping) -> Judgement:
    low, high = m["accuracy_over_seeds_range"]
    measured = f"{percent(low, 1)} to {percent(high, 1)} over {m['n_seeds']} seeds"
    if low >= 0.70 and high <= 0.85:
        return Judgement(measured, REPRODUCED, "every seed lies in the range")
    return Judgement(measured, NOT_SUPPORTED, "some seeds lie outside the range")


def production_ready(m: Mapping) -> Judgement:
    accuracy, pairs = m["accuracy_by_match_type"], m["pairs_by_match_type"]
    hard = [name for name in ("partial", "wrong interests") if name in accuracy]
    right = {name: round(accuracy[name] * pairs[name]) for name in hard}
    measured = ", ".join(f"'{name}' {right[name]:.0f} of {pairs[name]} right" for name in hard)
    if sum(right.values()) < 0.5 * sum(pairs[name] for name in hard):
        return Judgement(measured, NOT_SUPPORTED,
                         "the cases added as challenging are the ones the model gets wrong")
    return Judgement(measured, REPRODUCED, "every match type is mostly right")


def seventy_eight_of_hundred(m: Mapping) -> Judgement:
    measured = (f"precision {percent(m['precision'])} where {percent(m['share_good'])} are good; it "
                f"would be {percent(m['precision_at_one_in_twenty'])} if 5% were")
    if m["precision_at_one_in_twenty"] > 0.75:
        return Judgement(measured, REPRODUCED, "the precision does not depend on the share of good")
    return Judgement(measured, NOT_SUPPORTED,
                     "on these pairs precision happens to be close; it falls with the share of good")


def listed(values: Mapping[str, str]) -> str:
    return " / ".join(values.values())


def same(key: str, stated: Mapping[str, str], form: Callable[[object], str]) -> Callable:
    """Rule for one figure or word of each of several occupations."""

    def rule(m: Mapping) -> Judgement:
        measured = {title: form(m[key][title]) for title in stated}
        if measured == stated:
            return Judgement(listed(measured), REPRODUCED, "equal as printed")
        return Judgement(listed(measured), NOT_SUPPORTED, "differs as printed")

    return rule


def three_skills(m: Mapping) -> Judgement:
    measured = {title: percent(score, 1) for title, score in m["scores_from_three_skills"].items()}
    if measured == SARAH_SCORES:
        return Judgement(listed(measured), REPRODUCED, "equal as printed")
    with_fourth = {title: percent(score, 1) for title, score in m["scores"].items()}
    reason = ("the printed scores need a fourth skill, Social Perceptiveness"
              if with_fourth == SARAH_SCORES else "the printed scores come out in no way tried")
    return Judgement(listed(measured), NOT_SUPPORTED, reason)


def personal(m: Mapping) -> Judgement:
    count = m["distinct_rankings"]
    measured = f"{count:,} ranking{'s' if count > 1 else ''} for {m['n_people']:,} people"
    if m["distinct_rankings"] == 1:
        return Judgement(measured, NOT_SUPPORTED, "everybody gets the same list in the same order")
    if m["distinct_rankings"] < 0.5 * m["n_people"]:
        return Judgement(measured, MISLEADING, "most people share their list with somebody")
    return Judgement(measured, REPRODUCED, "most people have a ranking of their own")


def new_users(m: Mapping) -> Judgement:
    judgement = personal(m)
    if judgement.verdict == NOT_SUPPORTED:
        return Judgement(judgement.measured, NOT_SUPPORTED,
                         "a new user gets the list that everybody gets")
    return judgement


def both_strong(key: str, of: int, within: int) -> Callable:
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


def needs_ml(m: Mapping) -> Judgement:
    accuracy = m["accuracy_of_one_sum"]
    measured = f"one sum and one threshold: {percent(accuracy)}"
    if accuracy >= m["test_accuracy"]:
        return Judgement(measured, NOT_SUPPORTED, "the same is reached without any learning")
    return Judgement(measured, REPRODUCED, "a plain threshold does not reach it")


def untestable(what: str) -> Callable:
    """Rule for a claim about real users: testable once a record has measured one."""

    def rule(m: Mapping) -> Judgement:
        if m.get("real_users", 0):
            return Judgement(f"{m['real_users']} real users", NOT_SUPPORTED, "state a rule first")
        return Judgement("no real user", UNTESTABLE, what)

    return rule


def patterns(m: Mapping) -> Judgement:
    full, alone = m["test_accuracy"], m["person_alone_accuracy"]
    measured = f"all features {percent(full, 1)}, person alone {percent(alone, 1)}"
    if full > alone + 0.02:
        return Judgement(measured, REPRODUCED, "the pair tells more than the person alone")
    return Judgement(measured, MISLEADING,
                     "learned were traces of the generators in the person, not what fits together")


def mismatch(m: Mapping) -> Judgement:
    filled = m["filled_interest_slots"]
    measured = f"{filled} of 6 interest slots of occupations are ever filled"
    if filled == 6:
        return Judgement(measured, REPRODUCED, "interests can be right or wrong")
    return Judgement(measured, NOT_SUPPORTED,
                     "there is no interest of an occupation that a person's could mismatch")


def overlap(m: Mapping) -> Judgement:
    measured = f"{m['part_4_overlap']}/3"
    good = measured == "0/3"
    return Judgement(measured, REPRODUCED if good else NOT_SUPPORTED,
                     "counted" if good else "the lists share some")


def same_user(m: Mapping) -> Judgement:
    model = {title: f"{score:.3f}" for title, score in m["part_4_scores"].items()}
    baseline = {title: f"{score:.3f}" for title, score in m["baseline_scores"].items()}
    if model == PART_4_SCORES and baseline == BASELINE_SCORES:
        return Judgement("one profile gives all six scores", REPRODUCED,
                         "it is not printed, and it is not Sarah's")
    return Judgement("one profile does not give all six scores", NOT_SUPPORTED,
                     "no single profile was found")


def no_copy(m: Mapping) -> Judgement:
    shared = m["overlap_with_cosine"]["post"]
    measured = f"{shared:.2f} of 10 places shared with the baseline"
    if shared < 5:
        return Judgement(measured, REPRODUCED, "the lists are mostly different")
    return Judgement(measured, NOT_SUPPORTED, "the lists are mostly the same")


def difference_proves_ml(m: Mapping) -> Judgement:
    post, chance = m["none_of_three"]["post"], m["none_of_three"]["random"]
    measured = f"0/3 for {percent(post)} of people; for a random order, {percent(chance)}"
    if chance < 0.5:
        return Judgement(measured, REPRODUCED, "a ranking that knows nothing rarely gives 0/3")
    return Judgement(measured, NOT_SUPPORTED,
                     "a random order shares nothing either; a difference is no evidence of learning")


def more_relatives(
    key: str, what: str, better: str, no_better: str, worse: str
) -> Callable:
    """Rule for a difference in recall: above 0, not told from 0, or below, by its interval."""

    def rule(m: Mapping) -> Judgement:
        low, high = m[f"{key}_interval"]
        measured = f"{what} {m[key]:+.3f} [{low:+.3f}, {high:+.3f}]"
        if low > 0:
            return Judgement(measured, REPRODUCED, better)
        return Judgement(measured, NOT_SUPPORTED, no_better if high > 0 else worse)

    return rule


def value(m: Mapping) -> Judgement:
    low, high = m["post_minus_random_interval"]
    measured = (f"recall@10 (150, short forms) {m['post_recall']:.3f}, random "
                f"{m['random_recall']:.3f}, most jobs {m['most_employed_recall']:.3f}")
    if low > 0 and m["post_recall"] > m["most_employed_recall"]:
        return Judgement(measured, REPRODUCED, "better than chance and than the largest occupations")
    return Judgement(measured, NOT_SUPPORTED,
                     "no better than a random order of its own occupations")


def explanations(m: Mapping) -> Judgement:
    passing, published = m["published_passing"], m["published"]
    measured = f"{passing} of {published} published texts pass the fact check"
    if passing == published:
        return Judgement(measured, REPRODUCED, "what they say about the occupations is true")
    return Judgement(measured, NOT_SUPPORTED if passing == 0 else MISLEADING,
                     "they name strengths that O*NET does not give the occupation, or no fact at all")


def real_data(m: Mapping) -> Judgement:
    measured = (f"trained on O*NET's relations: {m['post_on_real_rankings']} ranking, recall@10 "
                f"{m['post_on_real_recall']:.2f}; features that interact: {m['matched_recall']:.2f}")
    if m["post_on_real_rankings"] == 1:
        return Judgement(measured, NOT_SUPPORTED,
                         "with these features even real relations give everybody one list (users' "
                         "feedback itself cannot be tested here)")
    return Judgement(measured, REPRODUCED, "with real relations the list depends on the person")
