"""Slack and Teams hear that an approval waits: against a local server that speaks their limits."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from enablement.access.models import ApprovalRequest
from enablement.access.services import approvals
from enablement.jobs import conf
from enablement.jobs.models import Job, JobState
from tests.access.conftest import NOW
from tests.jobs.conftest import run
from tests.webhooks.conftest import receiver

__all__ = ["receiver"]
pytestmark = pytest.mark.django_db
KIND = "enablement.access.tasks.post_approval"


def slack(body):
    """400 where Slack would say invalid_blocks, 200 where it would say ok."""
    message = json.loads(body)
    assert message["text"]
    for block in message["blocks"]:
        most = {"header": 150, "section": 3000}[block["type"]]
        if not 0 < len(block["text"]["text"]) <= most:
            return 400
    return 200


def teams(body):
    """A workflow takes 28 KB, and cards."""
    [card] = json.loads(body)["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["version"] == "1.4"
    return 413 if len(body) > 28 * 1024 else 202


@pytest.fixture
def channel(receiver, settings):
    """Points a channel at the local server; returns what it was sent."""

    def point(name):
        receiver.check = {"slack": slack, "teams": teams}[name]
        setattr(settings, f"{name.upper()}_WEBHOOK_URL", receiver.url)
        return receiver

    return point


def done():
    return [run(job) for job in Job.objects.filter(kind=KIND, state=JobState.QUEUED)]


def test_slack_hears_who_asks_for_which_tool_until_when_and_nothing_else(channel, ask, world):
    server = channel("slack")
    world.engineer.name = "Ann <!channel> & <https://evil.example|here>"
    world.engineer.save()
    request = ask(purpose="About customer 4711")
    assert [(job.state, job.result) for job in done()] == [("done", {"sent": 1})]
    [(_path, _headers, body)] = server.requests
    message = json.loads(body)
    header, section = message["blocks"]
    due = int(request.due_at.timestamp())
    name = "Ann &lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;"
    assert header["text"]["text"] == "An approval waits for a person"
    assert section["text"]["verbatim"] is True
    asks, link = section["text"]["text"].split("\n")
    fallback = f"{request.due_at:%Y-%m-%d %H:%M} UTC"
    assert asks == (
        f"{name} asks for a person's yes to use Triage. "
        f"Due: <!date^{due}^{{date_short_pretty}}, {{time}}|{fallback}>."
    )
    assert link == f"<http://127.0.0.1:8000/approvals/{request.pk}/|See what it is, and decide>"
    assert asks in message["text"]
    for inside in (b"4711", b"parcel", b"triage_summarize", b"@example.com"):
        assert inside not in body


def test_teams_gets_a_card_in_which_names_are_plain_text(channel, ask, world):
    server = channel("teams")
    world.engineer.name = "[Ann](https://evil.example)"
    world.engineer.save()
    request = ask(purpose="About customer 4711")
    assert [job.state for job in done()] == ["done"]
    [(_path, _headers, body)] = server.requests
    card = json.loads(body)["attachments"][0]["content"]
    assert [part["text"] for part in card["body"] if part["type"] == "TextBlock"] == [
        "An approval waits for a person",
        (
            f"Due: {{{{DATE({request.due_at:%Y-%m-%dT%H:%M:%SZ},SHORT)}}}}, "
            f"{{{{TIME({request.due_at:%Y-%m-%dT%H:%M:%SZ})}}}}"
        ),
    ]
    assert card["body"][1]["inlines"] == [
        {"type": "TextRun", "text": "[Ann](https://evil.example) asks for a person's yes to use Triage."}
    ]
    assert card["actions"][0]["url"].endswith(f"/approvals/{request.pk}/")
    assert b"4711" not in body
    assert b"parcel" not in body


@pytest.mark.parametrize("name", ["slack", "teams"])
def test_the_longest_names_fit(channel, ask, world, name):
    channel(name)
    world.engineer.name = "&" * world.engineer._meta.get_field("name").max_length
    world.engineer.save()
    world.tool.title = "<" * world.tool._meta.get_field("title").max_length
    world.tool.save()
    ask()
    assert [job.state for job in done()] == ["done"]


@pytest.mark.parametrize("name", ["slack", "teams"])
def test_a_channel_that_is_busy_gets_it_after_the_pause_that_it_asks_for(channel, ask, name, time_machine):
    server = channel(name)
    accept, server.check = server.check, lambda _body: None
    server.answers = [(429, {"Retry-After": "120"})]
    ask()
    [job] = Job.objects.filter(kind=KIND)
    after = run(job)
    assert (after.state, after.not_before) == ("queued", timezone.now() + timedelta(seconds=120))
    server.check = accept
    time_machine.shift(121)
    assert run(job).state == "done"
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["slack", "teams"])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("9" * 30, 3600),
        ("9" * 5_000, 3600),
        ("Mon, 09 Nov 2026 09:20:00 GMT", 1200),
        ("-7", None),
        ("Sun, 08 Nov 2026 09:20:00 GMT", None),
    ],
)
def test_whatever_pause_it_asks_for_the_job_stays_sound(channel, ask, name, header, seconds):
    server = channel(name)
    server.check = lambda _body: None
    server.answers = [(429, {"Retry-After": header})]
    ask()
    [job] = Job.objects.filter(kind=KIND)
    after = run(job)
    wait = timedelta(seconds=seconds) if seconds else conf.backoff()
    assert (after.state, after.not_before) == ("queued", timezone.now() + wait)
    assert "TryLater" in after.error


@pytest.mark.parametrize("name", ["slack", "teams"])
@pytest.mark.parametrize(
    ("status", "state"), [(404, "failed"), (302, "failed"), (500, "queued"), (503, "queued")]
)
def test_what_will_never_be_taken_is_not_tried_again(channel, ask, name, status, state):
    server = channel(name)
    server.check = lambda _body: status
    ask()
    [job] = done()
    assert job.state == state
    assert server.url not in job.error
    assert len(server.requests) == 1


def test_a_late_one_is_told_and_a_settled_one_is_not(channel, ask, world):
    server = channel("slack")
    request = ask()
    done()
    approvals.escalate_and_expire(at=request.due_at)
    assert ApprovalRequest.objects.get().state == "escalated"
    done()
    titles = [json.loads(body)["blocks"][0]["text"]["text"] for *_more, body in server.requests]
    assert titles == ["An approval waits for a person", "An approval is late"]
    another = ask(at=NOW + timedelta(minutes=1))
    approvals.approve(request=another, actor=world.otto, comment="", at=NOW + timedelta(minutes=2))
    assert [job.result for job in done()] == [{"sent": 0}]
    assert len(server.requests) == 2


def test_ones_own_look_and_no_channel_are_no_message(channel, ask, world, output):
    ask()
    assert not Job.objects.filter(kind=KIND).exists()
    channel("slack")
    world.profile.human_in_loop = True
    world.profile.save()
    ask(kind="review")
    assert not Job.objects.filter(kind=KIND).exists()
