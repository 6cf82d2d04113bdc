"""`modules_completed` reads once for all its leaves in a gate."""

from datetime import timedelta

import pytest

from enablement.access import gates
from tests.tracks.factories import START, EnrolmentFactory, LessonFactory, ModuleFactory
from tracks.services.progress import read_lesson

pytestmark = pytest.mark.django_db
NOW = START + timedelta(days=1)


@pytest.fixture
def enrolment():
    """Of two modules, the first is completed."""
    lesson = LessonFactory(module=ModuleFactory(key="one", position=1))
    LessonFactory(module=ModuleFactory(track=lesson.module.track, key="two", position=2))
    enrolment = EnrolmentFactory(cohort__track=lesson.module.track)
    read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=NOW)
    return enrolment


def leaves(*named):
    return {
        "all_of": [{"type": "modules_completed", **({"modules": keys} if keys else {})} for keys in named]
    }


def standing(enrolment, tree):
    found = gates.evaluate(tree=tree, track=enrolment.track, enrolments=[enrolment], at=NOW)
    return found[enrolment.pk]


def test_each_leaf_has_its_own_answer_in_the_order_of_the_gate(enrolment):
    tree = leaves(["two"], ["one"], None, ["nowhere"], ["one", "two"])
    tree["all_of"].insert(1, {"type": "modules_completed", "unheard": 1})
    found = standing(enrolment, tree)
    assert [leaf.met for leaf in found.leaves] == [False, None, True, False, None, False]
    assert [(leaf.done, leaf.total) for leaf in found.leaves[2:4]] == [(1, 1), (1, 2)]
    assert not found.met


def test_several_leaves_cost_the_queries_of_one(enrolment, django_assert_num_queries):
    for tree in (leaves(["one"]), leaves(["one"], ["two"], None)):
        with django_assert_num_queries(2):
            standing(enrolment, tree)
