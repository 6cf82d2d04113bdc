"""A plan as text, for the terminal: stable, so that two plans can be compared line by line."""

from collections.abc import Iterator, Sequence

from enablement.playbook.plan import ADD, CHANGE, NAMED, RETIRE, CallEffect, Effect, Kept, Person, Plan


def render(plan: Plan) -> str:
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    base = f"revision {plan.base_number}" if plan.base_number else "an empty installation"
    if not plan:
        yield f"No changes: {base} is in force as this playbook has it."
    else:
        yield f"Against {base}:"
        yield ""
        for change in plan.changes:
            yield f"  {change.action} {change.item}"
            yield from (f"      {detail}" for detail in change.details)
    yield from _part("Access", [line for effect in plan.effects for line in effect_lines(effect)])
    yield from _part("Calls", [line for call in plan.calls for line in call_lines(call)])
    yield from _part("Loosens, so others have to approve it", plan.loosens)
    yield from _part("Undone", plan.warnings)
    yield from _part("Gaps", plan.gaps)
    yield from _part("Notes", plan.notes)
    if plan:
        counts = plan.counts
        yield ""
        yield (
            f"Plan: {counts[ADD]} to add, {counts[CHANGE]} to change, {counts[RETIRE]} to retire "
            f"(sha256 {plan.sha256})"
        )


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def effect_lines(effect: Effect) -> Iterator[str]:
    for verb, people in (("gains", effect.gain), ("loses", effect.lose)):
        if people:
            verb_form = verb if len(people) == 1 else verb.removesuffix("s")
            noun = "person" if len(people) == 1 else "people"
            yield f"{effect.tool}: {len(people)} {noun} {verb_form} access: {_names(people)}"

    if effect.keep:
        noun, verb = ("person", "keeps") if len(effect.keep) == 1 else ("people", "keep")
        yield f"{effect.tool}: {len(effect.keep)} {noun} {verb} access for now: {_names(effect.keep)}"


def call_lines(call: CallEffect) -> Iterator[str]:
    tool = call.tool or "any tool"
    for people, word in ((call.stops, "no longer"), (call.lets_in, "again")):
        if people:
            noun = "person" if len(people) == 1 else "people"
            verb = f"can {word} use {tool}" if word == "no longer" else f"can use {tool} {word}"
            yield f"{call.what}: {len(people)} {noun} {verb} for it: {_names(people)}"


def _names(people: Sequence[Person | Kept]) -> str:
    named = ", ".join(str(person) for person in people[:NAMED])
    more = len(people) - NAMED
    return f"{named} and {more} more" if more > 0 else named
