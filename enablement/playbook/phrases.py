"""Gates and plans in the words of people, for pages; `gating.words` and `plan_text` are for terminals."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from enablement.playbook import gating
from enablement.playbook.plan import Change
from enablement.playbook.titles import humanised
from tracks.words import percent

Node = Mapping[str, Any]


def gate_phrases(tree: Node) -> list[str]:
    """One sentence for each condition that has to be met."""
    nodes = tree["all_of"] if set(tree) == {"all_of"} else [tree]
    return [phrase(node) for node in nodes]


def phrase(node: Node) -> str:
    if "type" in node:
        return _leaf(node)
    if "not" in node:
        return _("Not: %(condition)s") % {"condition": phrase(node["not"])}
    children: list[Node] = next((node[key] for key in ("all_of", "any_of", "of") if key in node), [])
    joined = "; ".join(phrase(child) for child in children)
    if "any_of" in node:
        return _("One of: %(conditions)s") % {"conditions": joined}
    if "at_least" in node:
        return _("At least %(n)d of: %(conditions)s") % {"n": node["at_least"], "conditions": joined}
    return _("All of: %(conditions)s") % {"conditions": joined}


def sentence(tree: Node, *, besides: bool = False) -> str:
    """A whole gate as one sentence: "Opens when …, and …."; besides: what is asked of some besides theirs."""
    words = (
        _("Besides their gate, these people have to meet this: %(conditions)s.")
        if besides
        else _("The tools open when this is met: %(conditions)s.")
    )
    return words % {"conditions": _clause(tree, outer=True)}


def _clause(node: Node, *, outer: bool = False) -> str:
    """A part of that sentence; groups inside groups stand in brackets."""
    if "type" in node:
        words = phrase(node)
        return words[:1].lower() + words[1:]
    if "not" in node:
        inner = _clause(node["not"])
        return _("not %(condition)s") % {"condition": inner if inner.startswith("(") else f"({inner})"}
    parts: list[Node] = next((node[key] for key in ("all_of", "any_of", "of") if key in node), [])
    if len(parts) == 1 and node.get("at_least", 1) == 1:
        return _clause(parts[0], outer=outer)
    joint = _(", and ") if "all_of" in node else _(", or ") if "any_of" in node else "; "
    joined = joint.join(_clause(part) for part in parts)
    if "at_least" in node:
        joined = _("at least %(n)d of: %(conditions)s") % {"n": node["at_least"], "conditions": joined}
    return joined if outer else f"({joined})"


def type_label(type_: str) -> str:
    """What people call a type of requirement."""
    return str(_TYPE_LABELS.get(type_) or humanised(type_))


def _leaf(node: Node) -> str:
    known = _LEAVES.get(str(node["type"]))
    words = known(node) if known else gating.words(node)
    if known is None or not node.get("valid_months"):
        return words
    months = ngettext("%(words)s, for %(n)d month", "%(words)s, for %(n)d months", int(node["valid_months"]))
    return months % {"words": words, "n": node["valid_months"]}


def _quiz(node: Node) -> str:
    return _("Quiz passed with at least %(percent)s %%") % {"percent": percent(node["threshold"])}


def _shadow(node: Node) -> str:
    text = _("%(n)d shadow-mode cases, in agreement with %(owner)s") % {
        "n": node["sample_size"],
        "owner": node["qa_owner"],
    }
    marks = [str(words) % {"mark": node[key]} for key, words in _MARKS.items() if key in node]
    return f"{text} ({', '.join(marks)})" if marks else text


_MARKS = {
    "lower_bound": _lazy("lower bound %(mark)s"),
    "kappa": _lazy("kappa %(mark)s"),
    "critical_misses": _lazy("critical misses at most %(mark)s"),
    "yellow_cases": _lazy("yellow-zone cases at least %(mark)s"),
}


def _fitness(node: Node) -> str:
    return _("The tool itself: usable outputs with a lower bound of %(percent)s %%, by %(n)d judged ones") % {
        "percent": percent(node["lower_bound"]),
        "n": node.get("cases", 50),
    }


def _labs(node: Node) -> str:
    if node.get("labs"):
        return _("Labs signed off: %(labs)s") % {"labs": ", ".join(node["labs"])}
    return _("Every lab signed off")


def _modules(node: Node) -> str:
    named = node.get("modules") or []
    if named:
        done = ngettext("Module completed: %(keys)s", "Modules completed: %(keys)s", len(named))
        return done % {"keys": ", ".join(named)}
    return _("Every module completed")


def _survey(node: Node) -> str:
    return _("Survey “%(survey)s” answered") % {"survey": node["survey"]}


def _supervised(node: Node) -> str:
    if Decimal(str(node.get("right", "1"))) == 1:
        return _("%(n)d exceptions handled with a mentor, all of them right") % {"n": node["n"]}
    return _("%(n)d exceptions handled with a mentor, at least %(percent)s %% right") % {
        "n": node["n"],
        "percent": percent(node["right"]),
    }


def _attendance(node: Node) -> str:
    number = share = ""
    if node.get("sessions"):
        number = ngettext("%(n)d session attended", "%(n)d sessions attended", int(node["sessions"]))
        number %= {"n": node["sessions"]}
    if node.get("share"):
        share = _("at least %(percent)s %% of the sessions held attended") % {
            "percent": percent(node["share"])
        }
    if number and share:
        return _("%(number)s, and %(share)s") % {"number": number, "share": share}
    return number or f"{share[:1].upper()}{share[1:]}"


def _attestation(node: Node) -> str:
    return _("Policy “%(title)s” read and confirmed") % {"title": node["title"]}


def _certificate(node: Node) -> str:
    return _("A valid certificate of %(track)s") % {"track": node["track"]}


def _date(node: Node) -> str:
    first, last = (
        date_format(date.fromisoformat(str(node[key]))) if node.get(key) else ""
        for key in ("not_before", "not_after")
    )
    if first and last:
        return _("From %(first)s to %(last)s") % {"first": first, "last": last}
    return _("From %(first)s on") % {"first": first} if first else _("Until %(last)s") % {"last": last}


def by_kind(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """The changes of a plan under what they are about, in the plan's order, fields as people call them."""
    return [
        (
            str(KIND_LABELS[kind]),
            [replace(change, details=tuple(map(_detail, change.details))) for change in group],
        )
        for kind, group in groupby(changes, key=lambda change: change.item.kind)
    ]


