"""The figures against numpy, which works each out in another way."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.psychometrics import FEWEST, GROUP, Reply, Shape, analyse, group_weights, pearson

NEAR = 1e-6


def matrix(people, questions, seed):
    """Points that hang together: who knows more is right more often; question 0 has the wrong key."""
    chance = random.Random(seed)
    rows = []
    for _ in range(people):
        knows = chance.random()
        row = [float(chance.random() < 0.2 + 0.7 * knows) for _ in range(questions)]
        row[0] = float(chance.random() < 0.9 - 0.8 * knows)
        rows.append(row)
    return np.array(rows)


def sheets_of(points, *, drawn=None, seed=1):
    """All questions for everybody, or `drawn` of them for each."""
    chance = random.Random(seed)
    questions = points.shape[1]
    return [
        [
            Reply(question + 1, row[question])
            for question in (
                range(questions) if drawn is None else sorted(chance.sample(range(questions), drawn))
            )
        ]
        for row in points
    ]


def by_version(results):
    return {item["version"]: item for item in results["items"]}


def usual_alpha(points):
    k = points.shape[1]
    return k / (k - 1) * (1 - points.var(axis=0, ddof=1).sum() / points.sum(axis=1).var(ddof=1))


@pytest.mark.parametrize("seed", [1, 2, 3])
class TestComplete:
    def test_alpha_and_alpha_without_each(self, seed):
        points = matrix(120, 8, seed)
        results = analyse(sheets_of(points), {})

        assert results["alpha"] == pytest.approx(usual_alpha(points), abs=NEAR)
        for version, item in by_version(results).items():
            expected = usual_alpha(np.delete(points, version - 1, axis=1))
            assert item["alpha_without"] == pytest.approx(expected, abs=NEAR)

    def test_facility_and_corrected_point_biserial(self, seed):
        points = matrix(120, 8, seed)
        for version, item in by_version(analyse(sheets_of(points), {})).items():
            own = points[:, version - 1]
            assert item["facility"] == pytest.approx(own.mean(), abs=NEAR)
            expected = np.corrcoef(own, points.sum(axis=1) - own)[0, 1]
            assert item["r"] == pytest.approx(expected, abs=NEAR)

    def test_discrimination_is_the_mean_over_all_ways_to_break_ties(self, seed):
        points = matrix(FEWEST, 5, seed)
        totals = points.sum(axis=1)
        size = round(GROUP * len(points))
        chance = np.random.default_rng(seed)
        found = []
        for _ in range(4000):
            order = np.lexsort((chance.random(len(points)), totals))
            found.append(points[order[-size:]].mean(axis=0) - points[order[:size]].mean(axis=0))
        for version, item in by_version(analyse(sheets_of(points), {})).items():
            assert item["d"] == pytest.approx(np.mean(found, axis=0)[version - 1], abs=0.02)


class TestMissingByDesign:
    def test_covariances_are_pooled_over_who_was_asked_both(self):
        points = matrix(300, 10, 4)
        sheets = sheets_of(points, drawn=6)
        seen = np.full(points.shape, np.nan)
        for row, sheet in enumerate(sheets):
            for reply in sheet:
                seen[row, reply.version - 1] = reply.points
        squares, products = [], []
        for one, other in itertools.combinations_with_replacement(range(10), 2):
            both = ~np.isnan(seen[:, one]) & ~np.isnan(seen[:, other])
            df = both.sum() - 1
            covariance = np.cov(seen[both, one], seen[both, other])[0, 1]
            (squares if one == other else products).append((df, df * covariance))
        variance, covariance = (
            sum(t for _n, t in rows) / sum(n for n, _t in rows) for rows in (squares, products)
        )

        expected = 6 * covariance / (variance + 5 * covariance)

        assert analyse(sheets, {})["alpha"] == pytest.approx(expected, abs=NEAR)

    def test_a_draw_hardly_moves_the_spearman_brown_figure(self):
        """Six of twelve alike questions: what the usual alpha of all twelve says of half as many."""
        points = matrix(2000, 13, 5)[:, 1:]
        whole = usual_alpha(points)
        half = 0.5 * whole / (1 - 0.5 * whole)

        assert analyse(sheets_of(points, drawn=6), {})["alpha"] == pytest.approx(half, abs=0.03)

    def test_rest_scores_are_shares_of_what_else_was_asked(self):
        points = matrix(200, 9, 6)
        sheets = sheets_of(points, drawn=5)
        for version, item in by_version(analyse(sheets, {})).items():
            own, rest = [], []
            for sheet in sheets:
                scores = {reply.version: reply.points for reply in sheet}
                if version in scores:
                    own.append(scores.pop(version))
                    rest.append(np.mean(list(scores.values())))
            assert item["n"] == len(own)
            assert item["r"] == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=NEAR)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_a_group_always_holds_its_number_and_never_prefers_one_of_a_tie(values):
    weights = group_weights(values)

    assert sum(weights) == pytest.approx(max(round(GROUP * len(values)), 1))
    assert all(0 <= weight <= 1 for weight in weights)
    assert len(set(zip(values, weights, strict=True))) == len(set(values))
    ordered = sorted(zip(values, weights, strict=True))
    assert [weight for _value, weight in ordered] == sorted(weights, reverse=True)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=40))
def test_a_correlation_is_within_its_bounds_or_not_defined(pairs):
    r = pearson([x for x, _y in pairs], [y for _x, y in pairs])
    assert r is None or -1 - 1e-9 <= r <= 1 + 1e-9


class TestFlags:
    def choice(self, rows):
        """rows: (picked, others right of 4). Option "a" is the key."""
        sheets = []
        for picked, others in rows:
            rest = [Reply(number + 2, float(number < others)) for number in range(4)]
            sheets.append([Reply(1, float(picked == "a"), (picked,)), *rest])
        shape = Shape({"a": True, "b": False, "c": False})
        return by_version(analyse(sheets, {1: shape}))[1]

    def test_a_wrong_key_is_suspected(self):
        item = self.choice([("b", 4)] * 20 + [("a", 1)] * 15 + [("c", 0)] * 5)

        assert item["flags"] == ["negative", "key"]
        (b,) = (option for option in item["options"] if option["key"] == "b")
        assert (b["n"], b["share"], b["upper"], b["lower"]) == (20, 0.5, 1.0, 0.0)

    def test_a_distractor_that_nobody_takes_is_dead(self):
        item = self.choice([("a", 4)] * 30 + [("b", 0)] * 20)
        assert item["flags"] == ["dead"]

    def test_easy_and_hard(self):
        assert "easy" in self.choice([("a", 4)] * 38 + [("b", 0)] * 2)["flags"]
        assert "hard" in self.choice([("a", 4)] * 10 + [("b", 1)] * 20 + [("c", 0)] * 20)["flags"]

    def test_too_few_people_say_nothing(self):
        item = self.choice([("a", 4)] * (FEWEST - 1))
        assert item == {"version": 1, "n": FEWEST - 1, "options": [], "flags": ["few"]}

    def test_nobody_at_all(self):
        assert analyse([], {})["items"] == []
        assert analyse([], {})["alpha"] is None
