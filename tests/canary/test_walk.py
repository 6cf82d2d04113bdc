"""No route, page, file, API answer, log, message or record gives anybody an answer before they may have it.

Every address of the project is asked for by everybody, in a world whose answers are full of words that stand
nowhere else. Who may see which of them is the table below: exactly these, no more, no fewer (decision 0059).
"""

import logging

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db.models import F, Q
from django.urls import reverse

from assessments.models import (
    AttemptItem,
    CaseDecision,
    CaseJudgement,
    QuestionVersion,
    Scenario,
    ShadowCase,
    ShadowSample,
)
from assessments.services import attempts
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from tests.assessments.quizzes.factories import NOW
from tests.canary import routes
from tests.canary.canaries import KINDS, POLICIES, about_question, found_in, letters, plain
from tests.canary.walking import text_of
from tests.canary.world import CLOSES, SCOPES, wrong_answers

# One worker builds the world and walks it once.
pytestmark = [
    pytest.mark.sqlite,  # what a page gives away does not depend on the database under it
    pytest.mark.django_db,
    pytest.mark.xdist_group("canary"),
    pytest.mark.timeout(600),
]
#: The first letters of words that say what is right.
KEYS = ("zq", "ze", "zc")

#: Of which quizzes, by their feedback, who stands where sees what is right.
SHOWN = {
    "fresh": (),
    "sitting": (),
    "checking": (),
    "waiting": (),
    "again": (),
    "failed": ("after_each", "after_submit"),
    "passed": ("after_each", "after_submit", "after_pass"),
}
#: What staff see by their work: an author every answer of a bank, a mentor the rubric of what they mark, who
#: runs the cohort the question that was appealed, with reasons that authors gave.
STAFF = {
    "authors": {
        *(about_question("never", kind) for kind in KINDS),
        "zqneverxshorttexts",
        "zqneverxshorttexthalf",
        "zqafterpassxsingle",
        "zqplaybookxsingle",
    },
    "mentor": {
        "zrneverxrubric",
        "zlpassedxevidence",
        "zlfailedxevidence",
        "zlfailedxreview",
        "zjpracticexis",
    },
    "colleague": {"zlpassedxevidence"},
    "pm": {
        "zqneverxsingle",
        "zqneverxmultiple",
        "zqafterpassxsingle",
        "zlpassedxevidence",
        "zlfailedxevidence",
        "zlfailedxreview",
    },
}
#: By whom pages are also asked for as JSON and as fragments.
CLOSELY = ("sitting", "failed", "second_judge")


def expected(world, name: str) -> set[str]:
    """What this person sees in all their pages together; hand-made words and those of what was drawn."""
    found = set(STAFF.get(name, ()))
    if name in SHOWN:
        found |= {about_question(policy, kind) for policy in SHOWN[name] for kind in KINDS}
    if name == "checking":
        attempt = world.attempts[name, "after_each"]
        kinds = attempt.items.filter(position__lte=4).values_list("question_version__kind", flat=True)
        found |= {about_question("after_each", kind) for kind in kinds}
    if name in {"failed", "passed"}:
        found |= {f"zm{name}x{plain(policy)}" for policy in POLICIES} | {f"zl{name}xevidence"}
    if name == "failed":
        found |= {"zlfailedxreview", "zjpracticexis"}
    return found | drawn(world, name)


def drawn(world, name: str) -> set[str]:
    """Of shadow cases and exceptions, by what this person did with those that chance gave them."""
    person = world.people[name]
    samples = ShadowSample.objects.filter(learner=person).select_related("case")
    looked = samples.filter(scored_at__isnull=False) if person.shadow_looks.exists() else samples.none()
    open_one = samples.filter(judged_at=None).exclude(decision="")
    outputs = [sample.case for sample in (*open_one, *looked)]
    outputs += [each.case for each in CaseJudgement.objects.filter(judge=person).select_related("case")]
    found = {f"zox{_number(case.key)}" for case in outputs} | {
        f"zcx{_number(each.case.key)}" for each in looked
    }
    mine = Q(learner=person, drill__kind="practice", drill__finished_at=None)
    if name == "mentor":
        mine = Q(graded=True, drill__kind="practice")
    cases = CaseDecision.objects.filter(mine, decided_at__isnull=False).select_related("scenario")
    return found | {f"zex{_number(case.scenario.key)}" for case in cases}


def _outputs(world, name: str) -> set[str]:
    """Of all cases that this person has decided: a form with a fault is shown again with its case."""
    decided = ShadowSample.objects.filter(learner=world.people[name]).exclude(decision="")
    return {f"zox{_number(sample.case.key)}" for sample in decided.select_related("case")}


def _number(key: str) -> str:
    return letters(int(key.rpartition("-")[2]))


