"""Reads of procedures: whose they are, and which step a person may run now.

Whether a step may be run is what the decision point would answer for this person, tool and prompt; nothing
here is a second opinion. The number of queries does not depend on procedures, steps or people.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access import prompts
from enablement.access.api.serializers import REASONS
from enablement.access.approvers import titles as approver_titles
from enablement.access.decisions.verdict import Call, Person, Reach, Verdict, decide
from enablement.access.models import SOP, SOPStep
from enablement.access.services.decisions.reading import Shelf, find_person, find_tools
from enablement.people.models import User
from tracks.markdown import render
from tracks.models import Role
from tracks.words import in_words

#: What the state of a step is called.
WORDS: dict[str, Promise] = {
    "met": _lazy("You can run it now"),
    "waiting": _lazy("After an approval"),
    "at-risk": _lazy("With a condition"),
    "not-met": _lazy("Not now"),
    "not-started": _lazy("By hand"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """A step as one person sees it; `state` is one of `WORDS`, the words are "" where there is nothing."""

    step: SOPStep
    state: str
    why: str = ""
    link: str = ""
    link_text: str = ""
    prompt: str = ""
    approver: str = ""
    task: str = ""

    @property
    def word(self) -> str:
        return str(WORDS[self.state])

    @property
    def with_tool(self) -> bool:
        return self.step.microtool_id is not None or self.step.prompt_id is not None

    @property
    def text(self) -> str:
        return render(self.step.text)

    @property
    def has_facts(self) -> bool:
        """Whether it names anything beside its words."""
        return self.with_tool or bool(self.approver or self.task)

    @property
    def runs(self) -> bool:
        return self.state == "met"


@dataclass(frozen=True, kw_only=True, slots=True)
class SOPView:
    """A procedure as one person sees it. own: it is a procedure of a role that they hold."""

    sop: SOP
    own: bool
    steps: Sequence[StepView]

    @property
    def purpose(self) -> str:
        return render(self.sop.purpose)

    @property
    def tool_steps(self) -> int:
        return sum(view.with_tool for view in self.steps)

    @property
    def running(self) -> int:
        return sum(view.runs for view in self.steps)


def shelf(*, user: User, at: datetime) -> list[tuple[Role, list[SOPView]]]:
    """Every procedure in force that this person may read, by role, their own roles first."""
    rows = SOP.objects.visible_to(user).in_force().select_related("role")
    found = views(rows.order_by("role__title", "title"), user=user, at=at)
    by_role: dict[Role, list[SOPView]] = {}
    for view in sorted(found, key=lambda view: not view.own):
        by_role.setdefault(view.sop.role, []).append(view)
    return list(by_role.items())


def views(sops: Iterable[SOP], *, user: User, at: datetime) -> list[SOPView]:
    """With what each step is for this person now."""
    found = list(sops)
    rows = SOPStep.objects.filter(sop__in=found).select_related("prompt", "microtool").order_by("number")
    steps: dict[object, list[SOPStep]] = {sop.pk: [] for sop in found}
    for step in rows:
        steps[step.sop_id].append(step)
    own = set(user.role_assignments.filter(ended_at=None).values_list("role", flat=True))
    looking = _Looking.of(user, [step for each in steps.values() for step in each], at=at)
    return [
        SOPView(sop=sop, own=sop.role_id in own, steps=[looking.view(step) for step in steps[sop.pk]])
        for sop in found
    ]


def history(sop: SOP) -> QuerySet[SOP]:
    """Every wording of this procedure, newest first."""
    return SOP.objects.filter(key=sop.key).order_by("-effective_from", "-policy_revision")


def steps_with(prompt_key: str, *, user: User) -> QuerySet[SOPStep]:
    """Steps of procedures in force that name a prompt, among those that this person may read."""
    sops = SOP.objects.visible_to(user).in_force()
    rows = SOPStep.objects.filter(sop__in=sops, prompt__key=prompt_key).select_related("sop__role")
    return rows.order_by("sop__title", "number")


@dataclass(frozen=True, kw_only=True, slots=True)
class _How:
    state: str
    why: str = ""
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looking:
    """What is needed to say how steps are for one person; read once for all of them."""

    person: Person | None
    shelf: Shelf
    titles: Mapping[str, str]
    approver: Callable[[str], str]
    at: datetime

    @classmethod
    def of(cls, user: User, steps: Sequence[SOPStep], *, at: datetime) -> Self:
        person = find_person(str(user.pk))
        tools = find_tools(
            people=[person] if person else [],
            keys={step.microtool.key for step in steps if step.microtool},
            prompts={step.prompt.key for step in steps if step.prompt},
        )
        return cls(person=person, shelf=tools, titles=prompts.titles(), approver=approver_titles(), at=at)

    def view(self, step: SOPStep) -> StepView:
        how = self._how(step)
        key = step.prompt.key if step.prompt else ""
        return StepView(
            step=step,
            state=how.state,
            why=how.why,
            link=how.link,
            link_text=how.link_text,
            prompt=self.titles.get(key, key),
            approver=self.approver(step.approver) if step.approver else "",
            task=in_words(step.task),
        )

    def _how(self, step: SOPStep) -> _How:
        if step.microtool is None:
            return self._without_tool(step)
        verdict = self._verdict(step)
        if verdict.outcome == "deny":
            return _denied(verdict, step)
        if step.prompt is not None and step.prompt.key not in self.titles:
            return _How(state="not-met", why=_("No wording of this prompt is approved."))
        if verdict.outcome == "approval_required":
            why = _("Your role may not do this by itself: ask first, then run it.")
            return _How(state="waiting", why=why, link=_ask(step), link_text=_("Ask for the approval"))
        if step.prompt is None:
            return _How(state="met")
        words = _("Copy the prompt")
        return _How(state="met", link=reverse("prompt", args=[step.prompt.key]), link_text=words)

    def _without_tool(self, step: SOPStep) -> _How:
        if step.prompt is not None:
            return _How(state="not-met", why=_("This prompt has no tool yet, so nobody can run it."))
        if self.person is not None and step.task in self.person.approvals:
            why = _("Your role may not do this by itself: ask first.")
            return _How(state="waiting", why=why, link=_ask(step), link_text=_("Ask for the approval"))
        return _How(state="not-started")

    def _verdict(self, step: SOPStep) -> Verdict:
        """What a gateway would hear now, from where the person works."""
        key = step.microtool.key if step.microtool else ""
        prompt = step.prompt.key if step.prompt else None
        person = self.person
        if person is not None and prompt is not None and prompt not in person.prompts:
            # Whoever never held it is told that, rather than what the tool still asks of its own people.
            return Verdict(outcome="deny", reason="prompt_not_held")
        call = Call(
            subject=str(person.id) if person else "",
            microtool=key,
            action="invoke",
            prompt=prompt,
            workflow_id=step.task or None,
            region=(person.place.region or None) if person else None,
        )
        tool = self.shelf.tool(key, person=person, prompt=prompt)
        return decide(
            call=call, person=person, tool=tool, policy=self.shelf.policy, reach=Reach(), at=self.at
        )


def _denied(verdict: Verdict, step: SOPStep) -> _How:
    reason = verdict.reason
    if reason == "prompt_not_held":
        why = _("Your role does not hold this prompt with this tool.")
        return _How(state="not-met", why=why, link=reverse("prompts"), link_text=_("See your prompts"))
    if reason == "model_stopped":
        return _How(state="at-risk", why=_("A model is stopped at the moment. With another one it runs."))
    if reason == "activity_ruled_avoid":
        link, words = reverse("rulings"), _("See what is ruled")
        return _How(state="not-met", why=str(REASONS[reason]), link=link, link_text=words)
    missing = ", ".join(str(leaf["label"]) for leaf in verdict.unmet)
    why = _("Still missing: %(what)s.") % {"what": missing} if missing else str(REASONS[reason])
    link = f"{reverse('my_tools')}#tool-{step.microtool_id}"
    return _How(state="not-met", why=why, link=link, link_text=_("See what is missing"))


def _ask(step: SOPStep) -> str:
    named = {
        "tool": step.microtool.key if step.microtool else "",
        "task": step.task,
        "prompt": step.prompt.key if step.prompt else "",
    }
    return f"{reverse('approval_ask')}?{urlencode({name: key for name, key in named.items() if key})}"
