import pytest

from tests.assessments.quizzes.factories import make_quiz
from tests.tracks.factories import LabFactory, ModuleFactory
from tracks import links
from tracks.models import Component

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("modules", [1, 4])
def test_each_quiz_and_lab_of_a_module_has_its_own_page(modules, django_assert_num_queries):
    expected = {}
    for _ in range(modules):
        module = ModuleFactory()
        quiz, lab = make_quiz(module=module), LabFactory(module=module)
        expected[Component.objects.get(module=module, kind="quiz").pk] = f"/quizzes/{quiz.pk}/"
        expected[Component.objects.get(module=module, kind="lab").pk] = f"/labs/{lab.pk}/"
    components = list(Component.objects.all())
    with django_assert_num_queries(2):
        assert links.urls_of(components) == expected
