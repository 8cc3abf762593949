"""How often a model's answers pass each check, and how good the checks are themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from careerlib.catalog import Catalog
from careerlib.errors import CareerlibError
from careerlib.explain.checks import CHECKS, check_answer, check_text
from careerlib.explain.explainers import Explainer
from careerlib.explain.facts import OccupationFacts, everything, gather_facts
from careerlib.explain.model import Usage
from careerlib.explain.published import PUBLISHED
from careerlib.explain.titles import titles_of
from careerlib.profile import PART_4, SARAH, Profile

STATEMENTS = Path(__file__).resolve().parents[2] / "tests" / "statements.yaml"
LIMITS = Profile(
    skills=SARAH.skills, interests=SARAH.interests, work_values=SARAH.work_values,
    min_wage=100_000, max_education="Bachelor's degree",
)
NO_STEP = "(The post gives no next step.)"
PROFILES = {"sarah": SARAH, "limits": LIMITS}
# A fixed set: Sarah's three of the post, and two for other people.
MEASURED: tuple[tuple[Profile, str], ...] = (
    (SARAH, "11-3051.00"),
    (SARAH, "15-1244.00"),
    (SARAH, "17-3027.00"),
    (PART_4, "15-2041.00"),
    (Profile(
        skills=["Service Orientation", "Active Listening"], interests={"Social": 6, "Artistic": 3},
        work_values={"Relationships": 6},
    ), "29-1141.00"),
)


@dataclass(frozen=True)
class Measured:
    """The share of answers that pass each check.

    shares: index the check ("answered" first, "all checks" last), columns passed (answers)
        and share (0 to 1); each check is counted over the answers that came.
    rejected: onet_soc_code, title, text and problems of each answer that was refused.
    """

    shares: pd.DataFrame
    rejected: pd.DataFrame
    answers: int
    usage: Usage


def measure(
    explainer: Explainer,
    cases: Sequence[tuple[Profile, str]] = MEASURED,
    catalog: Catalog | None = None,
) -> Measured:
    """Let an explainer explain the fixed cases, and count which checks its answers pass."""
    catalog = catalog or everything()
    titles = titles_of(catalog)
    candidates = [gather_facts([code], profile, catalog)[0] for profile, code in cases]
    replies, usage = explainer.explain(candidates)
    failed, rejected = [], []
    for reply, facts in zip(replies, candidates, strict=True):
        answer = reply.answer
        if answer is None:
            failed.append({"answered"})
            continue
        problems = check_answer(answer.why, answer.next_step, answer.fact_ids, facts, titles)
        failed.append({problem.check for problem in problems})
        if problems:
            rejected.append(
                {
                    "onet_soc_code": facts.onet_soc_code,
                    "title": facts.title,
                    "text": f"{answer.why} {answer.next_step}",
                    "problems": "; ".join(map(str, problems)),
                }
            )
    came = [checks for checks in failed if "answered" not in checks]
    rows = {"answered": (len(came), len(failed))}
    rows |= {check: (sum(check not in checks for checks in came), len(came)) for check in CHECKS}
    rows["all checks"] = (sum(not checks for checks in failed), len(failed))
    shares = pd.DataFrame.from_dict(rows, orient="index", columns=["passed", "of"])
    shares["share"] = shares["passed"] / shares["of"].where(shares["of"] > 0)
    columns = ["onet_soc_code", "title", "text", "problems"]
    return Measured(shares, pd.DataFrame(rejected, columns=columns), len(replies), usage)


@dataclass(frozen=True)
class CheckQuality:
    """How well the checks find false statements.

    precision: share of the statements they refuse that are false. recall: share of the false
    statements that they refuse. wrong: the statements that were judged wrongly.
    """

    statements: int
    false_statements: int
    precision: float
    recall: float
    wrong: pd.DataFrame


def score_statements(
    part: str, path: str | Path = STATEMENTS, catalog: Catalog | None = None,
    judge: Callable[[str, OccupationFacts], list] | None = None,
) -> CheckQuality:
    """Judge a part ("built" or "held out") of the list of true and false statements.

    judge: returns a non-empty list for a statement that it refuses; `check_text` by default.
    """
    catalog = catalog or everything()
    titles = titles_of(catalog)
    judge = judge or (lambda text, facts: check_text(text, facts, titles))
    rows = []
    for entry in _statements(part, path):
        facts = gather_facts([entry["of"]], PROFILES[entry.get("profile", "sarah")], catalog)[0]
        reasons = judge(entry["says"], facts)
        rows.append(
            {
                "of": facts.title,
                "says": entry["says"],
                "is_false": not entry["holds"],
                "refused": bool(reasons),
                "reasons": "; ".join(map(str, reasons)),
            }
        )
    judged = pd.DataFrame(rows)
    caught = (judged["refused"] & judged["is_false"]).sum()
    return CheckQuality(
        statements=len(judged),
        false_statements=int(judged["is_false"].sum()),
        precision=float(caught / max(judged["refused"].sum(), 1)),
        recall=float(caught / max(judged["is_false"].sum(), 1)),
        wrong=judged[judged["refused"] != judged["is_false"]].reset_index(drop=True),
    )


def check_published(catalog: Catalog | None = None) -> pd.DataFrame:
    """The post's own explanations through the checks: title, text, verdict, reasons.

    They cite no facts by id, which the post did not ask for, so that check is left out.
    """
    catalog = catalog or everything()
    titles = titles_of(catalog)
    rows = []
    for code, why, next_step in PUBLISHED:
        facts = gather_facts([code], SARAH, catalog)[0]
        problems = check_answer(why, next_step or NO_STEP, ["wage"], facts, titles)
        rows.append(
            {
                "title": facts.title,
                "text": f"{why} {next_step}".strip(),
                "verdict": "passes" if not problems else "refused",
                "reasons": "; ".join(map(str, problems)),
            }
        )
    return pd.DataFrame(rows)


def _statements(part: str, path: str | Path) -> list[dict]:
    try:
        parts = yaml.safe_load(Path(path).read_text("utf-8"))
    except OSError as error:
        raise CareerlibError(
            f"The statements '{Path(path).name}' cannot be read ({error.strerror}); restore the "
            "file with 'git checkout tests'."
        ) from None
    if part not in parts:
        raise CareerlibError(f"There are no statements '{part}'; there are {', '.join(parts)}.")
    return parts[part]
