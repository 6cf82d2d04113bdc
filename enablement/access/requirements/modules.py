"""`type: modules_completed`: the track's modules, or those named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks import selectors as tracks
from tracks.models import Enrolment, Module, Track
from tracks.prepared import PreparedObjects

_live_modules: PreparedObjects[Module] = PreparedObjects(
    lambda track: Module.objects.live().filter(track=track).select_related("track"), track=2_000_000_001
)


class ModulesParams(Params):
    """modules: keys of modules of the track; None for all of them."""

    modules: list[str] | None = None


class ModulesCompleted:
    name = "modules_completed"
    params: type[Params] = ModulesParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        return self.evaluate_all(track=track, enrolments=enrolments, params=[params], at=at)[0]

    def evaluate_all(
        self,
        *,
        track: Track,
        enrolments: Sequence[Enrolment],
        params: Sequence[Any],
        at: datetime,
    ) -> list[Mapping[UUID, Leaf]]:
        modules = _live_modules(track=track.pk)
        done = tracks.completed_module_keys(enrolment_ids=[enrolment.pk for enrolment in enrolments])
        return [self._answers(modules, one.modules, done, enrolments) for one in params]

    def _answers(
        self,
        modules: list[Module],
        named: list[str] | None,
        done: Mapping[UUID, set[str]],
        enrolments: Sequence[Enrolment],
    ) -> dict[UUID, Leaf]:
        if named is not None:
            modules = [module for module in modules if module.key in named]
        if not modules or (named is not None and len(modules) != len(set(named))):
            leaf = unknown(self.name, label=_("Modules"), why=_("The track does not hold the modules named."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        return {e.pk: self._leaf(modules, done.get(e.pk, set()), e) for e in enrolments}

    def _leaf(self, modules: list[Module], done: set[str], enrolment: Enrolment) -> Leaf:
        missing = [module for module in modules if module.key not in done]
        total = len(modules)
        return Leaf(
            type=self.name,
            label=_("Modules"),
            met=not missing,
            begun=bool(done),
            done=total - len(missing),
            total=total,
            short=_("Modules"),
            required=ngettext("%(n)d module completed", "%(n)d modules completed", total) % {"n": total},
            actual=_("%(done)d of %(total)d") % {"done": total - len(missing), "total": total},
            next_step=_("Complete “%(title)s”") % {"title": missing[0].title} if missing else "",
            link=missing[0].get_absolute_url() if missing else "",
            proof=tuple(f"tracks.module:{m.key}@{enrolment.pk}" for m in modules if m.key in done),
        )
