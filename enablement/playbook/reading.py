"""From a bundle to a playbook that can be applied: read, checked, defaults taken, gaps named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from enablement.playbook import gating
from enablement.playbook.bundle import Bundle
from enablement.playbook.checks import MANAGER_APPROVE, leaves, read_playbook
from enablement.playbook.content import Content, TrackContent, read_content
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.schema import PlaybookFile, Track
from enablement.playbook.yaml_source import Path, Source, load

#: The role whose holders answer `manager_approve` (DESIGN §4, playbook).
MANAGER_ROLE = "ops_manager"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """`bundle`: what is hashed and kept; its content is the author's, else what is in force.

    notes: defaults taken, files left out. gaps: what stays locked or cannot be met.
    """

    bundle: Bundle
    playbook: PlaybookFile
    content: Content
    notes: tuple[str, ...]
    gaps: tuple[str, ...]

    def track_content(self, track: Track) -> TrackContent:
        return self.content.tracks.get(track.id, TrackContent())


def read(bundle: Bundle, *, in_force: Bundle | None) -> Reading:
    """`in_force`: the bundle of the current revision. Raises SourceErrors."""
    source = load(bundle.yaml, file=bundle.file)
    playbook = read_playbook(source)
    carried = bundle.content is None
    if bundle.content is None:
        kept = in_force.content if in_force else None
        bundle = Bundle(yaml=bundle.yaml, content=kept or {}, file=bundle.file)
    content = read_content(bundle.content or {}, playbook=playbook, carried=carried)
    if faults := list(_conditions(playbook, content, source)):
        raise SourceErrors(faults)
    return Reading(
        bundle=bundle,
        playbook=playbook,
        content=content,
        notes=(*_notes(playbook, content, carried=carried), *content.left_out),
        gaps=(*_gaps(playbook, content), *content.gaps),
    )


def _conditions(playbook: PlaybookFile, content: Content, source: Source) -> Iterator[SourceError]:
    """Conditions that name something which the track's content does not hold."""
    for track, conditions, path in _asked(playbook):
        held = content.tracks.get(track.id)
        if held is not None:
            for leaf_path, leaf in leaves(conditions, path):
                for key, named, known in _named(leaf, held):
                    if named not in known:
                        expected = f"one of {', '.join(known)}" if known else "content that holds it"
                        message = f"the track has no {leaf['type']} {show(named)}"
                        yield source.error((*leaf_path, *key), message, expected)
                quizzes = [quiz.key for quiz in held.quizzes()]
                if leaf["type"] == "quiz" and "quiz" not in leaf and len(quizzes) > 1:
                    message = f"the track has {len(quizzes)} quizzes"
                    yield source.error(leaf_path, message, f"a key `quiz` with one of {', '.join(quizzes)}")


def _asked(playbook: PlaybookFile) -> Iterator[tuple[Track, Any, Path]]:
    """What a track's gate, and each overlay that holds there, asks for, and where that stands."""
    for i, track in enumerate(playbook.training_tracks):
        yield track, track.gating_conditions, ("training_tracks", i, "gating_conditions")
        for j, overlay in enumerate(playbook.overlays):
            if overlay.covers(track):
                yield track, overlay.gating_conditions, ("overlays", j, "gating_conditions")


def _named(leaf: object, held: TrackContent) -> Iterator[tuple[Path, str, list[str]]]:
    """The path within the leaf, the key named there, and the keys that exist."""
    if not isinstance(leaf, dict):
        return
    if leaf["type"] == "quiz" and leaf.get("quiz") is not None:
        yield ("quiz",), leaf["quiz"], [quiz.key for quiz in held.quizzes()]
    if leaf["type"] == "survey":
        yield ("survey",), leaf["survey"], [survey.key for survey in held.surveys]
    if leaf["type"] == "labs_signed_off":
        for i, lab in enumerate(leaf.get("labs") or ()):
            yield ("labs", i), lab, [lab.key for lab in held.labs()]


def _notes(playbook: PlaybookFile, content: Content, *, carried: bool) -> Iterator[str]:
    if carried:
        yield "no folder content/ came along: lessons, labs, quizzes, surveys and cases stay as they are"
    for track in playbook.training_tracks:
        if track.role is None:
            yield f"track {track.id} is for the role {playbook.role_of(track)}, which begins its id"
        if track.gating_conditions is None:
            yield f"track {track.id} has no conditions: all its modules have to be completed"
        quizzes = list(content.tracks.get(track.id, TrackContent()).quizzes())
        for leaf in gating.leaves_of(track, "quiz"):
            if "quiz" not in leaf and len(quizzes) == 1:
                yield f"track {track.id}: the quiz meant is {quizzes[0].key}, its only one"
        for quiz in quizzes:
            asked = gating.quiz_threshold(track, quiz.key, quiz.threshold)
            if asked != quiz.threshold:
                yield f"quiz {track.id}/{quiz.key} passes at {asked}, as the gate says, not {quiz.threshold}"


def _gaps(playbook: PlaybookFile, content: Content) -> Iterator[str]:
    tools = [tool for track in playbook.training_tracks for tool in track.microtools]
    with_tool = {prompt for tool in tools for prompt in tool.prompts}
    for role in playbook.rbac.roles:
        for prompt in role.prompts:
            if prompt not in with_tool:
                yield f"prompt {prompt} of {role.name} has no tool: it stays locked"
        if role.name not in {playbook.role_of(track) for track in playbook.training_tracks}:
            yield f"role {role.name} has no track: nobody can show the skill for it"
        if content.roles and role.name not in content.roles:
            yield f"role {role.name} has no rubric: every call waits for a review"
    if MANAGER_ROLE not in playbook.role_names and any(
        MANAGER_APPROVE in tool.approval_rule for tool in tools
    ):
        yield f"{MANAGER_APPROVE} needs the role {MANAGER_ROLE}: nobody can approve"
    for track in playbook.training_tracks:
        yield from _track_gaps(playbook, track, content.tracks.get(track.id, TrackContent()))


def _track_gaps(playbook: PlaybookFile, track: Track, held: TrackContent) -> Iterator[str]:
    if not track.microtools:
        yield f"track {track.id} opens no tool"
    for module in track.modules:
        inside = held.modules.get(module.key)
        if inside is None or not (inside.lessons or inside.labs or inside.quiz):
            yield f"module {track.id}/{module.key} has no content: nobody can complete it"
    present = {
        "quiz": any(held.quizzes()),
        "labs_signed_off": any(held.labs()),
        "survey": bool(held.surveys),
        "shadow_mode": len(held.pools) == 1,
        "tool_fitness": len(held.pools) == 1,
    }
    overlays = [overlay for overlay in playbook.overlays if overlay.covers(track)]
    for type_, there in present.items():
        if not there and any(gating.all_leaves(track, overlays, type_)):
            yield f"track {track.id}: the condition {type_} cannot be met, the content for it is missing"