def _detail(detail: str) -> str:
    """`confidence_threshold: 0.7 → 0.9` → "Confidence threshold: 0.7 → 0.9"."""
    name, colon, rest = detail.partition(": ")
    if not colon or not _FIELD.fullmatch(name):
        return detail
    return f"{_FIELD_LABELS.get(name) or humanised(name.replace('.', ', '))}: {rest}"


_FIELD = re.compile(r"[a-z][a-z0-9_. ]*")
_FIELD_LABELS = {
    "block_on_confidence_lt": _lazy("No output is used below a confidence of"),
    "confidence_threshold": _lazy("A person looks at outputs below a confidence of"),
    "human_in_loop": _lazy("A person looks at every output"),
    "manual_grant": _lazy("Opened by a person"),
    "approvals": _lazy("Needs approval for"),
    "keeps_content": _lazy("Keeps what people wrote"),
    "due_days": _lazy("Days to finish"),
    "duration_min": _lazy("Minutes"),
    "kpis": _lazy("Measured by"),
}
KIND_LABELS = {
    "role": _lazy("Roles"),
    "prompt": _lazy("Prompts"),
    "track": _lazy("Tracks"),
    "module": _lazy("Modules"),
    "lesson": _lazy("Lessons"),
    "lab": _lazy("Labs"),
    "quiz": _lazy("Quizzes"),
    "survey": _lazy("Surveys"),
    "shadow pool": _lazy("Pools of shadow-mode cases"),
    "judge": _lazy("Judges of shadow-mode cases"),
    "scenarios": _lazy("Exception scenarios"),
    "microtool": _lazy("Tools"),
    "gate": _lazy("Gates"),
    "procedure": _lazy("Procedures"),
    "policy": _lazy("Policy"),
    "line of business": _lazy("Lines of business"),
    "overlay": _lazy("Overlays"),
    "section": _lazy("Other sections"),
    "document": _lazy("The file"),
}
_LEAVES: dict[str, Callable[[Node], str]] = {
    "quiz": _quiz,
    "shadow_mode": _shadow,
    "tool_fitness": _fitness,
    "labs_signed_off": _labs,
    "modules_completed": _modules,
    "survey": _survey,
    "supervised_decisions": _supervised,
    "attendance": _attendance,
    "attestation": _attestation,
    "certificate_valid": _certificate,
    "date": _date,
}
_TYPE_LABELS = {
    "quiz": _lazy("Quiz passed"),
    "shadow_mode": _lazy("Shadow mode"),
    "tool_fitness": _lazy("Fitness of the tool"),
    "labs_signed_off": _lazy("Labs signed off"),
    "modules_completed": _lazy("Modules completed"),
    "survey": _lazy("Survey answered"),
    "supervised_decisions": _lazy("Exceptions handled with a mentor"),
    "attendance": _lazy("Sessions attended"),
    "attestation": _lazy("Policy read and confirmed"),
    "certificate_valid": _lazy("Certificate of another track"),
    "date": _lazy("Days"),
}
