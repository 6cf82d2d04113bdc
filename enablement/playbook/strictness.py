"""Whether one rule is provably at least as strict as another; what is not provable is not.

For gates: whoever meets `new` meets `old` on the same proof. For approval rules: whatever `old` sends to a
person, `new` sends to the same one.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from enablement.access import registry
from enablement.access.decisions import approval_rule
from enablement.access.decisions.approval_rule import AnyOf, Condition, Confidence, Contains

Node = Mapping[str, Any]
#: Parameters of requirements that are stricter the higher, and the lower, they are. A larger sample is not
#: among them: of more cases, a smaller share has to be right for the same lower bound.
_HIGHER = frozenset({"threshold", "n", "right", "lower_bound", "kappa", "yellow_cases", "sessions", "share"})
_LOWER = frozenset({"critical_misses", "valid_months"})
#: Of those, what asks for nothing where it is left out.
_ASKS = frozenset({"sessions", "share"})


def gate_holds(new: Node, old: Node) -> bool:
    """Whether meeting `new` proves `old`."""
    if new == old:
        return True
    if "all_of" in old:
        # An empty gate never opens, so nothing that opens is as strict.
        return bool(old["all_of"]) and all(gate_holds(new, part) for part in old["all_of"])
    if new.get("any_of"):
        return all(gate_holds(part, old) for part in new["any_of"])
    if "type" in new and "type" in old and _leaf_holds(new, old):
        return True
    if any(gate_holds(part, old) for part in new.get("all_of", ())):
        return True
    if any(gate_holds(new, part) for part in old.get("any_of", ())):
        return True
    both_count = "at_least" in new and "at_least" in old and new["of"] == old["of"]
    return both_count and int(new["at_least"]) >= int(old["at_least"])


def has_negation(node: Node) -> bool:
    """Under `not`, more to show can open a gate."""
    parts = [part for key in ("all_of", "any_of", "of") for part in node.get(key, ())]
    return "not" in node or any(has_negation(part) for part in parts)


def rule_holds(new: str, old: str) -> bool:
    """Whether `new` asks for the approval wherever `old` does. No rule asks for none."""
    if new == old or not old:
        return True
    if not new:
        return False
    after, before = approval_rule.parse(new), approval_rule.parse(old)
    if after.approver != before.approver:
        return False
    return all(
        any(_covers(mine, part) for mine in _parts(after.condition)) for part in _parts(before.condition)
    )


def _leaf_holds(new: Node, old: Node) -> bool:
    requirement = registry.get(str(new["type"]))
    if requirement is None or new["type"] != old["type"]:
        return False
    mine, theirs = (
        requirement.params.model_validate({key: value for key, value in leaf.items() if key != "type"})
        for leaf in (new, old)
    )
    return all(
        _parameter_holds(name, getattr(mine, name), getattr(theirs, name))
        for name in requirement.params.model_fields
    )


def _parameter_holds(name: str, new: Any, old: Any) -> bool:
    if new == old:
        return True
    if name in _ASKS and old is None:
        return True
    if name in _HIGHER:
        return new is not None and old is not None and Decimal(str(new)) >= Decimal(str(old))
    # Without a number of months, a proof holds for good.
    return name in _LOWER and new is not None and (old is None or Decimal(str(new)) <= Decimal(str(old)))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AnyOf) else (condition,)


def _covers(new: Condition, old: Condition) -> bool:
    if new == old:
        return True
    if isinstance(new, Confidence) and isinstance(old, Confidence):
        return new.compare == old.compare and new.compare in {"<", "<="} and new.bound >= old.bound
    return isinstance(new, Contains) and isinstance(old, Contains) and set(new.terms) >= set(old.terms)
