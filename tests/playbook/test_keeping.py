"""A stricter gate binds whoever holds the tool when they are certified anew, unless marked immediate."""

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.access.history import grant_history
from enablement.access.models import FormerGate, Gate, Grant
from enablement.access.services import nightly
from enablement.access.services.telling import mail_changes, mail_kept, mail_warnings, warn_lapsing
from enablement.access.services.telling.changes import Change
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.errors import SourceErrors
from enablement.playbook.plan_text import render
from surveys.models import Survey
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import alone, bundle, changed
from tests.playbook.test_applying import EASY, SHARP, apply, enrolled
from tracks.models import Component, Enrolment
from tracks.months import months_later
from tracks.services.progress import withdraw_completion

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
YEAR = months_later(LATER, 12)
FOR_MONTHS = changed("survey: ready", "survey: ready\n      - {type: quiz, threshold: 0.8, valid_months: 3}")


@pytest.fixture
def learner():
    first_in_force(bundle(EASY))
    return enrolled("Ada Byron", completed=True)


def open_to():
    return set(Grant.objects.live(at=LATER).values_list("user__name", flat=True))


def lose_a_module(user, at):
    component = Component.objects.filter(module__track__key="clerk_t1").first()
    withdraw_completion(
        enrolment=Enrolment.objects.get(user=user),
        module=component.module,
        kind=component.kind,
        key=component.key,
        reason="A mistake",
        actor=None,
        at=at,
    )


class TestKeeping:
    def test_who_holds_it_keeps_it_for_a_time_and_who_comes_later_does_not(self, learner):
        enrolled("Bea Late", completed=False)
        planned = services.plan(bundle=alone(), at=LATER)
        [effect] = planned.effects
        assert (effect.gain, effect.lose) == ((), ())
        assert [(kept.person.name, kept.until) for kept in effect.keep] == [("Ada Byron", YEAR)]
        words = f"summariser: 1 person keeps access for now: Ada Byron <{learner.email}> until 2027-11-21"
        assert words in render(planned)
        assert not FormerGate.objects.exists()
        assert apply(alone(), at=LATER).plan == planned
        grant = Grant.objects.get(user=learner)
        assert (grant.state, grant.not_after, grant.kept_until) == ("granted", YEAR, YEAR)
        assert grant.former_gate.tree == {
            "all_of": [{"type": "modules_completed", "modules": ["first-steps"]}]
        }
        assert grant.former_gate.revision == 2
        enrolled("Cem New", completed=True)
        assert open_to() == {"Ada Byron"}
        entry = LedgerEntry.objects.filter(kind="playbook.applied").latest("recorded_at")
        assert '"keep":{"summariser":1}' in entry.payload

    def test_what_was_complete_stays_so_until_it_ends(self, learner):
        apply(alone(), at=LATER)
        assert Enrolment.objects.get(user=learner).state == "completed"
        nightly.reevaluate_all(at=YEAR)
        assert Enrolment.objects.get(user=learner).state != "completed"
        assert Grant.objects.get(user=learner).state == "expired"
        assert Grant.objects.get(user=learner).kept_until is None

    def test_it_ends_by_itself_on_its_day(self, learner):
        apply(alone(), at=LATER)
        assert Grant.objects.live(at=YEAR - timedelta(seconds=1)).exists()
        assert not Grant.objects.live(at=YEAR).exists()

    def test_it_ends_no_later_than_proof_of_the_new_gate_would(self, learner):
        apply(alone(FOR_MONTHS), at=LATER)
        assert Grant.objects.get(user=learner).kept_until == months_later(LATER, 3)

    def test_proof_that_is_withdrawn_ends_it_at_once_and_for_good(self, learner):
        apply(alone(), at=LATER)
        lose_a_module(learner, LATER)
        grant = Grant.objects.get(user=learner)
        assert (grant.state, grant.former_gate, grant.kept_until) == ("revoked", None, None)

    def test_a_second_stricter_gate_prolongs_nothing(self, learner):
        apply(alone(), at=LATER)
        apply(alone(FOR_MONTHS), at=LATER + timedelta(days=30))
        grant = Grant.objects.get(user=learner)
        assert (grant.kept_until, grant.former_gate.revision) == (YEAR, 2)

    def test_one_that_asks_for_no_more_than_is_shown_keeps_nobody(self, learner):
        apply(
            alone(
                changed(
                    "      - type: modules_completed\n        modules: [first-steps]\n",
                    "      any_of:\n        - {type: modules_completed, modules: [first-steps]}\n"
                    "        - {type: survey, survey: ready}\n",
                    EASY,
                )
            )
        )
        grant = Grant.objects.get(user=learner)
        assert (grant.state, grant.former_gate, grant.not_after) == ("granted", None, None)


