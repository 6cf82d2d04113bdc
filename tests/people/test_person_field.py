import pytest
from django.core.exceptions import ValidationError

from enablement.people.person_field import PersonField
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_an_address_in_any_case_is_a_person():
    person = UserFactory(email="mona@demo.example")
    assert PersonField().clean(" Mona@Demo.Example ") == person


@pytest.mark.parametrize(
    ("text", "code"), [("nobody@demo.example", "nobody"), ("mona", "invalid"), ("", "required")]
)
def test_what_names_nobody_is_refused(text, code):
    UserFactory(email="mona@demo.example")
    with pytest.raises(ValidationError) as refused:
        PersonField().clean(text)
    assert refused.value.error_list[0].code == code


def test_where_nobody_has_to_be_named_nothing_is_nobody():
    assert PersonField(required=False).clean("") is None
