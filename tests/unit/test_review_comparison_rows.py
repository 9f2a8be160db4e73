"""review.comparison.rows: join, metrics and disagreement, by hand on four rows of two days, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snapshots import IDS, PAYOFFS, TARGET, A, B, predictions

from flight_delay.review.comparison.rows import (
    CommonRows,
    combine_verdicts,
    compare_period,
    find_disagreement,
    join_rows,
)

HALF = (0.5, 0.5)
OPPOSITE = {"better": "worse", "worse": "better"}


def common(a: list[float], b: list[float]) -> CommonRows:
    return join_rows(predictions(a), predictions(b))


def test_common_rows_are_joined_in_the_order_of_b() -> None:
    a = predictions([0.1, 0.2, 0.3], TARGET[:3], IDS[:3])
    joined = join_rows(a, predictions([0.6, 0.7], [False, True], [IDS[3], IDS[2]]))
    assert (joined.only_a, joined.only_b) == (2, 1)
    assert [part.probability.tolist() for part in joined[:2]] == [pytest.approx([0.3]), pytest.approx([0.7])]
    back = join_rows(predictions(A), predictions(B[::-1], TARGET[::-1], IDS[::-1]))
    assert back.a.probability == pytest.approx(A[::-1])
    assert list(back.a.target) == list(back.b.target) == TARGET[::-1]


def test_metrics_and_profit_are_as_by_hand() -> None:
    period = compare_period(common(A, B), HALF, PAYOFFS)
    assert (period.rows, period.days, period.only_a, period.only_b, period.reason) == (4, 2, 0, 0, None)
    assert [measure.name for measure in period.measures] == ["roc_auc", "average_precision", "log_loss", "profit"]
    # A ranks one of four pairs correctly; at its positive rows, second and last, half of the rows are positive.
    # Its log loss is that of 0.6, 0.6, 0.3 and 0.3, B's that of 0.8, 0.8, 0.9 and 0.9. A is right on the first
    # day only.
    assert [measure.a for measure in period.measures] == pytest.approx([0.25, 0.5, -np.log(0.18) / 2, -100], abs=1e-6)
    assert [measure.b for measure in period.measures] == pytest.approx([1, 1, -np.log(0.72) / 2, 100], abs=1e-6)
    auc, _, log_loss, profit = (measure.b_over_a for measure in period.measures)
    # On the first day alone both rank alike and have the same profit.
    assert auc == (0.75, 0, 1, "not_significant")
    assert profit == (200, 0, 400, "not_significant")
    # On the first day alone, and on the second alone.
    assert (log_loss.high, log_loss.low) == pytest.approx((np.log(0.6 / 0.8), np.log(0.3 / 0.9)), abs=1e-6)
    assert (log_loss.verdict, period.verdict) == ("better", "better")


def test_each_has_its_own_threshold_which_belongs_to_the_positive_rows() -> None:
    profit = compare_period(common([0.5] * 4, [0.5] * 4), (0.5, 0.75), PAYOFFS).measures[-1]
    # A classifies all four as positive: 100 and -100 a day. B none: -500 and 100.
    assert (profit.a, profit.b, profit.b_over_a) == (0, -200, (-200, -200, -200, "worse"))


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (A, B, "better"),
        (B, A, "worse"),
        ([0.4, 0.6] * 2, [0.02, 0.01] * 2, "mixed"),  # ranks all pairs correctly, with much too low probabilities
        ([0.6, 0.4, 0.4, 0.6], [0.4, 0.6, 0.6, 0.4], "not_significant"),  # the second day makes up for the first
        (A, A, "same"),
    ],
)
def test_the_verdict_needs_one_better_metric_and_no_worse_one(a, b, verdict) -> None:
    assert compare_period(common(a, b), HALF, PAYOFFS).verdict == verdict


def test_profit_does_not_affect_the_verdict() -> None:
    period = compare_period(common(A, A), (0.5, 0.2), PAYOFFS)
    assert (period.verdict, period.measures[-1].b) == ("same", 0)
    verdicts = (["not_significant", "not_significant"], ["not_significant", "worse"], ["better", "worse"])
    assert list(map(combine_verdicts, verdicts)) == ["not_significant", "worse", "mixed"]


def test_decisions_that_differ_are_counted_with_who_is_right() -> None:
    disagreement = find_disagreement(common(A, [0.8, 0.2, 0.9, 0.9]), HALF)
    # Only the third row is classified differently; it is positive, as B predicts.
    assert (disagreement.rows, disagreement.decisions_changed) == (4, 1)
    assert (disagreement.a_right, disagreement.b_right) == (0, 1)
    assert disagreement.mean_difference == pytest.approx((0.2 + 0.2 + 0.6 + 0.2) / 4, abs=1e-6)
    assert disagreement.largest[0] == (IDS[2], np.float32(0.3), np.float32(0.9), True)
    # A classifies only the fourth row as positive, B all others.
    apart = find_disagreement(common(A, B), (0.65, 0.15))
    assert (apart.decisions_changed, apart.a_right, apart.b_right) == (4, 1, 3)


def test_the_ten_largest_differences_are_shown_and_of_ties_the_first_ids() -> None:
    ids = [f"2013-11-01-{number}" for number in range(20, 33)]
    b = np.r_[[0.5] * 12, 0.75]
    joined = join_rows(predictions([0.25] * 13, [True] * 13, ids), predictions(b[::-1], [True] * 13, ids[::-1]))
    largest = find_disagreement(joined, HALF).largest
    assert [int(row.row_id[11:]) for row in largest] == [32, *range(20, 29)]
    assert largest[0][1:] == (0.25, 0.75, True)


def test_rows_with_the_same_probability_are_not_shown() -> None:
    assert find_disagreement(common(A, A), HALF).largest == ()
    assert len(find_disagreement(common(A, [*A[:3], 0.1]), HALF).largest) == 1
    none = join_rows(predictions(A[:2], TARGET[:2], IDS[:2]), predictions(B[2:], TARGET[2:], IDS[2:]))
    assert find_disagreement(none, HALF) is None


shares = st.integers(1, 99).map(lambda percent: percent / 100)
several = st.lists(st.tuples(shares, shares, st.booleans()), min_size=4, max_size=12)


@settings(max_examples=settings.default.max_examples // 2)  # the bootstrap takes long
@given(several, st.randoms(use_true_random=False))
def test_exchanging_a_and_b_reverses_everything_and_order_does_not_matter(rows, random) -> None:
    a, b, target = map(list, zip(*rows, strict=True))
    ids = [f"2013-11-{1 + row % 3:02d}-{row}" for row in range(len(rows))]
    order = random.sample(range(len(rows)), len(rows))
    forth = join_rows(predictions(a, target, ids), predictions(b, target, ids))
    shuffled = predictions(*([column[row] for row in order] for column in (a, target, ids)))
    back = join_rows(predictions(b, target, ids), shuffled)
    one, other = compare_period(forth, (0.3, 0.6), PAYOFFS), compare_period(back, (0.6, 0.3), PAYOFFS)
    assert other.verdict == OPPOSITE.get(one.verdict, one.verdict)
    for measure, reverse in zip(one.measures, other.measures, strict=True):
        assert (reverse.a, reverse.b) == pytest.approx((measure.b, measure.a), abs=2e-6)
        difference, low, high, _ = measure.b_over_a
        assert reverse.b_over_a[:3] == pytest.approx((-difference, -high, -low), abs=2e-6)
    apart, reversed_apart = find_disagreement(forth, (0.3, 0.6)), find_disagreement(back, (0.6, 0.3))
    assert [row.row_id for row in apart.largest] == [row.row_id for row in reversed_apart.largest]
    assert (apart.a_right, apart.b_right) == (reversed_apart.b_right, reversed_apart.a_right)
    assert apart.a_right + apart.b_right == apart.decisions_changed
