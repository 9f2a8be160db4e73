"""review.comparison.flights: joining, judging and disagreeing, by hand on four flights of two days, and what always holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.evaluation.costs import Payoffs
from flight_delay.model.predictions import Predictions
from flight_delay.review.comparison.flights import Common, combine_verdicts, disagreement, join_rows, judge

PAYOFFS = Payoffs(late_called_late=100, late_called_on_time=-500, on_time_called_late=-100, on_time_called_on_time=100)
IDS = [f"2013-11-0{day}-UA-{number}-EWR-0515" for day in (1, 2) for number in (7, 8)]
LATE = [True, False, True, False]
HALF = (0.5, 0.5)
A, B = [0.6, 0.4, 0.3, 0.7], [0.8, 0.2, 0.9, 0.1]
OPPOSITE = {"better": "worse", "worse": "better"}


def predictions(probability: list[float], late: list[bool] = LATE, ids: list[str] = IDS) -> Predictions:
    dates = np.array([of[:10] for of in ids], "datetime64[D]")
    return Predictions(np.array(ids, object), dates, np.array(late, bool), np.array(probability, np.float32))


def common(a: list[float], b: list[float]) -> Common:
    return join_rows(predictions(a), predictions(b))


def nowhere(of: Common) -> np.ndarray:
    return np.full(len(of.b), None)


def test_only_flights_that_both_have_are_compared_in_the_order_of_b() -> None:
    a = predictions([0.1, 0.2, 0.3], LATE[:3], IDS[:3])
    b = predictions([0.6, 0.7], [False, True], [IDS[3], IDS[2]])
    joined = join_rows(a, b)
    assert joined.a.flight_id.tolist() == joined.b.flight_id.tolist() == [IDS[2]]
    assert joined.a.probability == pytest.approx([0.3])
    assert joined.b.probability == pytest.approx([0.7])
    assert joined.a.late.tolist() == joined.b.late.tolist() == [True]
    assert (joined.only_a, joined.only_b) == (2, 1)
    back = join_rows(predictions(A), predictions(B[::-1], LATE[::-1], IDS[::-1]))
    assert back.a.flight_id.tolist() == IDS[::-1]
    assert back.a.probability == pytest.approx(A[::-1])


def test_metrics_and_profit_are_as_by_hand() -> None:
    judged = judge(common(A, B), HALF, PAYOFFS)
    assert (judged.flights, judged.days, judged.only_a, judged.only_b, judged.because) == (4, 2, 0, 0, None)
    assert [of.name for of in judged.measures] == ["roc_auc", "average_precision", "log_loss", "profit"]
    # Of four pairs A ranks one rightly; at its late flights, second and last, half of the flights are late. Its log loss
    # is that of 0.6, 0.6, 0.3 and 0.3, B's that of 0.8, 0.8, 0.9 and 0.9. A is right on the first day only.
    assert [of.a for of in judged.measures] == pytest.approx([0.25, 0.5, -np.log(0.18) / 2, -100], abs=1e-6)
    assert [of.b for of in judged.measures] == pytest.approx([1, 1, -np.log(0.72) / 2, 100], abs=1e-6)
    auc, _, log_loss, profit = (of.b_over_a for of in judged.measures)
    # On the first day alone they rank alike and earn the same.
    assert auc == (0.75, 0, 1, "undecided")
    assert profit == (200, 0, 400, "undecided")
    # By the first day alone, and by the second alone.
    assert (log_loss.high, log_loss.low) == pytest.approx((np.log(0.6 / 0.8), np.log(0.3 / 0.9)), abs=1e-6)
    assert (log_loss.verdict, judged.verdict) == ("better", "better")


def test_each_side_has_its_own_threshold_and_calls_late_from_it_on() -> None:
    profit = judge(common([0.5] * 4, [0.5] * 4), (0.5, 0.75), PAYOFFS).measures[-1]
    # A calls all four late: 100 and -100 a day. B calls none: -500 and 100.
    assert (profit.a, profit.b, profit.b_over_a) == (0, -200, (-200, -200, -200, "worse"))


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (A, B, "better"),
        (B, A, "worse"),
        ([0.4, 0.6] * 2, [0.02, 0.01] * 2, "mixed"),  # ranks all pairs rightly, and finds delays very unlikely
        ([0.6, 0.4, 0.4, 0.6], [0.4, 0.6, 0.6, 0.4], "undecided"),  # the second day makes up for the first
        (A, A, "same"),
    ],
)
def test_the_verdict_needs_one_metric_that_is_better_and_none_that_is_worse(a, b, verdict) -> None:
    assert judge(common(a, b), HALF, PAYOFFS).verdict == verdict


def test_more_profit_alone_is_no_better_model() -> None:
    judged = judge(common(A, A), (0.5, 0.2), PAYOFFS)
    assert (judged.verdict, judged.measures[-1].b) == ("same", 0)
    assert combine_verdicts(["undecided", "undecided"]) == "undecided"
    assert combine_verdicts(["undecided", "worse"]) == "worse"
    assert combine_verdicts(["better", "worse"]) == "mixed"


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ((A, LATE, IDS), (B, [True] * 4, IDS), "outcomes_differ"),
        ((A[:2], LATE[:2], IDS[:2]), (B[2:], LATE[2:], IDS[2:]), "none"),
        ((A, LATE, IDS), (B[:2], LATE[:2], IDS[:2]), "none"),
        ((A, [True] * 4, IDS), (B, [True] * 4, IDS), "none"),
        ((A, [False] * 4, IDS), (B, [False] * 4, IDS), "none"),
    ],
)
def test_what_cannot_be_compared_has_a_reason(a, b, verdict) -> None:
    judged = judge(join_rows(predictions(*a), predictions(*b)), HALF, PAYOFFS)
    assert (judged.verdict, judged.measures) == (verdict, ())
    assert judged.because


def test_who_is_right_is_counted_where_calls_differ() -> None:
    joined = common(A, [0.8, 0.2, 0.9, 0.9])
    found = disagreement(joined, HALF, np.array(["IAH", None, "MIA", None], object))
    # Calls differ on the third flight only, which was late as B says.
    assert (found.flights, found.calls_changed, found.a_right, found.b_right) == (4, 1, 0, 1)
    assert found.mean_difference == pytest.approx((0.2 + 0.2 + 0.6 + 0.2) / 4, abs=1e-6)
    assert found.most[0] == ("2013-11-02", "UA", "7", "EWR", "MIA", "0515", np.float32(0.3), np.float32(0.9), True)
    assert (found.most[1].late, found.most[1].destination) == (False, None)
    other = disagreement(common([0.5] * 4, [0.4, 0.5, 0.6, 0.4]), HALF, nowhere(joined))
    assert (other.calls_changed, other.a_right, other.b_right) == (2, 1, 1)
    # A calls only the fourth flight late, B all others.
    apart = disagreement(common(A, B), (0.65, 0.15), nowhere(joined))
    assert (apart.calls_changed, apart.a_right, apart.b_right) == (4, 1, 3)


def test_the_ten_that_differ_most_are_shown_and_of_ties_the_first_by_id() -> None:
    ids = [f"2013-11-01-X-Y-{number}-EWR-0000" for number in range(20, 33)]
    at = np.r_[[0.5] * 12, 0.75]
    found = disagreement(
        join_rows(predictions([0.25] * 13, [True] * 13, ids), predictions(at[::-1], [True] * 13, ids[::-1])),
        HALF,
        np.full(13, None),
    )
    assert [int(of.flight_number) for of in found.most] == [32, *range(20, 29)]
    assert {of.carrier for of in found.most} == {"X-Y"}
    assert found.most[0][-3:] == (0.25, 0.75, True)


def test_flights_on_which_both_agree_are_not_shown() -> None:
    joined = common(A, A)
    assert disagreement(joined, HALF, nowhere(joined)).most == ()
    apart = common(A, [*A[:3], 0.1])
    assert len(disagreement(apart, HALF, nowhere(apart)).most) == 1
    none = join_rows(predictions(A[:2], LATE[:2], IDS[:2]), predictions(B[2:], LATE[2:], IDS[2:]))
    assert disagreement(none, HALF, nowhere(none)) is None


shares = st.integers(1, 99).map(lambda percent: percent / 100)
several = st.lists(st.tuples(shares, shares, st.booleans()), min_size=4, max_size=12)


@settings(max_examples=25)
@given(several, st.randoms(use_true_random=False))
def test_turned_round_everything_is_turned_round_and_order_does_not_matter(flights, random) -> None:
    a, b, late = map(list, zip(*flights, strict=True))
    ids = [f"2013-11-{1 + row % 3:02d}-UA-{row}-EWR-0515" for row in range(len(flights))]
    mixed = random.sample(range(len(flights)), len(flights))
    forth = join_rows(predictions(a, late, ids), predictions(b, late, ids))
    back = join_rows(predictions(b, late, ids), predictions(*([of[row] for row in mixed] for of in (a, late, ids))))
    one, other = judge(forth, (0.3, 0.6), PAYOFFS), judge(back, (0.6, 0.3), PAYOFFS)
    assert other.verdict == OPPOSITE.get(one.verdict, one.verdict)
    for measure, turned in zip(one.measures, other.measures, strict=True):
        assert (turned.a, turned.b) == pytest.approx((measure.b, measure.a), abs=2e-6)
        of = measure.b_over_a
        assert turned.b_over_a[:3] == pytest.approx((-of.difference, -of.high, -of.low), abs=2e-6)
    apart, turned_apart = disagreement(forth, (0.3, 0.6), nowhere(forth)), disagreement(back, (0.6, 0.3), nowhere(back))
    assert [of[:6] for of in apart.most] == [of[:6] for of in turned_apart.most]
    assert (apart.a_right, apart.b_right) == (turned_apart.b_right, turned_apart.a_right)
    assert apart.a_right + apart.b_right == apart.calls_changed
