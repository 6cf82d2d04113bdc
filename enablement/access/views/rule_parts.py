"""What the page on rules says: a rule as a sentence, and why an example is decided as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access.api.serializers import REASONS
from enablement.access.approvers import titles
from enablement.access.decisions.approval_rule import AllOf, AnyOf, ApprovalRule, Condition, Confidence, parse
from enablement.access.decisions.terms import places
from enablement.access.decisions.verdict import activities
from enablement.access.overlays import asks
from enablement.access.services.decisions.supposing import Supposed
from enablement.access.tightening import demanded_of_anybody
from enablement.access.views.approval_parts import WHY
from tracks.models import Track

COMPARED: dict[str, Promise] = {
    "<": _lazy("the confidence is below %(bound)s"),
    "<=": _lazy("the confidence is %(bound)s or less"),
    ">": _lazy("the confidence is above %(bound)s"),
    ">=": _lazy("the confidence is %(bound)s or more"),
    "==": _lazy("the confidence is exactly %(bound)s"),
}
TONES = {"allow": "met", "deny": "not-met", "approval_required": "waiting", "review_required": "at-risk"}
OUTCOMES: dict[str, Promise] = {
    "allow": _lazy("Allowed"),
    "deny": _lazy("Denied"),
    "approval_required": _lazy("Another person has to approve it"),
    "review_required": _lazy("The user has to look at it first"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """One reason of a verdict; `details` say which test, threshold or word it was."""

    words: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of the example's text; `terms` that it was found by, "" for none."""

    text: str
    terms: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """An overlay that holds for the example, and what it asks: before the tool opens, then of every call."""

    title: str
    reason: str
    asks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """without: in a sentence, what the verdict would be without the overlays that hold."""

    title: str
    tone: str
    whys: tuple[Why, ...]
    pieces: tuple[Piece, ...]
    holding: tuple[Holding, ...]
    without: str


def sentence(rule: ApprovalRule) -> str:
    """“Where the confidence is below 0.9, or the output speaks of refund, the ops manager has to approve.”"""
    return _("Where %(condition)s, this approver is asked: %(approver)s.") % {
        "condition": condition(rule.condition),
        "approver": titles()(rule.approver),
    }


def condition(part: Condition, *, inside: bool = False) -> str:
    """A condition in words; one of several parts inside another is put in brackets."""
    match part:
        case Confidence():
            return str(COMPARED[part.compare]) % {"bound": part.bound}
        case AnyOf() | AllOf():
            joint = _(", or ") if isinstance(part, AnyOf) else _(" and ")
            words = joint.join(condition(each, inside=True) for each in part.parts)
            return f"({words})" if inside else words
        case _:
            return _("the output speaks of %(terms)s") % {"terms": _(" or ").join(part.terms)}


def answer(supposed: Supposed, *, track: Track | None, at: datetime) -> Answer:
    """The verdict on the example, every reason with what brought it about."""
    verdict = supposed.verdict
    if verdict.required:
        whys = tuple(
            Why(
                words=str(WHY[entry["reason"]]),
                details=tuple(_details(entry["reason"], supposed, approver=entry.get("approver", ""))),
            )
            for entry in verdict.required
        )
    else:
        details = tuple(_details(verdict.reason, supposed))
        words = _("Nothing speaks against it.") if verdict.decision else str(REASONS[verdict.reason])
        whys = (Why(words=words, details=details),)
    return Answer(
        title=str(OUTCOMES[verdict.outcome]),
        tone=TONES[verdict.outcome],
        whys=whys,
        pieces=tuple(_pieces(supposed)),
        holding=tuple(_holding(supposed, track, at)),
        without=_without(supposed),
    )


def _without(supposed: Supposed) -> str:
    with_them, without = supposed.verdict, supposed.without
    if with_them.outcome != without.outcome:
        return _("Without them, the answer would be: %(outcome)s.") % {"outcome": OUTCOMES[without.outcome]}
    if (with_them.reason, with_them.requirements) != (without.reason, without.requirements):
        return _("Without them, the answer would be the same, for fewer or other reasons.")
    return _("They change nothing about this example.")


