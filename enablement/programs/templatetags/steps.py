"""The steps of a module. They are joined in Python: a template loop costs many times as much."""

from collections.abc import Sequence

from django import template
from django.template.defaultfilters import capfirst
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from enablement.programs.selectors.path_steps import Step
from tracks.templatetags.marks import state_mark

register = template.Library()

ITEM = """
<li class="module-step{}">
  {}
  <a href="{}"{}>{}</a>
  <span class="sub num">{}</span>
</li>"""


@register.simple_tag
def step_items(steps: Sequence[Step], following: Step | None) -> SafeString:
    """A list item each; `following` is the one to go on with."""
    here = following.url if following else None
    return format_html_join("", ITEM, (_parts(step, is_next=step.url == here) for step in steps))


def _parts(step: Step, *, is_next: bool) -> tuple[str, ...]:
    return (
        " module-step-next" if is_next else "",
        state_mark(step.state, capfirst(step.note)),
        step.url,
        CURRENT if is_next else "",
        step.title,
        _words(step),
    )


def _words(step: Step) -> str:
    minutes = _("%(n)s min") % {"n": step.minutes} if step.minutes else ""
    return " · ".join(filter(None, (step.noun, minutes, step.note, step.detail)))


CURRENT = format_html(' aria-current="{}"', "step")
