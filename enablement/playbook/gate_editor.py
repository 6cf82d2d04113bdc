"""What the gate editor holds between two clicks: the outline, a form for each part, and what was clicked.

All of it travels in the page, so that it works without JavaScript and an author can leave at any moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from assessments.models import Quiz
from enablement.access import gates, registry
from enablement.access.models import Gate, Policy
from enablement.playbook import gate_outline as outlines
from enablement.playbook.gate_forms import Choices, GroupForm, LeafForm
from enablement.playbook.gate_outline import Group, Leaf, Part, Place
from enablement.playbook.phrases import phrase, type_label
from surveys.models import Survey
from tracks.models import Lab, Module, Track

if TYPE_CHECKING:
    from django.db.models import QuerySet

GROUP = "group"
#: Requirements of which an overlay asks for more of the same.
_MARKED = frozenset({"quiz", "shadow_mode", "supervised_decisions", "tool_fitness", "attendance"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One part as the page shows it. words: of a requirement that is whole, what it asks; else what it is.

    place: "" for the gate itself. opened: whether its fields are unfolded.
    """

    place: str
    level: int
    words: str
    whole: bool
    opened: bool
    form: LeafForm | GroupForm
    is_group: bool
    kind: str = ""
    nodes: tuple["Node", ...] = ()


class Editor:
    """`faults`: what is said about the gate as a whole; `opened`: whose fields are to be seen.

    offered: what requirements can name.
    """

    def __init__(self, *, offered: Choices, outline: Group, data: QueryDict | None = None) -> None:
        self.outline = outline
        self.opened: Place | None = None
        self.faults: list[str] = []
        self._data = data
        self._choices = offered
        self._forms = self._made(data)

    @property
    def tree(self) -> dict[str, Any]:
        return self.outline.tree()

    @property
    def text(self) -> str:
        return outlines.as_text(self.outline)

    @property
    def types(self) -> list[tuple[str, str]]:
        """What can be added."""
        return [*((name, type_label(name)) for name in registry.types()), (GROUP, _("A group"))]

    @property
    def to_mend(self) -> list[tuple[str, str, str]]:
        """Fields that say something is wrong: the id to go to, what they are called, what is wrong."""
        return [
            (form[name].id_for_label or f"part-{outlines.dotted(place)}", str(form[name].label), str(error))
            if name in form.fields
            else (f"part-{outlines.dotted(place)}", type_label(self._name(place)), str(error))
            for place, form in self._forms.items()
            if form.is_bound
            for name, errors in form.errors.items()
            for error in errors
        ]

    def _name(self, place: Place) -> str:
        part = self._at(place)
        return part.type if isinstance(part, Leaf) else part.kind

    def is_sound(self) -> bool:
        try:
            gates.check(self.tree)
        except gates.GateError:
            return False
        return True

    def node(self) -> Node:
        return self._node((), self.outline)

    def carry_out(self, action: str) -> bool:
        """Take over what was filled in, then do what was clicked; False where something has to be mended.

        action: `update`, `check`, or `remove`, `add`, `group`, `dissolve` with a place.
        """
        verb, _colon, at = action.partition(":")
        try:
            place = outlines.place_of(at)
            target = self._at(place)
        except (ValueError, LookupError):
            self.faults.append(_("That part is not there any more."))
            return False
        gone = place if verb == "remove" and place else None
        if not self._take_over(gone):
            return False
        if verb == "remove" and place:
            self.outline = outlines.removed(self.outline, place)
        elif verb == "add" and isinstance(target, Group):
            return self._add(place)
        elif verb == "group":
            self.outline = outlines.grouped(self.outline, place)
        elif verb == "dissolve" and place:
            self.outline = outlines.dissolved(self.outline, place)
        self._forms = self._made(None)
        return True

    def _add(self, place: Place) -> bool:
        type_ = self._data.get(f"add-{outlines.dotted(place)}", "") if self._data else ""
        if type_ != GROUP and registry.get(type_) is None:
            self.faults.append(_("Choose what to add."))
            return False
        part: Part = Group() if type_ == GROUP else Leaf(type_, self._beginning(type_))
        self.outline = outlines.added(self.outline, place, part)
        group = self._at(place)
        self.opened = (*place, len(group.parts) - 1) if isinstance(group, Group) else None
        self._forms = self._made(None)
        return True

    def _at(self, place: Place) -> Part:
        return dict(outlines.parts(self.outline))[place]

    def _made(self, data: QueryDict | None) -> dict[Place, LeafForm | GroupForm]:
        return {place: self._form(place, part, data) for place, part in outlines.parts(self.outline)}

    def _form(self, place: Place, part: Part, data: QueryDict | None) -> LeafForm | GroupForm:
        prefix = f"part-{outlines.dotted(place)}"
        if isinstance(part, Group):
            return GroupForm(data, prefix=prefix, group=part)
        return LeafForm(data, prefix=prefix, leaf=part, choices=self._choices)

    def _take_over(self, gone: Place | None) -> bool:
        """Put what was filled in into the outline, but for what is about to go."""
        staying = {
            place: form for place, form in self._forms.items() if gone is None or place[: len(gone)] != gone
        }
        valid = [
            form.is_valid() for form in staying.values()
        ]  # all of them, so that each says what it misses
        if not all(valid):
            return False
        outline = self.outline
        for place, form in staying.items():
            outline = outlines.changed(outline, place, lambda part, form=form: (_filled(part, form),))  # type: ignore[misc]
        self.outline = outline
        return True

    def _node(self, place: Place, part: Part) -> Node:
        form = self._forms[place]
        faulty = form.is_bound and bool(form.errors)
        common: dict[str, Any] = {
            "place": outlines.dotted(place),
            "level": len(place),
            "form": form,
            "opened": faulty or place == self.opened,
        }
        if isinstance(part, Group):
            nodes = tuple(self._node((*place, i), each) for i, each in enumerate(part.parts))
            return Node(words="", whole=bool(nodes), is_group=True, kind=part.kind, nodes=nodes, **common)
        whole = not faulty and _is_whole(part)
        words = phrase(part.tree()) if whole else type_label(part.type)
        return Node(words=words, whole=whole, is_group=False, **common)

    def _beginning(self, type_: str) -> Mapping[str, Any]:
        """Figures to begin with, of the gate or else of the design; what has no sensible one is left open."""
        if type_ in self._choices.marks:
            return self._choices.marks[type_]
        quizzes, surveys = self._choices.of("quiz") or [], self._choices.of("survey") or []
        policy = Policy.objects.first()
        owner = (policy.owners if policy else {}).get("program_manager", "")
        return {
            "quiz": {"threshold": "0.8"} | ({"quiz": quizzes[0][0]} if len(quizzes) > 1 else {}),
            "survey": {"survey": surveys[0][0]} if surveys else {},
            "shadow_mode": {"sample_size": 50, "qa_owner": owner},
            "supervised_decisions": {"n": 3},
            "tool_fitness": {"lower_bound": "0.8"},
            "attendance": {"sessions": 3},
        }.get(type_, {})


