"""Gates and plans in the words of people, for pages; `gating.words` and `plan_text` are for terminals."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from enablement.playbook import gating
from enablement.playbook.plan import Change

Node = Mapping[str, Any]


def gate_phrases(tree: Node) -> list[str]:
    """One sentence for each condition that has to be met."""
    nodes = tree["all_of"] if set(tree) == {"all_of"} else [tree]
    return [phrase(node) for node in nodes]


def phrase(node: Node) -> str:
    if "type" in node:
        known = _LEAVES.get(str(node["type"]))
        return known(node) if known else gating.words(node)
    if "not" in node:
        return _("Not: %(condition)s") % {"condition": phrase(node["not"])}
    children: list[Node] = next((node[key] for key in ("all_of", "any_of", "of") if key in node), [])
    joined = "; ".join(phrase(child) for child in children)
    if "any_of" in node:
        return _("One of: %(conditions)s") % {"conditions": joined}
    if "at_least" in node:
        return _("At least %(n)d of: %(conditions)s") % {"n": node["at_least"], "conditions": joined}
    return _("All of: %(conditions)s") % {"conditions": joined}


def percent(share: str | Decimal) -> str:
    """`0.85` → `85`, exactly."""
    return f"{(Decimal(share) * 100).normalize():f}"


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
    return _("%(n)d exceptions handled with a mentor, at least %(percent)s %% right") % {
        "n": node["n"],
        "percent": percent(node.get("right", "1")),
    }


def _attestation(node: Node) -> str:
    return _("Policy “%(title)s” read and confirmed") % {"title": node["title"]}


def _certificate(node: Node) -> str:
    return _("A valid certificate of %(track)s") % {"track": node["track"]}


def by_kind(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """The changes of a plan under what they are about, in the plan's order."""
    return [
        (str(KIND_LABELS[kind]), list(group))
        for kind, group in groupby(changes, key=lambda change: change.item.kind)
    ]


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
    "attestation": _attestation,
    "certificate_valid": _certificate,
}
