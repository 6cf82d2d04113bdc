"""What was approved or retired in the prompt library since the files were applied."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from enablement.access.models import PromptVersion
from enablement.playbook.bundle import CONTENT, Bundle
from enablement.playbook.content.formats import PromptText
from enablement.playbook.content.prompts import PROMPTS, rewritten, spec_of
from enablement.playbook.faults import validated
from enablement.playbook.services import bank_edits
from enablement.playbook.yaml_source import load


def with_edits(bundle: Bundle) -> Bundle:
    """The bundle with questions and prompts as they are now; the same object where nothing was edited."""
    bundle = bank_edits.with_edits(bundle)
    text = (bundle.content or {}).get(PROMPTS, "")
    held = _held(text)
    now = {version.prompt.key: version for version in _approved()}
    stays = {key: entry for key, entry in held.items() if key in now or not _was_approved(key)}
    same = all(key in held and _says_the_same(held[key], version) for key, version in now.items())
    if same and len(stays) == len(held):
        return bundle
    entries = {key: entry.model_dump() for key, entry in stays.items()}
    entries |= {
        key: _entry(version)
        for key, version in now.items()
        if key not in held or not _says_the_same(held[key], version)
    }
    return replace(bundle, content=dict(bundle.content or {}) | {PROMPTS: rewritten(text, entries)})


def edits() -> dict[Any, str]:
    """What was approved in the browser, in words, by the version. One query."""
    return {
        version.pk: f"prompt {version.prompt.key}: version {version.number}, approved in the browser by "
        f"{version.approved_by}, is no longer in force; export the playbook and take the prompt from there "
        "to keep it"
        for version in _approved().filter(policy_revision=None).select_related("approved_by")
    }


def undone(before: Mapping[Any, str]) -> tuple[str, ...]:
    """Which of these the tables no longer hold as approved."""
    still = set(_approved().filter(pk__in=before).values_list("pk", flat=True)) if before else set()
    return tuple(words for pk, words in before.items() if pk not in still)


def _approved() -> Any:
    return PromptVersion.objects.approved().select_related("prompt", "owner_role").order_by("prompt__key")


def _was_approved(key: str) -> bool:
    return PromptVersion.objects.filter(prompt__key=key, prompt__retired_at=None).exists()


def _held(text: str) -> dict[str, PromptText]:
    if not text:
        return {}
    source = load(text, file=f"{CONTENT}{PROMPTS}")
    return {key: validated(PromptText, source, path=(key,)) for key in source.value}


def _says_the_same(entry: PromptText, version: PromptVersion) -> bool:
    owner = version.owner_role.key if version.owner_role else None
    return spec_of(entry).sha256 == version.sha256 and entry.owner == owner


def _entry(version: PromptVersion) -> dict[str, Any]:
    """As it stands in the file."""
    return {
        "title": version.title,
        "owner": version.owner_role.key if version.owner_role else None,
        "model_hint": version.model_hint,
        "changelog": version.changelog,
        "variables": version.variables,
        "text": version.text,
    }
