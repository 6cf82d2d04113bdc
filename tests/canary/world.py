"""One track with everything that has an answer in it, and people at every stage of it."""

import zipfile
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

from assessments.models import Attempt, Drill, Question, QuestionUpload, Submission
from assessments.services import appeals, attempts, item_analysis, labs, regrading, shadow
from assessments.services import scenarios as exceptions
from assessments.services.quizzes import put_quiz
from assessments.services.shadow.judges import judges_of as appointed
from enablement.access.services import grants
from enablement.people.models.api_token import Scope
from enablement.playbook import services as playbooks
from enablement.playbook.services import drafts
from enablement.reports import services as reports
from surveys import services as surveys
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory, PromptFactory
from tests.assessments.labs.factories import sign, text_file
from tests.assessments.quizzes.factories import MINUTE, NOW, right_answers, wrong_answer
from tests.assessments.scenarios.factories import set_spec
from tests.assessments.shadow.factories import judge, make_pool
from tests.canary.canaries import POLICIES, plain, scenarios, shadow_cases, spec_of_quiz
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.playbook import small
from tests.programs.sessions.factories import SessionFactory
from tests.surveys.factories import SPEC as SURVEY
from tests.tracks.factories import (
    CohortFactory,
    EnrolmentFactory,
    LabFactory,
    LessonFactory,
    MentorshipFactory,
    ModuleFactory,
)
from tracks.services import delegations

#: How far each learner of the cohort is with every quiz.
LEARNERS = ("fresh", "sitting", "checking", "waiting", "failed", "again", "passed")
SCOPES = Scope.values
CLOSES = NOW + timedelta(hours=2)


@dataclass(kw_only=True)
class World:
    """`people` by what they are for; `tokens` secrets by scope; `attempts` by (learner, policy)."""

    people: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    quizzes: dict = field(default_factory=dict)
    attempts: dict = field(default_factory=dict)
    things: SimpleNamespace = field(default_factory=SimpleNamespace)


def build() -> World:
    world = World()
    _staff(world)
    _playbook(world)
    _track(world)
    _people(world)
    for policy in POLICIES:
        for learner in LEARNERS:
            _sit(world, policy, learner)
    _labs(world)
    _shadow(world)
    _exceptions(world)
    _put_right(world)
    _paper(world)
    return world


def _track(world: World) -> None:
    PolicyFactory()
    module = ModuleFactory(key="basics", track__key="front-line", track__title="Front line")
    things = world.things
    things.module, things.track = module, module.track
    things.lesson = LessonFactory(module=module)
    for policy in POLICIES:
        spec = spec_of_quiz(policy, closes_at=CLOSES)
        world.quizzes[policy], _changed = put_quiz(module=module, spec=spec, at=NOW)
    things.lab = LabFactory(module=module, second_marker=True, tolerance=1)
    things.watched = LabFactory(module=module)
    surveys.put_survey(track=module.track, spec=SURVEY, at=NOW)
    things.survey = module.track.surveys.get()
    GateFactory(
        track=module.track,
        tree={"all_of": [{"type": "modules_completed"}, {"type": "survey", "survey": SURVEY.key}]},
    )
    things.tool = MicrotoolFactory(track=module.track)
    PromptFactory(microtool=things.tool)


def _people(world: World) -> None:
    people = world.people
    people["pm"] = UserFactory(name="Priya", groups=["program_managers"])
    world.things.cohort = CohortFactory(track=world.things.track, created_by=people["pm"])
    people["mentor"] = UserFactory(name="Mona", groups=["mentors"])
    for name in LEARNERS:
        enrolment = EnrolmentFactory(cohort=world.things.cohort, user__name=name.title())
        MentorshipFactory(enrolment=enrolment, mentor=people["mentor"])
        people[name] = enrolment.user
    neighbour = EnrolmentFactory(cohort=CohortFactory(track=world.things.track))
    people["colleague"] = UserFactory(name="Cora", groups=["mentors"])
    MentorshipFactory(enrolment=neighbour, mentor=people["colleague"])
    elsewhere = EnrolmentFactory()
    people["elsewhere"] = elsewhere.user
    people["mentor_elsewhere"] = UserFactory(name="Oto", groups=["mentors"])
    MentorshipFactory(enrolment=elsewhere, mentor=people["mentor_elsewhere"])
    world.things.session = SessionFactory(cohort=world.things.cohort, host=people["mentor"])
    for scope in SCOPES:
        world.tokens[scope] = f"secret-{scope}"
        ApiTokenFactory(secret=world.tokens[scope], scopes=[scope])
    delegations.name_delegate(
        delegate=people["colleague"],
        first_day=NOW.date() + timedelta(days=30),
        last_day=NOW.date() + timedelta(days=31),
        actor=people["mentor"],
        at=NOW,
    )


