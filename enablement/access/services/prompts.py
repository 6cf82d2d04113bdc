"""The prompt library's use cases: write, propose, approve by another person, retire; and playbooks' files."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from enablement.access.models import Prompt, PromptVersion
from enablement.access.prompt_texts import PromptSpec
from enablement.access.signals import prompt_changed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Role

State = PromptVersion.State


@transaction.atomic
def write(
    *, prompt: Prompt, spec: PromptSpec, changelog: str, propose: bool, actor: User, at: datetime
) -> PromptVersion:
    """A new version, as a draft or proposed. ValidationError where it is not sound, Refused `no_change`."""
    _ensure_authors(actor)
    prompt = Prompt.objects.select_for_update(of=("self",)).get(pk=prompt.pk)
    _ensure_sound(spec)
    live = PromptVersion.objects.filter(prompt=prompt, state=State.APPROVED).first()
    if live is not None and live.sha256 == spec.sha256:
        raise Refused("no_change", _("That is what is approved already."))
    made = _new(prompt, spec, changelog=changelog, owner=live.owner_role if live else None, at=at)
    made.state, made.proposed_by = (State.PROPOSED if propose else State.DRAFT), actor
    made.full_clean()
    made.save()
    _announce(made, actor=actor, at=at)
    return made


@transaction.atomic
def propose(*, version: PromptVersion, actor: User, at: datetime) -> PromptVersion:
    """A draft of one's own goes to the others. Refused `not_a_draft`."""
    _ensure_authors(actor)
    version = _locked(version)
    if version.state != State.DRAFT or version.proposed_by != actor:
        raise Refused("not_a_draft", _("Only a draft of your own can be proposed."))
    version.state, version.proposed_at = State.PROPOSED, at
    version.save()
    _announce(version, actor=actor, at=at)
    return version


@transaction.atomic
def approve(*, version: PromptVersion, actor: User, at: datetime) -> PromptVersion:
    """From now on this is what the role's people copy; what was approved before is retired.

    Refused `not_proposed`, or `own_proposal`: another person approves.
    """
    _ensure_authors(actor)
    version = _locked(version)
    if version.state != State.PROPOSED:
        raise Refused("not_proposed", _("Only a proposed version can be approved."))
    if version.proposed_by == actor:
        raise Refused("own_proposal", _("You proposed this; another person approves it."))
    _retire_live([version.prompt_id], actor=actor, at=at)
    version.state, version.approved_by, version.approved_at = State.APPROVED, actor, at
    version.save()
    _announce(version, actor=actor, at=at)
    return version


@transaction.atomic
def retire(*, version: PromptVersion, actor: User, at: datetime) -> PromptVersion:
    """Taken out of use, or turned down where it was proposed. Refused `retired`."""
    _ensure_authors(actor)
    version = _locked(version)
    if version.state == State.RETIRED:
        raise Refused("retired", _("This version is retired already."))
    version.state, version.retired_by, version.retired_at = State.RETIRED, actor, at
    version.save()
    _announce(version, actor=actor, at=at)
    return version


@transaction.atomic
def put_version(
    *, prompt: Prompt, spec: PromptSpec, owner: Role | None, changelog: str, revision: int, at: datetime
) -> PromptVersion:
    """What a playbook's file says is approved by that playbook; nothing happens where it is so already."""
    live = PromptVersion.objects.select_for_update().filter(prompt=prompt, state=State.APPROVED).first()
    if (
        live is not None
        and live.sha256 == spec.sha256
        and live.owner_role_id == (owner.pk if owner else None)
    ):
        return live
    _ensure_sound(spec)
    _retire_live([prompt.pk], actor=None, at=at)
    made = _new(prompt, spec, changelog=changelog, owner=owner, at=at)
    made.state, made.approved_at, made.policy_revision = State.APPROVED, at, revision
    made.full_clean()
    made.save()
    _announce(made, actor=None, at=at)
    return made


@transaction.atomic
def retire_absent(*, keep: Collection[str], at: datetime) -> None:
    """A playbook that came with its content no longer holds the others."""
    gone = PromptVersion.objects.filter(state=State.APPROVED).exclude(prompt__key__in=keep)
    _retire_live(list(gone.values_list("prompt", flat=True)), actor=None, at=at)


def _retire_live(prompts: Collection[int], *, actor: User | None, at: datetime) -> None:
    live = PromptVersion.objects.select_for_update(of=("self",)).filter(
        prompt__in=prompts, state=State.APPROVED
    )
    for version in live.select_related("prompt"):
        version.state, version.retired_by, version.retired_at = State.RETIRED, actor, at
        version.save()
        _announce(version, actor=actor, at=at)


def _new(
    prompt: Prompt, spec: PromptSpec, *, changelog: str, owner: Role | None, at: datetime
) -> PromptVersion:
    last = PromptVersion.objects.filter(prompt=prompt).aggregate(last=Max("number"))["last"] or 0
    return PromptVersion(
        prompt=prompt,
        number=last + 1,
        title=spec.title,
        text=spec.text,
        variables=dict(spec.variables),
        model_hint=spec.model_hint,
        owner_role=owner,
        changelog=changelog.strip(),
        sha256=spec.sha256,
        proposed_at=at,
    )


def _ensure_sound(spec: PromptSpec) -> None:
    if faults := [message for message, _line, _column in spec.faults()]:
        raise ValidationError(faults)


def _ensure_authors(actor: User) -> None:
    if not actor.has_perm("access.author_prompts"):
        raise PermissionDenied(_("You may not change the prompt library."))


def _locked(version: PromptVersion) -> PromptVersion:
    """The version, with its prompt held: one approval of a prompt at a time."""
    Prompt.objects.select_for_update().get(pk=version.prompt_id)
    rows = PromptVersion.objects.select_for_update(of=("self",))
    return rows.select_related("prompt", "proposed_by").get(pk=version.pk)


def _announce(version: PromptVersion, *, actor: User | None, at: datetime) -> None:
    fact = Fact(
        kind=f"access.prompt_{version.state}",
        subject=("access.promptversion", str(version.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "prompt": version.prompt.key,
            "number": version.number,
            "sha256": version.sha256,
            "policy_revision": version.policy_revision,
        },
    )
    prompt_changed.send(sender=PromptVersion, facts=[fact])
