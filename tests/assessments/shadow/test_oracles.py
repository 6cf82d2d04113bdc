"""Wilson, kappa, its interval and the confusion matrix against statsmodels and scikit-learn.

They take seconds to import, so only what asks them does.
"""

import math
import warnings
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.services.agreement import cohen_kappa, confusion, kappa_interval, wilson

LABELS = [("automate", True), ("automate", False), ("avoid", False), ("review", True), ("escalate", False)]
tables = st.lists(
    st.lists(st.integers(0, 30), min_size=len(LABELS), max_size=len(LABELS)),
    min_size=len(LABELS),
    max_size=len(LABELS),
).filter(lambda table: sum(map(sum, table)) > 0)


def pairs_of(table):
    return [
        (LABELS[row], LABELS[column])
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_statsmodels(share):
    from statsmodels.stats.proportion import proportion_confint

    successes, n = share
    ours = wilson(successes=successes, n=n)
    lower, upper = proportion_confint(successes, n, alpha=0.05, method="wilson")

    assert math.isclose(ours.lower, lower, abs_tol=1e-9)
    assert math.isclose(ours.upper, upper, abs_tol=1e-9)


@settings(max_examples=60)
@given(tables)
def test_kappa_and_its_interval_are_those_of_statsmodels_and_scikit_learn(table):
    import numpy as np
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import cohens_kappa

    pairs = pairs_of(table)
    kappa, interval = cohen_kappa(pairs), kappa_interval(pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = cohens_kappa(np.array(table, dtype=float))
    if kappa is None:
        assert interval is None
        assert math.isnan(theirs.kappa)
        return
    index = {label: number for number, label in enumerate(LABELS)}
    score = cohen_kappa_score([index[one] for one, _ in pairs], [index[other] for _, other in pairs])
    assert math.isclose(kappa, theirs.kappa, abs_tol=1e-9)
    assert math.isclose(kappa, score, abs_tol=1e-9)
    spread = Decimal("1.959963984540054") * Decimal(math.sqrt(max(theirs.var_kappa, 0)))
    assert math.isclose(interval.lower, max(Decimal(float(kappa)) - spread, Decimal(-1)), abs_tol=1e-6)
    assert math.isclose(interval.upper, min(Decimal(float(kappa)) + spread, Decimal(1)), abs_tol=1e-6)


@settings(max_examples=60)
@given(tables)
def test_the_confusion_matrix_is_that_of_scikit_learn(table):
    from sklearn.metrics import confusion_matrix

    pairs = pairs_of(table)
    index = {label: number for number, label in enumerate(LABELS)}
    theirs = confusion_matrix(
        [index[one] for one, _ in pairs],
        [index[other] for _, other in pairs],
        labels=range(len(LABELS)),
    )

    assert confusion(pairs, answers=LABELS) == theirs.tolist() == table


def test_one_answer_throughout_is_not_enough_variety_for_either_of_us():
    pairs = [(LABELS[0], LABELS[0])] * 20

    assert cohen_kappa(pairs) is None
    assert kappa_interval(pairs) is None
    assert kappa_interval([]) is None
