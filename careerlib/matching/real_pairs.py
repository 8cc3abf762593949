"""The post's features on real relations: what real data could have done for its model."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog
from careerlib.encoding import encode_occupations, pair_features
from careerlib.evaluation import Interval, judge, paired_bootstrap
from careerlib.matching.learning import relatives, short_forms
from careerlib.matching.trial import Strangers
from careerlib.recommend import score_matrix
from careerlib.training import fold, logistic_regression

OTHERS = 20  # occupations by chance for each training person, beside her relatives


@dataclass(frozen=True)
class RealPairs:
    """recall: mean recall@k over `people` strangers. rankings: different orders they get.

    against_cosine: the post's own model minus the cosine with filled vectors, in recall@k on
    the same people, with a paired 95 % interval over occupations.
    """

    recall: float
    rankings: int
    people: int
    against_cosine: Interval


@threadpool_limits.wrap(limits=1)  # the sums of one thread are the same on any machine size
def posts_features_on_real_relations(
    catalog: Catalog, strangers: Strangers, seed: int, k: int = 10
) -> RealPairs:
    """Train the post's model on O*NET's relations instead of synthetic pairs, and judge it.

    Pairs: for each occupation a short form, with all relatives (good) and OTHERS other
    occupations by chance (bad), on the post's 150 features with interests and values filled
    in. Trained on all occupations, an advantage that the judged methods do not have.
    """
    rng = np.random.default_rng(seed)
    related, filled = relatives(catalog).astype(bool), encode_occupations(catalog, fill=True)
    forms = short_forms(catalog, seed)
    rows, columns = np.nonzero(related)
    others = rng.integers(0, len(catalog), (len(catalog), OTHERS))
    rows = np.concatenate([rows, np.repeat(np.arange(len(catalog)), OTHERS)])
    columns = np.concatenate([columns, others.ravel()])
    model = logistic_regression(seed).fit(
        pair_features(forms[rows], filled[columns]), related[rows, columns].astype(int)
    )
    folded = fold(model)
    people = strangers.people["sparse"]
    real = np.add.outer(people @ folded.person, filled @ folded.occupation + folded.constant)
    post = score_matrix(people, "post", catalog)
    trial = judge(
        {"real": real, "post": post, "cosine_filled": strangers.scores["sparse"]["cosine_filled"]},
        catalog, people, k, own=strangers.own,
    )
    recall = {name: trial.by_occupation(name)["recall"] for name in trial.values}
    orders = np.argsort(-real.round(9), axis=1, kind="stable")
    return RealPairs(
        recall=float(recall["real"].mean()),
        rankings=len(np.unique(orders, axis=0)),
        people=len(people),
        against_cosine=paired_bootstrap(recall["post"], recall["cosine_filled"], seed=seed),
    )