def _holding(supposed: Supposed, track: Track | None, at: datetime) -> Iterator[Holding]:
    for overlay in supposed.holding:
        leaves = demanded_of_anybody([overlay], track=track, at=at) if track else ()
        shown = [
            _("Before the tool opens: %(label)s, %(required)s.")
            % {"label": leaf.label, "required": leaf.required}
            for leaf in leaves
        ]
        yield Holding(title=overlay.title, reason=overlay.reason, asks=(*shown, *asks(overlay)))


def _details(reason: str, supposed: Supposed, *, approver: str = "") -> Iterator[str]:
    call, tool, policy = supposed.call, supposed.tool, supposed.policy
    if approver:
        yield _("Asked: %(who)s") % {"who": titles()(approver)}
    if reason == "approval_rule" and tool:
        for rule in map(parse, tool.approval_rules):
            if rule.approver == approver:
                yield from _tests(rule.condition, call.confidence or Decimal(), call.text or "")
    elif reason == "role_needs_approval":
        yield _("The role has to ask for: %(workflow)s") % {"workflow": call.workflow_id}
    elif reason == "yellow_zone_term" and policy:
        yield _found_words(policy.yellow_zone_terms, call.text or "")
    elif reason == "activity_ruled_avoid":
        for line, activity in activities(call, supposed.person):
            if line == "avoid":
                yield f"{activity['text']} {activity['why']}"
    else:
        yield from _limits(reason, supposed)


def _limits(reason: str, supposed: Supposed) -> Iterator[str]:
    """Which limit the confidence does not reach."""
    tool, policy, confidence = supposed.tool, supposed.policy, supposed.call.confidence
    if reason == "confidence_blocked" and policy:
        figures = {"confidence": confidence, "limit": policy.block_on_confidence_lt.normalize()}
        yield _("%(confidence)s is below %(limit)s, where every output is blocked") % figures
    elif reason == "confidence_below_threshold" and tool:
        if tool.confidence_threshold is None:
            yield _("The tool has no threshold, so a person always looks.")
        else:
            figures = {"confidence": confidence, "limit": tool.confidence_threshold.normalize()}
            raised = any(each.confidence_threshold == tool.confidence_threshold for each in supposed.holding)
            words = (
                _("%(confidence)s is below %(limit)s, the threshold for this person")
                if raised
                else _("%(confidence)s is below %(limit)s, the threshold of the tool")
            )
            yield words % figures


def _tests(part: Condition, confidence: Decimal, text: str) -> Iterator[str]:
    """Which single tests of the condition hold."""
    if isinstance(part, AnyOf | AllOf):
        for each in part.parts:
            yield from _tests(each, confidence, text)
    elif part.matches(confidence, text):
        if isinstance(part, Confidence):
            figures = {"confidence": confidence, "test": condition(part)}
            yield _("%(confidence)s: %(test)s") % figures
        else:
            yield _found_words(list(part.terms), text)


def _found_words(terms: list[str], text: str) -> str:
    """“Found: “refunds” (refund), character 14.”"""
    return _("Found: %(places)s") % {
        "places": ", ".join(
            _("“%(words)s” (%(term)s) at character %(place)d")
            % {"words": text[place.start : place.end], "term": place.term, "place": place.start + 1}
            for place in places(terms, text)
        )
    }


def _pieces(supposed: Supposed) -> Iterator[Piece]:
    """The text, cut where words of the rule or of the yellow zone begin and end."""
    text = supposed.call.text or ""
    terms = list(supposed.policy.yellow_zone_terms) if supposed.policy else []
    for rule in supposed.tool.approval_rules if supposed.tool else ():
        terms += _terms(parse(rule).condition)
    found = places(list(dict.fromkeys(terms)), text)
    cuts = sorted({0, len(text), *(place.start for place in found), *(place.end for place in found)})
    for start, end in pairwise(cuts):
        inside = [place.term for place in found if place.start <= start and end <= place.end]
        yield Piece(text=text[start:end], terms=", ".join(inside))


def _terms(part: Condition) -> list[str]:
    match part:
        case AnyOf() | AllOf():
            return [term for each in part.parts for term in _terms(each)]
        case Confidence():
            return []
        case _:
            return list(part.terms)
