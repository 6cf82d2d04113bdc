"""Every address of the project, from its own list, filled with real things.

A new route whose arguments are not told here fails `test_every_route_can_be_walked`.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.db.models import Q
from django.urls import get_resolver

from assessments.models import (
    Appeal,
    CaseDecision,
    Drill,
    QuestionImage,
    ShadowSample,
)
from enablement.access.models import Grant
from enablement.certificates.models import Certificate
from enablement.jobs.models import Job
from enablement.people.models import ApiToken
from tests.canary.world import World
from tracks.models import Delegation, Enrolment, Mentorship

#: An id of nothing. Pages of access, of which these are the beginnings of the names, know tools, people and
#: gates, and no content of learning: they are walked with it.
NOTHING = [uuid.UUID(int=0)]
OF_ACCESS = (
    "access_",
    "approval",
    "decision_outcome",
    "emergency",
    "evidence_pack",
    "grant_lift",
    "prompt_",
    "ruling",
    "sop",
    "waiver",
    "webhook",
    "playbook_proposal",
)
#: Of things that many people have, how many of others are tried beside one's own.
OTHERS = 1


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    parameters: tuple[str, ...]


def every_route(resolver: Any = None, prefix: str = "") -> Iterator[Route]:
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = f"{prefix}{entry.pattern}"
        if hasattr(entry, "url_patterns"):
            yield from every_route(entry, pattern)
            continue
        if not entry.name and entry.callback.__module__.startswith("django.views.generic"):
            continue  # allauth's redirects from addresses of its own past, which nobody can name
        regex = getattr(entry.pattern, "regex", None)
        named = tuple(regex.groupindex) if regex is not None else tuple(entry.pattern.converters)
        yield Route(name=entry.name or "", pattern=pattern, parameters=named)


def _own(rows: Any, user: Any, owner: str) -> list[Any]:
    """All that is this person's, and the first few of others."""
    rows = rows.order_by("pk")
    if user is None:
        return list(rows[:OTHERS])
    mine = Q(**{owner: user})
    return [*rows.filter(mine), *rows.exclude(mine)[:OTHERS]]


def _pks(rows: Iterable[Any]) -> list[Any]:
    return [row.pk for row in rows]


def _attempts(world: World, user: Any) -> list[Any]:
    """One's own; and of others those that may tell most: waiting, failed and appealed, passed."""
    rows = [*world.attempts.values()]
    mine = [row.pk for row in rows if user is not None and row.user_id == user.pk]
    keys = [("waiting", "never"), ("failed", "never"), ("passed", "after_submit")]
    return [*mine, *(world.attempts[key].pk for key in keys if world.attempts[key].pk not in mine)]


def _cases(world: World, user: Any) -> list[Any]:
    """For judges every case; for others a case that a judge has begun, and one on which two differ."""
    cases = world.things.pool.cases
    if user is not None and user.has_perm("assessments.judge_cases"):
        return _pks(cases.order_by("key"))
    begun = cases.filter(judgements__judged_at=None, judgements__isnull=False)
    return [*_pks(begun), world.things.disputed.pk]


def _places(world: World, user: Any) -> Any:
    """Of one's own drills every case, of others' the first."""
    own = user is not None and Drill.objects.filter(learner=user).exists()
    return range(1, 8) if own else [1]


def _written(_world: World, _user: Any) -> list[Any]:
    """Justifications that a mentor grades, and cases of a capstone that runs."""
    rows = CaseDecision.objects.filter(decided_at__isnull=False)
    return [*_pks(rows.filter(graded=True)), *_pks(rows.filter(drill__kind="capstone"))[:1]]


def arguments(world: World, user: Any, route: Route) -> list[dict[str, Any]]:
    """What to fill a route with, for one person. KeyError where nobody has said."""
    values = _VALUES | _OF_ROUTE.get(route.name, {})
    if route.name.startswith(OF_ACCESS):
        values = {"pk": [0] if "<int:pk>" in route.pattern else NOTHING} | values
    filled = [values[name] for name in route.parameters]
    choices = [each(world, user) if callable(each) else each for each in filled]
    return [dict(zip(route.parameters, row, strict=True)) for row in product(*choices)]


def _thing(name: str) -> Any:
    return lambda world, _user: [getattr(world.things, name).pk]


def _rows(model: Any, owner: str = "") -> Any:
    def found(_world: World, user: Any) -> list[Any]:
        return _pks(_own(model.objects.all(), user, owner) if owner else model.objects.order_by("pk")[:3])

    return found


_COHORT = {"pk": _thing("cohort")}
_BANK = {"pk": lambda world, _user: [world.quizzes["never"].bank_id]}
_QUESTION = {"pk": _thing("question")}
_QUIZ = {"pk": lambda world, _user: [quiz.pk for quiz in world.quizzes.values()]}
_ONE_QUIZ = {"pk": lambda world, _user: [world.quizzes["never"].pk]}
_ATTEMPT = {"pk": _attempts}
_SUBMISSION = {"pk": lambda world, _user: [world.things.handed_in.pk, world.things.signed.pk]}
_EVIDENCE = {"pk": _thing("evidence")}
_LAB = {"pk": lambda world, _user: [world.things.lab.pk, world.things.watched.pk]}
_SAMPLE = {"pk": _rows(ShadowSample, "learner")}
_CASE = {"pk": _cases}
_POOL = {"pk": _thing("pool")}
_DRILL = {"pk": _rows(Drill, "learner")}
_ENROLMENT = {"pk": _rows(Enrolment, "user")}
_NOTHING = {"pk": NOTHING}
_UPLOAD = {"pk": _thing("upload")}
_PERSON = {"pk": lambda world, _user: [world.people["failed"].pk]}