def _filled(part: Part, form: LeafForm | GroupForm) -> Part:
    if isinstance(form, LeafForm):
        return form.leaf()
    return form.group(part) if isinstance(part, Group) else part


def _is_whole(leaf: Leaf) -> bool:
    try:
        gates.check(leaf.tree())
    except gates.GateError:
        return False
    return True


def choices(track: Track) -> Choices:
    """What requirements of this track can name. Five queries."""
    rows: dict[str, QuerySet[Any]] = {
        "modules": Module.objects.live().filter(track=track).order_by("position"),
        "labs": Lab.objects.live().filter(module__track=track, module__retired_at=None),
        "quiz": Quiz.objects.live().filter(module__track=track, module__retired_at=None),
        "survey": Survey.objects.live().filter(track=track),
        "track": Track.objects.live().exclude(pk=track.pk),
    }
    return Choices(by_name={name: list(found.values_list("key", "title")) for name, found in rows.items()})


def common_choices(tracks: Sequence[Track]) -> Choices:
    """What requirements can name that have to be met on each of these tracks. Six queries for one track."""
    each = [choices(track) for track in tracks]
    names = {name for found in each for name in found.by_name}
    return Choices(
        by_name={
            name: [pair for pair in each[0].of(name) or [] if _everywhere(pair[0], name, each)]
            for name in sorted(names)
        },
        marks=_common_marks(tracks),
    )


def _common_marks(tracks: Sequence[Track]) -> dict[str, Mapping[str, Any]]:
    """Where every gate that has such a requirement asks for the same."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for gate in Gate.objects.filter(track__in=tracks):
        for leaf in gates.leaf_nodes(gate.tree):
            found.setdefault(leaf["type"], []).append({k: v for k, v in leaf.items() if k != "type"})
    return {
        type_: each[0]
        for type_, each in found.items()
        if type_ in _MARKED and each.count(each[0]) == len(each)
    }


def _everywhere(key: str, name: str, offered: Sequence[Choices]) -> bool:
    return all(key in dict(found.of(name) or []) for found in offered)
