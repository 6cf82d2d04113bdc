import json
from collections.abc import Iterator
from functools import partial

from guardian.backends import ObjectPermissionBackend

from bench import queries
from bench.data import PROMPT, REGION, TOOL
from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns
from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions.reading import find_person, find_tool
from enablement.people.models import User

PATH = "/access/v1/evaluation"
#: The token, the person, the tool with the policy, and the record.
QUERIES = 4
TIMES_BARE = 3
BARE = b'{"lesson": 1, "action": "invoke", "region": "eu-west-1"}'


def run(run: Run) -> Iterator[Result]:
    yield _over_http(run, run.data.holder, "evaluation, tool open", expect='"outcome":"allow"')
    yield _over_http(run, run.data.learner, "evaluation, tool locked", expect='"outcome":"deny"')
    yield _read_part(run)


def _over_http(run: Run, subject: User, name: str, *, expect: str) -> Result:
    """The whole way of a call: token, reads, rules, the ledger's entry, commit, answer."""
    body = question(subject)
    gateway, bare = run.gateway(), run.bare()
    ours, floor = take_turns(
        lambda: gateway.post_json(PATH, body, expect=expect),
        lambda: bare.post_json("/rest/", BARE, expect='"decision":true'),
        repeat=run.repeat,
    )
    count = queries.of_json(PATH, body, token=run.data.token)
    return Result(
        name=name,
        timing=ours,
        floor_name="bare REST view, one row read, one written",
        floor=floor,
        checks=[
            Check(what="queries", actual=count, limit=QUERIES),
            ratio(ours, floor, limit=TIMES_BARE),
        ],
    )


def question(subject: User) -> bytes:
    question = {
        "subject": {"type": "user", "id": subject.email},
        "resource": {"type": "microtool", "id": TOOL},
        "action": {"name": "invoke"},
        "context": {"region": REGION, "prompt": PROMPT},
    }
    return json.dumps(question).encode()


def _read_part(run: Run) -> Result:
    """In this process: what a decision reads, beside one question to guardian about one object."""
    call = Call(subject=run.data.holder.email, microtool=TOOL, action="invoke", region=REGION, prompt=PROMPT)
    guardian = ObjectPermissionBackend()
    has_perm = partial(guardian.has_perm, run.data.manager, "tracks.run_cohort", run.data.many)
    if not has_perm():
        raise RuntimeError("the manager does not run the cohort")
    ours, theirs = take_turns(
        lambda: _read(call),
        has_perm,
        repeat=run.repeat,
    )
    return Result(
        name="evaluation, read part",
        timing=ours,
        floor_name="django-guardian's has_perm",
        floor=theirs,
        checks=[Check(what="times has_perm", actual=ours.p50 / theirs.p50, limit=0.5)],
    )


def _read(call: Call) -> None:
    """The reads of `decide_call`, which itself writes as well."""
    find_tool(call, find_person(call.subject))