def _staff(world: World) -> None:
    people = world.people
    people["nobody"] = UserFactory()
    groups = ("sponsors", "compliance", "security", "authors", "administrators")
    people.update({name: UserFactory(name=name.title(), groups=[name]) for name in groups})
    for name in ("judge", "second_judge"):
        people[name] = UserFactory(name=name, groups=["quality"])
    people["owner"] = UserFactory(name="Olga", groups=["quality_owners"])


def wrong_answers(attempt: Attempt) -> dict:
    """To every question something that is not right and holds no canary."""
    return {item.position: _wrong(item) for item in attempt.items.select_related("question_version")}


def _wrong(item):
    version = item.question_version
    match version.kind:
        case "single":
            return wrong_answer(version)
        case "multiple":
            return [wrong_answer(version)]
        case "true_false":
            return version.answer != "true"
        case "numeric":
            return "1"
        case "short_text":
            return "something else"
        case "ordering":
            return {item.option_order[0]: 1}
        case "matching":
            left = next(key for key in item.option_order if key.startswith("l-"))
            own = next(pair["right_key"] for pair in version.details["pairs"] if pair["key"] == left)
            rights = (key for key in item.option_order if key.startswith("r-") and key != own)
            return {left: next(rights)}
        case _:
            return {"decision": "escalate", "justification": "It is large."}


def _sit(world: World, policy: str, name: str) -> None:
    if name == "fresh":
        return
    learner, quiz = world.people[name], world.quizzes[policy]
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    world.attempts[name, policy] = attempt
    good = name in {"passed", "waiting"}
    answers = _all_right(attempt) if good else wrong_answers(attempt)
    attempts.save(attempt=attempt, answers=answers, actor=learner, at=NOW + MINUTE)
    if name == "checking" and policy == "after_each":
        attempts.check_page(attempt=attempt, page=1, actor=learner, at=NOW + MINUTE)
    if name in {"sitting", "checking"}:
        return
    attempts.submit(attempt=attempt, actor=learner, at=NOW + 2 * MINUTE)
    if name != "waiting":
        _mark(world, attempt, name, policy, best=good)
    if name == "again":
        second = attempts.start(quiz=quiz, actor=learner, at=NOW + 4 * MINUTE)
        world.attempts["again open", policy] = second


def _all_right(attempt: Attempt) -> dict:
    """With a justification of one's own."""
    return {
        position: answer | {"justification": "By the policy."} if _in_words(answer) else answer
        for position, answer in right_answers(attempt).items()
    }


def _in_words(answer) -> bool:
    return isinstance(answer, dict) and "justification" in answer


def _mark(world: World, attempt: Attempt, name: str, policy: str, *, best: bool) -> None:
    attempt.refresh_from_db()
    items = attempt.items.filter(points=None).select_related("question_version")
    place = -1 if best else 0
    marks = {
        item.position: {
            criterion["key"]: criterion["levels"][place]["points"]
            for criterion in item.question_version.details["rubric"]
        }
        for item in items
    }
    attempts.mark(
        attempt=attempt,
        marks=marks,
        comments=dict.fromkeys(marks, f"zm{name}x{plain(policy)}"),
        actor=world.people["mentor"],
        at=NOW + 3 * MINUTE,
    )