@pytest.fixture(scope="module")
def walks(world, walker):
    """What everybody saw by looking at everything, before anybody did anything more."""
    return {
        name: walker.look(person, closely=name in CLOSELY)
        for name, person in [("", None), *world.people.items()]
    }


def test_every_route_can_be_walked(world):
    unknown = {}
    for route in routes.every_route():
        try:
            found = routes.arguments(world, world.people["failed"], route)
        except KeyError as error:
            found, unknown[route.name] = [], f"say in tests/canary/routes.py what {error} is"
        if not found:
            unknown.setdefault(route.name, "there is no such thing in tests/canary/world.py")

    assert unknown == {}


def test_everybody_sees_what_they_may_and_nothing_else(world, walks):
    wrong = {}
    for name, walk in walks.items():
        should = expected(world, name) if name else set()
        found = walk.words
        leaks = {word: urls[:2] for word, urls in found.items() if word not in should}
        missing = should - found.keys()
        if leaks or missing:
            wrong[name] = {"leaks": leaks, "not reached": missing}

    assert wrong == {}


def test_no_page_breaks(walks):
    broken = {seen.url for walk in walks.values() for seen in walk.seen if seen.status >= 500}

    assert broken == set()


@pytest.mark.parametrize("name", ["sitting", "failed", "again", "judge"])
def test_posting_nothing_tells_nothing_more(world, walker, walks, name):
    walk = walker.post(world.people[name])

    may = expected(world, name) | _outputs(world, name)
    if name == "again":
        # Handing in an empty attempt gives it a result.
        may |= {about_question(policy, kind) for policy in ("after_each", "after_submit") for kind in KINDS}
    assert {word: urls for word, urls in walk.words.items() if word not in may} == {}
    assert len(walk.seen) > 80


def test_no_token_reads_answers(world, walker, walks):
    walks = {scope: walker.call(world.tokens[scope]) for scope in SCOPES}

    assert {scope: walk.words for scope, walk in walks.items() if walk.words} == {}
    assert all(200 in {seen.status for seen in walk.seen} for walk in walks.values())


def test_no_record_session_message_or_log_holds_answers(world, walks, caplog):
    caplog.set_level(logging.DEBUG)
    kept = {
        model.__name__: str(list(model.objects.values()))
        for label in ("ledger", "jobs")
        for model in apps.get_app_config(label).get_models()
    }
    kept["sessions"] = str([session.get_decoded() for session in Session.objects.all()])
    kept["messages"] = str([(message.subject, message.body) for message in mail.outbox])
    kept["cache"] = str(getattr(cache, "_cache", ""))
    kept["log"] = caplog.text
    assert LedgerEntry.objects.count() > 50
    assert Job.objects.exists()

    # Reasons that authors gave for a regrade, and playbooks: read by authors and by who governs.
    assert {name: found_in(text) for name, text in kept.items() if found_in(text)} == {
        "LedgerEntry": {"zqneverxmultiple"},
        "PolicyRevision": {"zqplaybookxsingle"},
    }


def pages(walk) -> dict[str, str]:
    """What a walk saw where people learn, the first time at each address."""
    found: dict[str, str] = {}
    for seen in walk.seen:
        found.setdefault(seen.url, seen.text)
    return found


def changed(before, after) -> list[str]:
    """Addresses of pages without a word of an answer that became others. Agreement of judges only counts."""
    return [
        url
        for url, text in pages(after).items()
        if pages(before)[url] != text
        and not any(word.startswith(KEYS) for word in found_in(pages(before)[url]))
        and not url.startswith("/judgements/agreement/")
    ]


def change_every_key() -> None:
    """Another option is right, another number, order, pair, decision; items that were right become wrong."""
    for version in QuestionVersion.objects.all():
        details = dict(version.details)
        for option, before in zip(version.options, [*version.options[1:], *version.options[:1]], strict=True):
            option["correct"], option["why"] = not option["correct"], before["why"] + " and more"
        if steps := details.get("steps"):
            details["steps"] = steps[::-1]
        if pairs := details.get("pairs"):
            sides = [(pair["right"], pair["right_key"]) for pair in pairs]
            for pair, (right, key) in zip(pairs, [*sides[1:], *sides[:1]], strict=True):
                pair["right"], pair["right_key"], pair["why"] = right, key, "Another."
        if texts := details.get("texts"):
            texts[0] |= {"text": "quite another and longer word", "pattern": ""}
        answer = {"true": "false", "false": "true", "deny": "approve"}.get(version.answer, "5")
        QuestionVersion.objects.filter(pk=version.pk).update(
            options=version.options,
            details=details,
            answer=answer if version.answer else "",
            tolerance=F("tolerance") * 7,
            explanation="Something else.",
        )
    AttemptItem.objects.filter(points__isnull=False).update(points=F("max_points") - F("points"))
    untold = Scenario.objects.exclude(decisions__decided_at__isnull=False)
    untold.update(right_decision="escalate", explanation="Else.", lesson="", criteria=[])
    cases = ShadowCase.objects.filter(settled_at=None)
    cases.update(right_decision="escalate", right_usable=False, reason="Something else.")


