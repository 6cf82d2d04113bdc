"""What a decision would be for somebody in a role, with a rule and terms that need not be in force yet."""

from dataclasses import dataclass, replace
from datetime import datetime

from enablement.access.decisions.verdict import (
    Call,
    Person,
    PolicyInForce,
    Reach,
    Tool,
    Verdict,
    decide,
    tightened,
)
from enablement.access.models import Grant
from enablement.access.overlays import Overlay, Place, fitting
from enablement.access.services.decisions.reading import find_tool, somebody_in
from tracks.models import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Supposed:
    """The verdict, with what it was reached on: person, tool and policy as overlays leave them.

    holding: the overlays that hold there; without: the verdict if there were none.
    """

    call: Call
    person: Person
    tool: Tool | None
    policy: PolicyInForce | None
    verdict: Verdict
    holding: tuple[Overlay, ...]
    without: Verdict


def suppose(
    *,
    call: Call,
    role: Role,
    place: Place,
    approval_rule: str,
    yellow_zone_terms: list[str],
    at: datetime,
) -> Supposed:
    """The decision's own rules on an example; nothing is recorded. The tool is taken to be open.

    place: where somebody in this role works, and for what; approval_rule: parsed before; yellow_zone_terms:
    instead of those in force. Overlays add to both.
    """
    person = replace(somebody_in(role), place=place)
    tool, policy = find_tool(call, None)
    if tool is not None:
        tool = replace(tool, grant_state=Grant.State.GRANTED, approval_rule=approval_rule)
    if policy is not None:
        policy = replace(policy, yellow_zone_terms=yellow_zone_terms)

    def decided(policy: PolicyInForce | None) -> Verdict:
        return decide(call=call, person=person, tool=tool, policy=policy, reach=Reach(), at=at)

    if tool is None or policy is None:
        told = decided(policy)
        return Supposed(
            call=call, person=person, tool=tool, policy=policy, verdict=told, holding=(), without=told
        )
    holding = fitting(policy.overlays, place=place, lines=policy.lines_of_business, track=tool.track)
    verdict, without = decided(policy), decided(replace(policy, overlays=()))
    person, tool, policy = tightened(person, tool, policy, holding)
    return Supposed(
        call=call,
        person=person,
        tool=tool,
        policy=policy,
        verdict=verdict,
        holding=holding,
        without=without,
    )
