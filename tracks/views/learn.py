"""A track, a module and a lesson, as the person sees them who learns there; others look on."""

from dataclasses import dataclass
from operator import itemgetter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tracks import links, rules
from tracks.errors import Refused
from tracks.markdown import render as render_markdown
from tracks.models import Enrolment, Lesson, LessonVersion, Track
from tracks.path_queries import enrolments_on
from tracks.people import Person
from tracks.selectors import PathModule, outline_of, path_of
from tracks.services.progress import read_lesson
from tracks.services.renewing import renew_module
from tracks.words import in_words


@dataclass(frozen=True, slots=True)
class Visit:
    """`enrolment` None: somebody looks on (an author, a mentor, the program manager); nothing is recorded."""

    track: Track
    enrolment: Enrolment | None

    def path(self) -> list[PathModule]:
        at = timezone.now()
        return path_of(self.enrolment, at=at) if self.enrolment else outline_of(self.track, at=at)

    def closed_because(self, *, renewing: bool = False) -> str:
        """Why nothing can be marked as read now; empty where it can. renewing: what was read before."""
        if self.enrolment is None:
            return _("You are looking on; nothing is recorded.")
        try:
            rules.ensure_open(self.enrolment, renewing=renewing)
        except Refused as refused:
            return refused.message
        return ""


def visit(user: Person, track_key: str) -> Visit:
    """404 for everyone who neither learns on the track nor looks after it."""
    own = enrolments_on(user=user.pk, track=track_key)
    if own:
        return Visit(own[0].track, own[0])
    visible = Track.objects.visible_to(user).select_related("role")
    return Visit(get_object_or_404(visible, key=track_key), None)


@require_GET
def track(request: HttpRequest, track_key: str) -> HttpResponse:
    here = visit(request.user, track_key)
    path = here.path()
    following = next((step for step in path if step.progress.state != "met"), None)
    lapsing = [(step.again.holds_until, step) for step in path if step.again]
    following = following or min(lapsing, key=itemgetter(0), default=(None, None))[1]
    context = {
        "visit": here,
        "closed": here.closed_because(renewing=following is not None and following.again is not None),
        "track": here.track,
        "path": path,
        "following": following,
        "completed": sum(step.progress.state == "met" for step in path),
        "kpis": [in_words(kpi) for kpi in here.track.kpis],
    }
    return render(request, "tracks/track.html", context)


@require_GET
def module(request: HttpRequest, track_key: str, module_key: str) -> HttpResponse:
    here, step = _module(request, track_key, module_key)
    work = [item for item in step.components if item.component.kind != "lessons"]
    urls = links.urls_of([item.component for item in work])
    context = {
        "visit": here,
        "closed": here.closed_because(renewing=step.again is not None),
        "track": here.track,
        "step": step,
        "module": step.module,
        "outcomes": [in_words(outcome) for outcome in step.module.outcomes],
        "work": [(item, urls.get(item.component.pk, "")) for item in work],
        "minutes": sum(item.lesson.minutes for item in step.lessons),
    }
    return render(request, "tracks/module.html", context)


@require_POST
def module_again(request: HttpRequest, track_key: str, module_key: str) -> HttpResponse:
    """Says that one has gone through the whole module again."""
    here, step = _module(request, track_key, module_key)
    if here.enrolment is None:
        messages.error(request, here.closed_because())
        return redirect("module", track_key, module_key)
    try:
        renew_module(enrolment=here.enrolment, module=step.module, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("You have gone through this module again."))
    return redirect("module", track_key, module_key)


@require_GET
def lesson(request: HttpRequest, track_key: str, module_key: str, lesson_key: str) -> HttpResponse:
    here, step = _module(request, track_key, module_key)
    index = _index(step, lesson_key)
    shown = step.lessons[index]
    pinned_at = here.enrolment.content_at if here.enrolment else timezone.now()
    version = LessonVersion.objects.pinned(lesson=shown.lesson, at=pinned_at).first()
    context = {
        "visit": here,
        "closed": here.closed_because(renewing=step.again is not None),
        "track": here.track,
        "module": step.module,
        "lesson": shown.lesson,
        "read": shown.read,
        "html": render_markdown(version.body) if version else "",
        "number": index + 1,
        "total": len(step.lessons),
        "previous": step.lessons[index - 1].lesson if index else None,
        "next": _after(step, index),
    }
    return render(request, "tracks/lesson.html", context)


@require_POST
def lesson_read(request: HttpRequest, track_key: str, module_key: str, lesson_key: str) -> HttpResponse:
    here, step = _module(request, track_key, module_key)
    index = _index(step, lesson_key)
    shown, following = step.lessons[index].lesson, _after(step, index)
    if here.enrolment is None:
        messages.error(request, here.closed_because())
        return redirect("lesson", track_key, module_key, lesson_key)
    try:
        read_lesson(enrolment=here.enrolment, lesson=shown, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("lesson", track_key, module_key, lesson_key)
    if following is not None:
        return redirect("lesson", track_key, module_key, following.key)
    messages.success(request, _("That was the last lesson of this module."))
    return redirect("module", track_key, module_key)


def _module(request: HttpRequest, track_key: str, module_key: str) -> tuple[Visit, PathModule]:
    here = visit(request.user, track_key)
    for step in here.path():
        if step.module.key == module_key:
            return here, step
    raise Http404


def _index(step: PathModule, lesson_key: str) -> int:
    for index, item in enumerate(step.lessons):
        if item.lesson.key == lesson_key:
            return index
    raise Http404


def _after(step: PathModule, index: int) -> Lesson | None:
    return step.lessons[index + 1].lesson if index + 1 < len(step.lessons) else None