class TestMails:
    def jobs(self):
        return Job.objects.filter(kind="enablement.access.tasks.mail_kept").order_by("created_at")

    def tell(self, *, at=LATER):
        mail.outbox.clear()
        for job in self.jobs():
            ids = [UUID(pk) for pk in job.args["grant_ids"]]
            mail_kept(grant_ids=ids, revision=job.args["revision"], at=at)
        return [message.subject for message in mail.outbox]

    def test_who_keeps_it_hears_that_day_until_when_and_what_to_do(self, learner):
        enrolled("Bea Late", completed=False)
        services.plan(bundle=alone(), at=LATER)
        assert not self.jobs().exists()
        apply(alone(), at=LATER)
        nightly.reevaluate_all(at=LATER)
        assert self.jobs().count() == 1
        assert self.tell() == ["More is asked for Summariser: it stays open until 21 November 2027"]
        [message] = mail.outbox
        assert message.to == [learner.email]
        assert "- Answer the survey “Ready?” (Survey: Ready?)\n" in message.body
        assert "/tools/" in message.body
        entry = json.loads(LedgerEntry.objects.get(kind="access.grant_kept").payload)
        assert (entry["microtool"], entry["policy_revision"]) == ("summariser", 2)
        assert datetime.fromisoformat(entry["not_after"]) == YEAR
        assert {(c.kept, c.until) for c in grant_history(user=learner) if c.renewed} >= {(True, YEAR)}

    def test_a_second_stricter_gate_is_told_too(self, learner):
        apply(alone(), at=LATER)
        apply(alone(FOR_MONTHS), at=LATER + timedelta(days=30))
        assert [job.args["revision"] for job in self.jobs()] == [2, 3]

    def test_who_has_shown_it_since_hears_nothing(self, learner):
        apply(alone(), at=LATER)
        Grant.objects.update(former_gate=None, kept_until=None)
        assert self.tell() == []

    def test_who_loses_it_hears_what_is_missing(self, learner):
        apply(alone(SHARP), at=LATER)
        assert not self.jobs().exists()
        job = Job.objects.filter(kind="enablement.access.tasks.mail_grant_changes").latest("created_at")
        mail.outbox.clear()
        assert mail_changes(changes=[Change.of(line) for line in job.args["changes"]], at=LATER) == 1
        [message] = mail.outbox
        assert message.subject == "Summariser is closed to you"
        assert "Because of: A playbook was applied." in message.body
        assert "- Answer the survey “Ready?” (Survey: Ready?)\n" in message.body


class TestImmediate:
    def test_it_binds_at_once(self, learner):
        [effect] = services.plan(bundle=alone(SHARP), at=LATER).effects
        assert [person.name for person in effect.lose] == ["Ada Byron"]
        assert effect.keep == ()
        apply(alone(SHARP), at=LATER)
        assert (open_to(), Gate.objects.get().immediate) == (set(), True)
        assert Grant.objects.get(user=learner).state == "revoked"

    def test_marking_it_later_ends_what_was_kept(self, learner):
        apply(alone(), at=LATER)
        found = services.plan(bundle=alone(SHARP), at=LATER)
        assert [person.name for person in found.effects[0].lose] == ["Ada Byron"]
        assert found.loosens == ()
        apply(alone(SHARP), at=LATER)
        assert open_to() == set()

    def test_a_mark_taken_off_gives_nobody_anything(self, learner):
        apply(alone(SHARP), at=LATER)
        found = services.plan(bundle=alone(), at=LATER)
        assert [change.details for change in found.changes] == [("binds holders at once: yes → no",)]
        assert (found.loosens, found.effects) == ((), ())

    def test_it_is_exported_and_takes_nothing_but_true_and_false(self, learner):
        apply(alone(SHARP), at=LATER)
        assert services.export(at=LATER).yaml == SHARP
        with pytest.raises(SourceErrors, match="true or false"):
            services.plan(
                bundle=alone(SHARP.replace("gating_immediate: true", "gating_immediate: soon")), at=NOW
            )


class TestOtherChanges:
    """What is no gate bites at once, as before."""

    def test_a_tool_that_is_retired(self, learner):
        apply(alone(), at=LATER)
        text = bundle().yaml
        text = text[: text.index("    microtools:")] + text[text.index("    gating_conditions:") :]
        apply(alone(text), at=LATER)
        assert open_to() == set()

    def test_an_overlay_that_asks_for_more(self, learner):
        apply(alone(), at=LATER)
        overlay = (
            "overlays:\n  - id: all\n    reason: So.\n    for: {regions: [eu-west-1]}\n"
            "    gating_conditions: [{type: survey, survey: ready}]\n"
        )
        apply(alone(bundle().yaml + overlay), at=LATER)
        assert open_to() == set()

    def test_a_survey_that_goes_with_its_requirement(self, learner):
        """The gate as it was cannot be established any more, so it keeps nobody."""
        services.put_in_force(bundle=bundle(), base_number=1, actor=None, at=NOW)
        assert Survey.objects.live().exists()
        gone = changed(
            "      - type: survey\n        survey: ready\n", "      - {type: quiz, threshold: 0.8}\n"
        )
        Grant.objects.update(former_gate=None, kept_until=None)
        apply(bundle(gone, without=["clerk_t1/survey-ready.yaml"]), at=LATER)
        assert open_to() == set()


class TestTelling:
    def test_people_see_what_is_asked_now_and_until_when(self, client, learner):
        apply(alone(), at=LATER)
        client.force_login(learner)
        page = client.get(reverse("my_tools")).text
        assert "More is asked now" in page
        assert "It stays open until 21 November 2027 at the latest" in page
        assert "Answer the survey" in page

    def test_warnings_name_what_is_missing(self, learner, mailoutbox):
        apply(alone(), at=LATER)
        at = YEAR - timedelta(days=20)
        assert warn_lapsing(at=at) == 1
        job = Job.objects.get(kind__endswith="mail_grant_warnings")
        mail_warnings(warning_ids=job.args["warning_ids"], at=at)
        assert "Answer the survey “Ready?”" in mailoutbox[0].body


@pytest.mark.parametrize(
    "values",
    [
        {"kept_until": None},
        {"former_gate": None},
        {"state": "revoked"},
        {"not_after": None},
        {"not_after": YEAR + timedelta(seconds=1)},
    ],
)
def test_the_database_refuses_what_is_kept_without_an_end(learner, values):
    apply(alone(), at=LATER)
    with (
        pytest.raises(IntegrityError, match=r"grant_is_kept_(while_it_is_open|for_a_time)"),
        transaction.atomic(),
    ):
        Grant.objects.update(**values)