#: By the name of the parameter, where no route says otherwise.
_VALUES: dict[str, Any] = {
    "track_key": lambda world, _user: [world.things.track.key],
    "module_key": lambda world, _user: [world.things.module.key],
    "lesson_key": lambda world, _user: [world.things.lesson.key],
    "cohort_id": _thing("cohort"),
    "enrolment_pk": lambda world, _user: [world.people["failed"].enrolments.get().pk],
    "enrolment_id": _rows(Enrolment, "user"),
    "mentorship_pk": _rows(Mentorship),
    "lab_pk": _thing("lab"),
    "version_pk": _thing("version"),
    "user_id": lambda world, _user: [world.people["failed"].pk],
    "position": [1, 2, 3],
    "number": [1],
    "track": lambda world, _user: [world.things.track.key],
    "policy": ["none"],
    "microtool": lambda world, _user: [world.things.tool.key],
    "public_id": lambda _world, _user: [*Certificate.objects.values_list("public_id", flat=True), "0" * 32],
    "report_id": _thing("report"),
    "job_id": _rows(Job),
    "key": ["none"],
    "uidb36": ["0"],
    "entry": NOTHING,
    "pack_id": NOTHING,
    "role": lambda world, _user: [world.things.track.role.key],
    "criterion": ["classification"],
    "sha256": ["0" * 64],
    "name": ["none"],
    "token": ["none"],
    "organization_slug": ["none"],
}
_OF_ROUTE: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        (
            "cohort",
            "cohort_start",
            "cohort_close",
            "cohort_enrol",
            "cohort_person",
            "enrolment_pause",
            "enrolment_resume",
            "enrolment_withdraw",
            "mentor_end",
        ),
        _COHORT,
    ),
    **dict.fromkeys(("question_files", "question_bank", "question_images"), _BANK),
    "question_export": _BANK | {"name": ["gift", "qti"]},
    "question_new": _BANK | {"kind": ["single"]},
    "question_preview": _BANK | {"kind": ["single"]},
    **dict.fromkeys(("question_upload", "question_upload_import", "question_upload_drop"), _UPLOAD),
    **dict.fromkeys(("question_edit", "question_retire", "question_restore"), _QUESTION),
    "regrade_question": _QUESTION | {"kind": ["key", "excuse"]},
    "question": {"pk": lambda world, _user: [world.things.question.pk, world.things.in_words.pk]},
    "regrade": {"pk": _thing("regrade")},
    "question_image": {"pk": _rows(QuestionImage)},
    **dict.fromkeys(("quiz", "attempt_start", "analysis"), _QUIZ),
    **dict.fromkeys(("attempts_unlock", "quiz_people", "attempts_time", "analysis_item"), _ONE_QUIZ),
    **dict.fromkeys(
        (
            "attempt",
            "attempt_save",
            "attempt_submit",
            "attempt_result",
            "attempt_marking",
            "attempt_appeal",
        ),
        _ATTEMPT,
    ),
    **dict.fromkeys(("question_excuse", "appeal_question"), _ATTEMPT | {"position": [1]}),
    **dict.fromkeys(
        (
            "submission",
            "appeal_mark",
            "review",
            "review_claim",
            "review_release",
            "lab_mark",
            "sign_off",
            "send_back",
        ),
        _SUBMISSION,
    ),
    "appeal": {"pk": _rows(Appeal)},
    **dict.fromkeys(("lab", "lab_save", "lab_hand_in", "lab_revise", "starter_file"), _LAB),
    **dict.fromkeys(("evidence_file", "evidence_view", "evidence_inline", "evidence_remove"), _EVIDENCE),
    "delegate_end": {"pk": _rows(Delegation)},
    **{key: {"pk": _thing("sign_off")} for key in ("countersign", "sign_off_withdraw")},
    **dict.fromkeys(("mentee", "observe", "exceptions", "supervised"), _ENROLMENT),
    "observation_remove": {"pk": _thing("observation")},
    **dict.fromkeys(("shadow", "shadow_draw", "agreement", "cases_import"), _POOL),
    **dict.fromkeys(("shadow_sample", "shadow_decide", "shadow_output", "appeal_sample"), _SAMPLE),
    **dict.fromkeys(("judgement", "judgement_decide", "judgement_output", "case_drop"), _CASE),
    "version_material": _POOL,
    **{key: {"pk": _thing("scenario_set")} for key in ("exception_matrix", "drill_start")},
    **dict.fromkeys(("drill", "drill_result"), _DRILL),
    **dict.fromkeys(("drill_case", "drill_decide"), _DRILL | {"position": _places}),
    "justification": {"pk": _written},
    "supervised_withdraw": {"pk": _thing("supervised")},
    **{key: {"pk": _thing("survey")} for key in ("survey", "survey_results")},
    "survey_answers": _NOTHING,
    **dict.fromkeys(("auditor_end", "right", "right_confirm", "right_turn_down"), _NOTHING),
    **{key: {"pk": _thing("session")} for key in ("session", "session_edit", "session_cancel")},
    "grant_suspend": {"pk": _rows(Grant)},
    "grant_open": {"pk": _rows(Grant)},
    "report_file": {"kind": ["pdf", "csv"]},
    **{
        key: {"pk": _thing("draft")}
        for key in ("playbook_draft", "playbook_draft_diff", "playbook_apply", "playbook_discard")
    },
    **dict.fromkeys(("roster_person", "roster_deactivate", "roster_reactivate"), _PERSON),
    **{key: {"pk": _rows(ApiToken)} for key in ("token_rotate", "token_revoke")},
}