def _labs(world: World) -> None:
    """`passed`: marked by the first of two. `failed`: signed. `waiting`: watched once, and not handed in."""
    things, mentor = world.things, world.people["mentor"]
    things.handed_in = _hand_in(world, "passed", things.lab, text="zlpassedxevidence", files=[text_file()])
    things.evidence = things.handed_in.files.get()
    labs.mark(
        submission=things.handed_in,
        marks={"classification": 2, "reasons": 2},
        comment="zsfirstxmarks",
        evidence_hash=things.handed_in.content_hash,
        actor=mentor,
        at=NOW + 2 * MINUTE,
    )
    things.signed = signed = _hand_in(world, "failed", things.watched, text="zlfailedxevidence")
    things.sign_off = sign(signed, mentor, at=NOW + 2 * MINUTE, comment="zlfailedxreview")
    draft = _enrolment(world, "waiting")
    things.observation = labs.record_case(
        enrolment=draft,
        lab=_watched_lab(world),
        happened_on=NOW.date(),
        what="A refund",
        outcome="alone",
        actor=mentor,
        at=NOW,
    )


def _watched_lab(world: World):
    evidence = {"observation": "required"}
    return LabFactory(module=world.things.module, evidence=evidence, observed_cases=2)


def _enrolment(world: World, name: str):
    return world.people[name].enrolments.get()


def _hand_in(world: World, name: str, lab, *, text: str, files=()) -> Submission:
    enrolment = _enrolment(world, name)
    draft = labs.save_draft(
        enrolment=enrolment,
        lab=lab,
        text=text,
        files=[labs.check_file(file) for file in files],
        actor=enrolment.user,
        at=NOW,
    )
    return labs.hand_in(submission=draft, actor=enrolment.user, at=NOW + MINUTE)


def _shadow(world: World) -> None:
    """`passed` has had a look; `failed` has one case behind and one decided; `sitting` holds one undecided.

    `judge` has decided a case without its output, `second_judge` nothing; both judge every case.
    """
    people = world.people
    pool = make_pool(
        track=world.things.track, cases=shadow_cases(16), sample_size=2, double=True, judges=[people["owner"]]
    )
    world.things.pool = pool
    for name in ("judge", "second_judge", "owner"):
        shadow.appoint_judge(pool=pool, user=people[name], actor=None, at=NOW)
    first, second = (each for each in appointed(pool).order_by("pk") if each not in people.values())
    for _ in range(2):
        case = _decide(pool, people["passed"], usable=True)
        judge(case, first)
        judge(case, second)
    _decide(pool, people["failed"], usable=False)
    sample = shadow.draw(pool=pool, actor=people["failed"], at=NOW)
    shadow.decide(sample=sample, decision="review", actor=people["failed"], at=NOW)
    shadow.draw(pool=pool, actor=people["sitting"], at=NOW)
    case = pool.cases.filter(samples=None).order_by("key")[0]
    shadow.judge_decide(case=case, decision="avoid", actor=people["judge"], at=NOW)
    other = pool.cases.filter(samples=None).order_by("key")[1]
    _differ(other, first, second)
    world.things.disputed = other


def _decide(pool, learner, *, usable: bool):
    """Both answers of a learner, the decision always another than its author's."""
    sample = shadow.draw(pool=pool, actor=learner, at=NOW)
    wrong = next(each for each in ("automate", "avoid") if each != sample.case.right_decision)
    shadow.decide(sample=sample, decision=wrong, actor=learner, at=NOW)
    shadow.judge_output(sample=sample, usable=usable, actor=learner, at=NOW)
    return sample.case


def _differ(case, first, second) -> None:
    judge(case, first, decision="automate", usable=True)
    judge(case, second, decision="avoid", usable=False)


