"""The styleguide, and what every template of the project must keep to."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.template import engines
from django.template.loader import get_template, render_to_string
from django.urls import reverse
from playwright.sync_api import sync_playwright

from enablement.styleguide import CHAPTERS
from tests.chromium import CHROMIUM
from tests.people.factories import UserFactory

T = TypeVar("T")
BACKEND = "django.contrib.auth.backends.ModelBackend"
TEMPLATES = sorted(
    path
    for path in settings.BASE_DIR.rglob("templates/**/*.html")
    if not {".venv", "var", "bench"} & set(path.relative_to(settings.BASE_DIR).parts)
)
COMPONENTS = {path.stem: path for path in TEMPLATES if path.parent.name == "components"}
EXAMPLES = {path.stem: path for path in TEMPLATES if path.parent.name == "examples"}
TAG = re.compile(
    r"<c-(?!vars|slot)([\w-]+)((?:\s+[^\s/>\"'=]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*/?>", re.DOTALL
)
COMMENT = re.compile(r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}|{#.*?#}", re.DOTALL)
#: What a component may use undeclared: its slot, the rest of its attributes, and what every page has.
HANDLER = re.compile(r"\son(?:click|change|submit|input|load|error|focus|blur|key\w+|mouse\w+)=")
GIVEN = {"slot", "attrs", "forloop", "messages", "csrf_token", "True", "False", "None"}


def source(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


def declared(component: str) -> set[str]:
    names = re.search(r"<c-vars\s+(.*?)/>", source(COMPONENTS[component]), re.DOTALL)
    return set(re.findall(r":?([\w-]+)=\"", names[1])) if names else set()


def render(text: str, **context) -> str:
    """A snippet as an author writes it, through the loader that knows components."""
    from django_cotton.compiler_regex import CottonCompiler

    return engines["django"].from_string(CottonCompiler().process(text)).render(context)


def offenders(names: Iterable[T], is_one: Callable[[T], object]) -> list[T]:
    """One test looks at all templates: a test for each of hundreds costs more than what it does."""
    return [name for name in names if is_one(name)]


@pytest.mark.sqlite  # what a template says does not depend on the database
class TestEveryTemplate:
    def test_compiles(self):
        """What does not names itself in the error."""
        for path in TEMPLATES:
            get_template(str(path).rpartition("/templates/")[2])

    def test_is_short(self):
        assert offenders(TEMPLATES, lambda path: len(path.read_text().splitlines()) > 150) == []

    def test_has_no_style_or_script_of_its_own(self):
        """The Content-Security-Policy allows neither."""
        own = re.compile(rf"\sstyle=|<style|{HANDLER.pattern}|javascript:")

        def has_one(path):
            scripts = re.findall(r"<script[^>]*>", source(path))
            return own.search(source(path)) or not all("src=" in tag for tag in scripts)

        assert offenders(TEMPLATES, has_one) == []

    def test_uses_components_and_icons_that_exist(self):
        sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
        known = set(re.findall(r'id="([\w-]+)"', sprite))

        def unknown(path):
            for name, attributes in TAG.findall(source(path)):
                icons = re.findall(r"\s(?:icon|icon_after)=\"([\w-]+)\"", attributes)
                icons += re.findall(r"\sname=\"([\w-]+)\"", attributes) if name == "icon" else []
                if name.replace("-", "_") not in COMPONENTS or set(icons) - known:
                    return True
            return False

        assert offenders(TEMPLATES, unknown) == []

    def test_passes_objects_only_to_declared_attributes(self):
        """An undeclared attribute is written as it is, so an object in it would escape escaping."""

        def undeclared(path):
            return any(
                set(re.findall(r"\s:([\w-]+)=", attributes)) - {"attrs"} - declared(name.replace("-", "_"))
                for name, attributes in TAG.findall(source(path))
            )

        assert offenders(TEMPLATES, undeclared) == []


@pytest.mark.sqlite
class TestEveryComponent:
    def test_says_what_it_is_for(self):
        says = re.compile(r"{%\s*comment\s*%}\s*\S")
        assert offenders(COMPONENTS, lambda name: not says.search(COMPONENTS[name].read_text())) == []

    def test_sees_only_what_it_declares(self):
        """A component shares its page's context: an undeclared name would take the page's value."""

        def undeclared(name):
            text = re.sub(r"<c-vars.*?/>", "", source(COMPONENTS[name]), flags=re.DOTALL)
            bound = re.findall(r"\b(?:as|asvar|for) (\w+)|\b(\w+)=(?:\w+[.|])", text)
            known = declared(name) | GIVEN | {each for pair in bound for each in pair}
            used = re.findall(r"(?:{{|{%\s*(?:el)?if(?:\s+not\b)?)\s*(\w+)", text)
            return set(used) - known

        assert offenders(COMPONENTS, undeclared) == []

    def test_has_plain_defaults(self):
        """A tag in a default would be written as it is."""

        def has_a_tag(name):
            found = re.search(r"<c-vars\s+(.*?)/>", source(COMPONENTS[name]), re.DOTALL)
            return found and "{%" in found[1]

        assert offenders(COMPONENTS, has_a_tag) == []

    def test_is_in_the_documentation(self):
        documented = (settings.BASE_DIR / "docs" / "design-system.md").read_text()
        outer = COMPONENTS.keys() - {"field_notes", "rubric_level", "toast"}
        assert offenders(outer, lambda name: f"<c-{name.replace('_', '-')}>" not in documented) == []

    def test_is_shown(self):
        shown = {
            name.replace("-", "_") for path in TEMPLATES for name, _attributes in TAG.findall(source(path))
        }
        assert offenders(COMPONENTS, lambda name: name not in shown) == []


def test_every_example_has_its_place():
    assert sorted(EXAMPLES) == sorted(
        name for _anchor, _title, examples in CHAPTERS for name, _heading in examples
    )


def test_text_is_escaped_once():
    evil, safe = '<b>"R&D"</b>', "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt;"

    assert safe in render('<c-card title="{{ evil }}">x</c-card>', evil=evil)
    assert safe in render("<c-tag>{{ evil }}</c-tag>", evil=evil)
    passed = render('<c-button data-name="{{ evil }}">x</c-button>', evil=evil)
    assert f'data-name="{safe}"' in passed


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("met", "Met"),
        ("at-risk", "At risk"),
        ("at_risk", "At risk"),
        ("not-met", "Not met"),
        ("not_met", "Not met"),
        ("waiting", "Waiting"),
        ("not-started", "Not started"),
        ("not_started", "Not started"),
    ],
)
def test_a_state_is_icon_word_and_colour(value, word):
    html = render('<c-state value="{{ value }}" />', value=value)

    assert f"#state-{value}" in html
    assert f">{word}</span>" in html
    assert f"state-{value}" in (settings.BASE_DIR / "static/css/components/state.css").read_text()
    assert f'id="state-{value}"' in (settings.BASE_DIR / "static/icons.svg").read_text()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_no_request(name):
    assert "<h1" in render_to_string(name)


@pytest.mark.django_db
class TestWhoSeesIt:
    def test_strangers_sign_in_first(self, client):
        response = client.get(reverse("styleguide"))
        assert (response.status_code, response.url) == (302, "/accounts/login/?next=/styleguide/")

    def test_for_learners_it_does_not_exist(self, client, settings):
        settings.DEMO = False
        client.force_login(UserFactory(), backend=BACKEND)
        assert client.get(reverse("styleguide")).status_code == 404

    def test_staff_and_the_demo_see_it(self, client, settings):
        settings.DEMO = False
        client.force_login(UserFactory(is_staff=True), backend=BACKEND)
        assert client.get(reverse("styleguide")).status_code == 200
        settings.DEMO = True
        client.force_login(UserFactory(), backend=BACKEND)
        assert client.get(reverse("styleguide")).status_code == 200

    def test_it_shows_each_example_with_its_source(self, client):
        client.force_login(UserFactory(is_staff=True), backend=BACKEND)
        html = client.get(reverse("styleguide")).content.decode()
        assert html.count('class="guide-example"') == len(EXAMPLES)
        assert "&lt;c-verdict tone=&quot;met&quot;" in html


@pytest.mark.sqlite  # what is drawn does not depend on the database
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("name", ["styleguide", "account_login"])
def test_axe_finds_nothing_in_both_themes_and_nothing_overflows(name, live_server, client):
    client.force_login(UserFactory(is_staff=True), backend=BACKEND)
    cookies = [
        {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": live_server.url}
    ]
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for theme in ("light", "dark"):
            for width in (1440, 390):
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
                if name != "account_login":
                    context.add_cookies(cookies)
                page = context.new_page()
                complaints = []
                page.on("console", lambda message, said=complaints: said.append(message.text))
                page.goto(live_server.url + reverse(name), wait_until="networkidle")
                overflows = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                violations = [each["id"] for each in Axe().run(page).response["violations"]]
                found[theme, width] = (page.title(), violations, overflows, complaints)
                context.close()
        browser.close()

    title = {"styleguide": "Styleguide", "account_login": "Sign in"}[name]
    assert found == {
        (theme, width): (f"{title} · Enablement", [], False, [])
        for theme in ("light", "dark")
        for width in (1440, 390)
    }
