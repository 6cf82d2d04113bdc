"""`type: modules_completed`: the track's modules, or those named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks import selectors as tracks
from tracks.models import Enrolment, Module, Track
from tracks.months import months_later
from tracks.prepared import PreparedObjects

if TYPE_CHECKING:
    from tracks.selectors import Renewed

_live_modules: PreparedObjects[Module] = PreparedObjects(
    lambda track: Module.objects.live().filter(track=track).select_related("track"), track=2_000_000_001
)


class ModulesParams(LastingParams):
    """modules: keys of modules of the track; None for all of them."""

    modules: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Gone:
    """What one person completed, and went through again; by key of the module."""

    completed: Mapping[str, datetime]
    renewed: Mapping[str, "Renewed"]

    def given_at(self, module: Module) -> datetime:
        again = self.renewed.get(module.key)
        return max(self.completed[module.key], again.at) if again else self.completed[module.key]

    def proof(self, module: Module, enrolment: Enrolment) -> Iterator[str]:
        if module.key in self.completed:
            yield f"tracks.module:{module.key}@{enrolment.pk}"
            if module.key in self.renewed:
                yield f"tracks.modulerenewal:{self.renewed[module.key].renewal_id}"


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
        people = [enrolment.pk for enrolment in enrolments]
        completed = tracks.completed_modules(enrolment_ids=people)
        lasting_ones = any(one.valid_months is not None for one in params)
        renewed = tracks.renewed_modules(enrolment_ids=people) if lasting_ones else {}
        gone = {pk: _Gone(completed.get(pk, {}), renewed.get(pk, {})) for pk in people}
        return [self._answers(modules, one, gone, enrolments, at) for one in params]

    def _answers(
        self,
        modules: list[Module],
        params: ModulesParams,
        gone: Mapping[UUID, _Gone],
        enrolments: Sequence[Enrolment],
        at: datetime,
    ) -> dict[UUID, Leaf]:
        named = params.modules
        if named is not None:
            modules = [module for module in modules if module.key in named]
        if not modules or (named is not None and len(modules) != len(set(named))):
            leaf = unknown(self.name, label=_("Modules"), why=_("The track does not hold the modules named."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        return {e.pk: self._in_time(modules, gone[e.pk], e, params, at) for e in enrolments}

    def _in_time(
        self, modules: list[Module], gone: _Gone, enrolment: Enrolment, params: ModulesParams, at: datetime
    ) -> Leaf:
        """The module that was gone through first lapses first."""
        leaf = self._leaf(modules, gone, enrolment)
        if not leaf.met or params.valid_months is None:
            return leaf
        oldest = min(modules, key=gone.given_at)
        counting = [m for m in modules if months_later(gone.given_at(m), params.valid_months) > at]
        return lasting(
            replace(leaf, done=len(counting)),
            since=gone.given_at(oldest),
            params=params,
            at=at,
            again=_("Go through “%(title)s” again") % {"title": oldest.title},
            link=oldest.get_absolute_url(),
        )

    def _leaf(self, modules: list[Module], gone: _Gone, enrolment: Enrolment) -> Leaf:
        missing = [module for module in modules if module.key not in gone.completed]
        total = len(modules)
        return Leaf(
            type=self.name,
            label=_("Modules"),
            met=not missing,
            begun=bool(gone.completed),
            done=total - len(missing),
            total=total,
            short=_("Modules"),
            required=ngettext("%(n)d module completed", "%(n)d modules completed", total) % {"n": total},
            actual=_("%(done)d of %(total)d") % {"done": total - len(missing), "total": total},
            next_step=_("Complete “%(title)s”") % {"title": missing[0].title} if missing else "",
            link=missing[0].get_absolute_url() if missing else "",
            proof=tuple(proof for module in modules for proof in gone.proof(module, enrolment)),
        )
