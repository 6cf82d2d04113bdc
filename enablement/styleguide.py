"""/styleguide/: every component in every state, beside the snippet that makes it; for the demo and for staff.

An example is one template file: it is rendered and shown as source, so the snippet cannot lie.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.messages.constants import ERROR, SUCCESS, WARNING
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import Engine
from django.template.context import make_context
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

EXAMPLES = Path("styleguide") / "examples"

#: Chapter, then the examples in it: file name and what it shows.
CHAPTERS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "foundations",
        "Foundations",
        (
            ("colours", "Colours"),
            ("type", "Type"),
            ("icons", "Icons"),
            ("grids", "Layout classes"),
        ),
    ),
    (
        "answers",
        "Answers and state",
        (
            ("verdicts", "Verdict banner, five tones"),
            ("states", "The five states"),
            ("notices", "Notices"),
            ("messages", "Messages of the last request"),
            ("toasts", "Toasts"),
            ("empty", "Empty state"),
        ),
    ),
    (
        "figures",
        "Figures",
        (
            ("kpis", "Key figures"),
            ("progress", "Progress"),
            ("meters", "Meters"),
            ("stepper", "Stepper"),
            ("chart", "Chart"),
        ),
    ),
    (
        "lists",
        "Lists and tables",
        (
            ("card", "Card"),
            ("table", "Table"),
            ("rows", "Rows"),
            ("facts", "Definition list, moments, fingerprints"),
            ("files", "Files"),
            ("people", "People and tags"),
            ("pagination", "Pagination"),
        ),
    ),
    (
        "ways",
        "Ways and actions",
        (
            ("page_header", "Page header"),
            ("buttons", "Buttons"),
            ("tabs", "Tabs, breadcrumbs, way back"),
            ("dialog", "Dialog"),
            ("details", "Details"),
        ),
    ),
    (
        "forms",
        "Forms",
        (
            ("form", "Form, as it opens"),
            ("form_errors", "Form, with errors"),
            ("options", "Answers of a quiz"),
            ("options_graded", "Answers, graded"),
            ("rubric", "Rubric"),
        ),
    ),
    (
        "text",
        "Long text",
        (
            ("prose", "Lesson"),
            ("code", "Code"),
        ),
    ),
)

CODE = """\
def may_use(person: Person, tool: Tool) -> bool:
    # Nothing proven is a deny.
    return tool.gate.met_by(person, at_least=0.85)
"""


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    title: str
    shown: SafeString
    source: str


class ExampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label="Title of your lab", max_length=80)
    summary = forms.CharField(
        label="What you did",
        help_text="Two or three sentences. Name the ticket and the rule you went by.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    minutes = forms.IntegerField(label="Minutes it took", min_value=1, max_value=480)
    due = forms.DateField(label="Done on", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    tool = forms.ChoiceField(
        label="Tool",
        choices=(("", "Choose a tool"), ("triage", "Triage summariser"), ("brief", "Daily brief")),
    )
    decision = forms.ChoiceField(
        label="Your decision",
        help_text="What you would have done without the tool.",
        choices=(("approve", "Approve"), ("deny", "Deny"), ("escalate", "Escalate")),
        widget=forms.RadioSelect,
    )
    zones = forms.MultipleChoiceField(
        label="Yellow-zone terms you met",
        choices=(("legal", "Legal"), ("churn", "Churn"), ("press", "Press")),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    evidence = forms.FileField(label="Evidence", help_text="PDF, PNG or text, at most 10 MB.", required=False)
    own_work = forms.BooleanField(label="This is my own work, and it names no customer")


def page(request: HttpRequest) -> HttpResponse:
    """Raises Http404 for everybody else, so that it does not exist for learners."""
    if not (settings.DEMO or request.user.is_staff):
        raise Http404
    context = _content()
    chapters = [
        (anchor, title, [_example(name, heading, context, request) for name, heading in examples])
        for anchor, title, examples in CHAPTERS
    ]
    return render(request, "styleguide/page.html", {"chapters": chapters})


def _example(name: str, title: str, context: dict[str, Any], request: HttpRequest) -> Example:
    template = Engine.get_default().get_template(str(EXAMPLES / f"{name}.html"))
    shown = template.render(make_context(context, request))
    # The loader compiles components away; the file is what an author writes.
    source = Path(template.origin.name).read_text()
    return Example(name=name, title=title, shown=shown, source=source.strip())


def _content() -> dict[str, Any]:
    """What the examples show: plausible and fixed."""
    invalid = ExampleForm(data={"title": "Refund after the promotion", "minutes": "0", "decision": "approve"})
    return {
        "at": datetime(2026, 11, 14, 16, 40, tzinfo=UTC),
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "messages": [
            Message(SUCCESS, "Signed off. Amara Okafor has been told."),
            Message(WARNING, "Saved, but the lab is due today."),
            Message(ERROR, "This submission was claimed by another mentor. Nothing was changed."),
        ],
        "form": ExampleForm(),
        "invalid": invalid,
        "highlighted": mark_safe(highlight(CODE, PythonLexer(), HtmlFormatter(nowrap=True))),  # noqa: S308 - ours
        "list_page": Paginator(range(1, 61), 25).page(2),
        "steps": [
            {"label": "Read the module", "url": "#example-stepper", "state": "done"},
            {"label": "Pass its quiz", "url": "#example-stepper", "state": "done"},
            {"label": "Hand in the lab", "url": "", "state": "current"},
            {"label": "Shadow mode", "url": "", "state": "todo"},
        ],
        "tabs": [
            {"label": "Waiting", "url": "#example-tabs", "current": True, "count": 3},
            {"label": "Sent back", "url": "#example-tabs", "current": False, "count": 1},
            {"label": "Signed off", "url": "#example-tabs", "current": False, "count": 27},
        ],
        "trail": [
            {"label": "My path", "url": "#example-tabs"},
            {"label": "Automate-vs-Avoid 101", "url": "#example-tabs"},
            {"label": "Draw the line", "url": ""},
        ],
        "legend": [
            {"label": "Signed off", "key": "s0"},
            {"label": "In progress", "key": "s1"},
            {"label": "Not started", "key": "s2"},
        ],
        "levels": [
            {"value": 1, "label": "Not yet", "text": "Automates a yellow-zone case without a person."},
            {"value": 2, "label": "Sound", "text": "Draws the line right and says who looks at the rest."},
            {"value": 3, "label": "Exemplary", "text": "Also names the rule, and what would move the line."},
        ],
        "people": [
            _person("Amara Okafor", "AO", 46, "met", ("met", "met", "waiting")),
            _person("Ben Sørensen", "BS", 38, "waiting", ("met", "at-risk", "not-started")),
            _person("Elif Yılmaz", "EY", 12, "not-met", ("met", "not-met", "not-started")),  # noqa: RUF001
        ],
    }


def _person(name: str, initials: str, samples: int, state: str, units: tuple[str, ...]) -> dict[str, Any]:
    return {"name": name, "initials": initials, "samples": samples, "state": state, "units": units}
