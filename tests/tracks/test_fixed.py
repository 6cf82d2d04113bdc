"""Markup that is the same for everybody."""

from django.template import Context, Template
from django.utils import translation


def test_it_is_drawn_once():
    template = Template("{% load fixed %}{% fixed %}{% now 'u' %}{% endfixed %}")
    assert template.render(Context()) == template.render(Context())


def test_nothing_of_the_page_gets_in():
    template = Template("{% load fixed %}{{ name }}:{% fixed %}{{ name }}{% csrf_token %}{% endfixed %}")
    assert template.render(Context({"name": "Ada", "csrf_token": "secret"})) == "Ada:"
    assert template.render(Context({"name": "Bob"})) == "Bob:"


def test_each_language_has_its_own():
    template = Template(
        "{% load fixed i18n %}{% fixed %}{% get_current_language as now %}{{ now }}{% endfixed %}"
    )
    drawn = []
    for language in ("en-gb", "de", "en-gb"):
        with translation.override(language):
            drawn.append(template.render(Context()))
    assert drawn == ["en-gb", "de", "en-gb"]