def _exceptions(world: World) -> None:
    """`passed` is in the middle of a capstone, `failed` of a practice drill, `sitting` at its beginning."""
    people = world.people
    spec = set_spec(scenarios=tuple(scenarios(14)))
    found = exceptions.put_set(track=world.things.track, spec=spec, at=NOW)
    world.things.scenario_set = found
    _drill(found, people["passed"], Drill.Kind.PRACTICE, decide=7)
    _drill(found, people["passed"], Drill.Kind.CAPSTONE, decide=2)
    _drill(found, people["failed"], Drill.Kind.PRACTICE, decide=3)
    _drill(found, people["sitting"], Drill.Kind.PRACTICE, decide=0)
    world.things.supervised = exceptions.record(
        enrolment=_enrolment(world, "passed"),
        right=True,
        actor=people["mentor"],
        at=NOW,
        key="0d6f2b0e-6cd8-4bd7-9f9c-0d5a54e9b0aa",
        category="rollback",
        complexity=2,
        decision="deny",
        note="",
        handled_at=NOW,
    )


def _drill(found, learner, kind, *, decide: int) -> None:
    drill = exceptions.start(scenario_set=found, kind=kind, actor=learner, at=NOW)
    for position in range(1, decide + 1):
        exceptions.decide(
            drill=drill,
            position=position,
            decision="approve",
            justification=f"zj{kind}xis my own reason and a sentence.",
            actor=learner,
            at=NOW,
        )


def _put_right(world: World) -> None:
    """An appeal of a question whose quiz never shows its answers; a question excused; an analysis."""
    people, things = world.people, world.things
    for attempt in world.attempts.values():
        attempt.refresh_from_db()
    item = world.attempts["failed", "never"].items.get(question_version__kind="single")
    things.appeal = appeals.appeal_question(item=item, reason="I disagree.", actor=people["failed"], at=NOW)
    answered = world.attempts["failed", "after_pass"].items.get(question_version__kind="single")
    closed = appeals.appeal_question(item=answered, reason="So do I.", actor=people["failed"], at=NOW)
    note = appeals.Answer(upheld=False, text="No.", note="zqafterpassxsingle is right.")
    appeals.answer(appeal=closed, given=note, actor=people["authors"], at=NOW)
    excused = world.attempts["failed", "never"].items.get(question_version__kind="multiple")
    things.regrade = regrading.excuse_in_attempt(
        item=excused, reason="zqneverxmultiple is said twice.", actor=people["authors"], at=NOW
    )
    analysis = item_analysis.request(quiz=world.quizzes["never"], actor=people["authors"], at=NOW)
    item_analysis.analyse(analysis_id=analysis.pk, at=NOW)()
    things.question = Question.objects.get(bank=world.quizzes["never"].bank, key="single")
    things.in_words = Question.objects.get(bank=world.quizzes["never"].bank, key="decision")
    things.version = things.question.versions.get()
    things.upload = QuestionUpload.objects.create(
        bank=things.question.bank,
        name="x.gift",
        format="gift",
        data=b"::q:: Which? {=zqneverxsingle ~no}",
        uploaded_by=people["authors"],
        uploaded_at=NOW,
    )


def _paper(world: World) -> None:
    """A report and a certificate: files that people may have."""
    things, people = world.things, world.people
    grants.reevaluate(user_ids=[people[name].pk for name in LEARNERS], cause="test", actor_id=None, at=NOW)
    things.report = reports.request_report(cohort=things.cohort, actor=people["pm"], at=NOW)
    reports.build(report_id=things.report.pk, at=NOW)()


def _playbook(world: World) -> None:
    """One in force, and one as a draft; its quiz has a canary too."""
    name = "clerk_t1/next-steps/quiz.yaml"
    told = small.CONTENT[name].replace("correct: true}", "correct: true, why: zqplaybookxsingle}")
    author = world.people["authors"]
    bundle = small.bundle(**{name: told})
    playbooks.apply(bundle=bundle, base_number=0, actor=author, at=NOW)
    archive = _archive(small.CONTENT | {name: told})
    world.things.draft = drafts.upload(name="p.zip", data=archive, actor=author, at=NOW)


def _archive(content: dict) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("playbook.yaml", small.YAML)
        for name, text in content.items():
            archive.writestr(f"content/{name}", text)
    return buffer.getvalue()
