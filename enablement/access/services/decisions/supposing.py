"""What a decision would be for somebody in a role, with a rule and terms that need not be in force yet."""

from dataclasses import dataclass, replace
from datetime import datetime

from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Reach, Tool, Verdict, decide
from enablement.access.models import Grant
from enablement.access.services.decisions.reading import find_tool, somebody_in
from tracks.models import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Supposed:
    """The verdict, with what it was reached on."""

    call: Call
    person: Person
    tool: Tool | None
    policy: PolicyInForce | None
    verdict: Verdict


def suppose(
    *, call: Call, role: Role, approval_rule: str, yellow_zone_terms: list[str], at: datetime
) -> Supposed:
    """The decision's own rules on an example; nothing is recorded. The tool is taken to be open.

    Overlays are left out: they go by a person's region and line of business, and this is nobody's call.

    approval_rule: parsed before; yellow_zone_terms: instead of those in force.
    """
    person = somebody_in(role)
    tool, policy = find_tool(call, None)
    if tool is not None:
        tool = replace(tool, grant_state=Grant.State.GRANTED, approval_rule=approval_rule)
    if policy is not None:
        policy = replace(policy, yellow_zone_terms=yellow_zone_terms, overlays=())
    verdict = decide(call=call, person=person, tool=tool, policy=policy, reach=Reach(), at=at)
    return Supposed(call=call, person=person, tool=tool, policy=policy, verdict=verdict)
