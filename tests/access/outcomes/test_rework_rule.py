"""The rule on rework in whole numbers, at its boundaries."""

from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.models import Microtool
from enablement.access.rework import ReworkRule, default_rule, rule_of
from tests.access.factories import MicrotoolFactory


@st.composite
def rules(draw):
    of = draw(st.integers(1, 1_000))
    return ReworkRule(count=draw(st.integers(1, of)), of=of, days=14)


@st.composite
def counts(draw):
    reported = draw(st.integers(0, 3_000))
    return {"reworked": draw(st.integers(0, reported)), "reported": reported}


@given(rules(), counts())
def test_it_is_the_share_of_enough_outputs_and_nothing_else(rule, counted):
    share = Fraction(counted["reworked"], counted["reported"]) if counted["reported"] else Fraction(0)
    enough = counted["reported"] >= rule.of
    assert rule.broken_by(**counted) == (enough and share >= Fraction(rule.count, rule.of))


@given(rules(), st.integers(1, 50))
def test_the_boundary_is_exact_at_every_multiple(rule, times):
    """count of of suspends; one reworked output less, or one reported output less than `of`, does not."""
    reworked, reported = rule.count * times, rule.of * times
    assert rule.broken_by(reworked=reworked, reported=reported)
    assert not rule.broken_by(reworked=reworked - 1, reported=reported)
    assert not rule.broken_by(reworked=min(rule.count, rule.of - 1), reported=rule.of - 1)


@given(rules(), rules(), counts())
def test_as_strict_means_that_it_suspends_whoever_the_other_does(one, other, counted):
    if one.as_strict_as(other) and other.broken_by(**counted):
        assert one.broken_by(**counted)


@given(rules(), rules())
def test_what_is_not_as_strict_lets_somebody_through(one, other):
    if not one.as_strict_as(other):
        times = one.of  # so many that only the shares differ, unless the number needed does
        cases = [(other.count, other.of), (other.count * times, other.of * times)]
        assert any(
            other.broken_by(reworked=r, reported=n) and not one.broken_by(reworked=r, reported=n)
            for r, n in cases
        )


def test_of_other_days_nobody_can_say():
    fortnight = ReworkRule(count=8, of=20, days=14)
    assert not ReworkRule(count=1, of=1, days=15).as_strict_as(fortnight)
    assert not ReworkRule(count=1, of=1, days=13).as_strict_as(fortnight)
    assert fortnight.as_strict_as(fortnight)


@pytest.mark.django_db
def test_a_tool_without_its_own_has_the_installations(settings):
    settings.REWORK_COUNT, settings.REWORK_OF, settings.REWORK_DAYS = 3, 10, 7
    tool = MicrotoolFactory()
    assert rule_of(tool) == default_rule() == ReworkRule(count=3, of=10, days=7)
    assert str(rule_of(tool)) == "3 of 10 within 7 days (the default)"
    tool = MicrotoolFactory(rework_count=1, rework_of=4, rework_days=30)
    assert str(rule_of(tool)) == "1 of 4 within 30 days"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rule",
    [(0, 5, 7), (6, 5, 7), (1, 5, 0), (1, 5, 366), (1, 1_001, 7), (None, 5, 7), (1, None, 7), (1, 5, None)],
)
def test_half_a_rule_is_none(rule):
    tool = MicrotoolFactory()
    values = dict(zip(("rework_count", "rework_of", "rework_days"), rule, strict=True))
    with pytest.raises(IntegrityError, match="microtool_rework_rule_is_whole"), transaction.atomic():
        Microtool.objects.filter(pk=tool.pk).update(**values)
