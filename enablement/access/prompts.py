"""Reads of the prompt library."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from enablement.access.models import Grant, Prompt, PromptVersion, RoleProfile, Ruling
from enablement.access.selectors import avoided_by, own_prompts
from enablement.people.models import User


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelved:
    """A prompt with its approved version (None: not written yet); `open`: its tool is open to the person.

    avoided: the ruling by which every call of this person with it is denied, if there is one.
    """

    prompt: Prompt
    version: PromptVersion | None
    open: bool
    avoided: Ruling | None = None


def library(user: User, *, keys: list[str] | None, at: datetime) -> list[Shelved]:
    """These prompts (None: all) as they are for this person. Four queries."""
    rows = Prompt.objects.filter(retired_at=None).select_related("microtool__track").order_by("key")
    if keys is not None:
        rows = rows.filter(key__in=keys)
    versions = {
        version.prompt_id: version
        for version in PromptVersion.objects.approved().select_related("owner_role")
    }
    avoided = avoided_by(user)
    tools = set(Grant.objects.live(at=at).filter(user=user).values_list("microtool", flat=True))
    return [
        Shelved(
            prompt=prompt,
            version=versions.get(prompt.pk),
            open=prompt.microtool_id in tools,
            avoided=avoided.get(prompt.key),
        )
        for prompt in rows
    ]


def keys_for(user: User, *, role: str) -> list[str] | None:
    """The prompts of one role, or of the person's own; None, all, for whoever writes prompts."""
    if role:
        found = RoleProfile.objects.filter(role__key=role).values_list("prompts", flat=True).first()
        return list(found or ())
    return None if user.has_perm("access.author_prompts") else own_prompts(user)


def titles() -> dict[str, str]:
    """By key, what people read for a prompt; one that nobody has written has none. One query."""
    return dict(PromptVersion.objects.approved().values_list("prompt__key", "title"))


def proposed() -> QuerySet[PromptVersion]:
    """What waits for another person, the oldest first."""
    rows = PromptVersion.objects.filter(state=PromptVersion.State.PROPOSED)
    return rows.select_related("prompt", "proposed_by").order_by("proposed_at")