@pytest.mark.parametrize("name", ["sitting", "waiting", "again", "failed"])
def test_where_answers_wait_no_page_knows_a_key(world, walker, walks, name):
    """What words cannot show: orders, ids, lengths, attributes of inputs, states, headers."""
    change_every_key()
    after = walker.look(world.people[name], learning=True)

    assert changed(walks[name], after) == []
    assert len(after.seen) > 80


def test_before_ones_own_decision_no_page_knows_the_output_or_what_others_said(world, walker, walks):
    unseen = ShadowCase.objects.filter(settled_at=None).exclude(samples__decided_at__isnull=False)
    unseen.update(output="A much longer thing was said here.", confidence="0.1")
    CaseJudgement.objects.filter(case__settled_at=None).update(decision="review")
    CaseJudgement.objects.filter(case__settled_at=None, judged_at__isnull=False).update(usable=False)
    ShadowSample.objects.filter(scored_at=None, decided_at__isnull=False).update(decision="escalate")

    for name in ("sitting", "second_judge"):
        after = walker.look(world.people[name], learning=True)
        assert changed(walks[name], after) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_from_start_to_result_answers_come_when_the_quiz_says(world, walker, policy):
    """By the pages alone, every answer wrong: as a form, as the page's script, as a fragment."""
    client, quiz = walker.client(world.people["fresh"]), world.quizzes[policy]
    told = {about_question(policy, kind) for kind in KINDS}

    def words(reply):
        return {word for word in found_in(text_of(reply)) if word.startswith(KEYS)}

    client.post(reverse("attempt_start", args=[quiz.pk]))
    attempt = quiz.attempts.get(user=world.people["fresh"])
    save = reverse("attempt_save", args=[attempt.pk])
    form, answers = {"item": [], "go": "review"}, wrong_answers(attempt)
    for position, answer in answers.items():
        form["item"].append(position)
        form |= fields_of(position, answer)
    for headers in ({}, {"accept": "application/json"}, {"hx-request": "true"}):
        assert words(client.post(save, form, headers=headers, follow=True)) == set()
    faulty = form | {f"q-{position}": "no-such-answer" for position in range(1, 9)}
    for headers in ({}, {"accept": "application/json"}):
        assert words(client.post(save, faulty, headers=headers, follow=True)) == set()
    checked = words(client.post(save, {"item": [1], "go": "check"} | fields_of(1, answers[1]), follow=True))
    assert len(checked) == (4 if policy == "after_each" else 0)
    for page in ("?page=1", "?page=2", "?page=review"):
        assert (words(client.get(attempt.get_absolute_url() + page)) <= checked) is True
    reply = client.post(reverse("attempt_submit", args=[attempt.pk]), follow=True)
    assert words(reply) == set(), "a mentor's marks are still to come"

    item = attempt.items.get(question_version__kind="decision")
    rubric = item.question_version.details["rubric"]
    least = {criterion["key"]: criterion["levels"][0]["points"] for criterion in rubric}
    attempt.refresh_from_db()
    attempts.mark(
        attempt=attempt, marks={item.position: least}, comments={}, actor=world.people["mentor"], at=NOW
    )
    shown = words(client.get(reverse("attempt_result", args=[attempt.pk])))
    assert shown == (told if policy in {"after_each", "after_submit"} else set())


def fields_of(position: int, answer) -> dict:
    """A stored answer as a form sends it."""
    name = f"q-{position}"
    match answer:
        case bool():
            return {name: "true" if answer else "false"}
        case {"decision": decision, "justification": why}:
            return {name: decision, f"why-{position}": why}
        case dict():
            return {name: [f"{key}:{value}" for key, value in answer.items()]}
        case _:
            return {name: answer}


def test_after_the_close_everybody_with_a_result_is_told(world, walker, time_machine):
    """Not while one person still sits it: their attempt is closed first."""
    person = world.people["failed"]
    url = reverse("attempt_result", args=[world.attempts["failed", "after_close"].pk])
    told = {about_question("after_close", kind) for kind in KINDS}
    client = walker.client(person)

    time_machine.move_to(CLOSES, tick=False)
    assert told & found_in(client.get(url).content.decode()) == set()
    attempts.lapse_overdue(at=CLOSES)
    assert told <= found_in(client.get(url).content.decode())
