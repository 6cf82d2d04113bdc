"""The decision log with a million decisions, usage of prompts, and the role audit of 2,300 people by 5 tools.

Entries, links and the index are written by the database itself: their hashes are made up, and nothing here
verifies them.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench.report import Check, Result
from bench.run import Run
from enablement.access import decision_log, prompt_usage, role_audit
from enablement.access.decision_log import Wanted
from enablement.access.models import DecisionRecord, Grant, Microtool, Prompt
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User

DECISIONS = 1_000_000
PEOPLE = 2_300
TOOLS = 5
PROMPTS = 12
LIMIT = 1.0

PAYLOAD = """json_build_object('action', 'invoke', 'approvals_used', '[]'::json, 'confidence', '',
 'microtool', 'audited_' || n %% {tools}, 'model', 'small', 'model_version', '2', 'outcome', {outcome},
 'prompt', 'audited_' || n %% {prompts}, 'reason', {reason}, 'region', 'eu-west-1', 'token', '',
 'user', person)::text"""
OUTCOME = "CASE WHEN n %% 50 = 0 THEN 'deny' ELSE 'allow' END"
REASON = """CASE WHEN n %% 5000 = 0 THEN 'region_not_allowed' WHEN n %% 50 = 0 THEN 'gate_not_met'
 ELSE 'granted' END"""
#: What became of what was allowed, mostly reported, seldom bad.
REPORTED = """CASE WHEN n %% 50 = 0 THEN '' WHEN n %% 20011 = 0 THEN 'overturned'
 WHEN n %% 11 = 0 THEN 'reworked' WHEN n %% 3 = 0 THEN '' ELSE 'used' END"""
PARTS = {"outcome": OUTCOME, "reason": REASON, "tools": TOOLS, "prompts": PROMPTS}
ROWS = f"""
CREATE TEMPORARY TABLE made AS
SELECT n, gen_random_uuid() AS id, now() - (%s - n) * interval '10 seconds' AS at, people.id AS person
FROM generate_series(1, %s) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY email) - 1 AS place FROM people_user
 WHERE email LIKE 'audited-%%') AS people ON people.place = n %% {PEOPLE}
"""
ENTRIES = f"""
INSERT INTO ledger_ledgerentry (id, at, recorded_at, kind, actor_label, subject_type, subject_id,
 policy_revision, payload, sha256)
SELECT id, at, at, 'access.decided', 'token gateway', 'access.microtool', 'audited_' || n %% {TOOLS}, 1,
 {PAYLOAD.format(**PARTS)}, repeat('0', 64) FROM made
"""
INDEX = f"""
INSERT INTO access_decisionrecord (position, entry, at, person, microtool, prompt, outcome, reason, reported)
SELECT 1000000 + n, id, at, person, 'audited_' || n %% {TOOLS}, 'audited_' || n %% {PROMPTS}, {OUTCOME},
 {REASON}, {REPORTED} FROM made
"""
GRANTS = """
INSERT INTO ledger_ledgerentry (id, at, recorded_at, kind, actor_label, subject_type, subject_id,
 policy_revision, payload, sha256)
SELECT gen_random_uuid(), now() - days * interval '1 day', now(), 'access.grant_' || changes.state, 'system',
 'access.grant', g.id::text, 1,
 json_build_object('cause', 'access.nightly', 'proof', '["tests:1"]'::json, 'policy_revision', 1)::text,
 repeat('0', 64)
FROM access_grant g JOIN access_microtool t ON t.id = g.microtool_id,
 (VALUES (90, 'granted'), (60, 'revoked'), (30, 'granted')) AS changes (days, state)
WHERE t.key LIKE 'audited_%%'
"""


def run(_run: Run) -> Iterator[Result]:
    """Every way to narrow the search, then the audit: each has to answer within a second."""
    _fill()
    somebody = User.objects.get(email="audited-0042@bench.example")
    at = timezone.now()
    ways = {
        "the newest": Wanted(),
        "one person": Wanted(people=frozenset([somebody.pk])),
        "one tool": Wanted(microtool="audited_3"),
        "one day": Wanted(since=at - timedelta(days=60), until=at - timedelta(days=59)),
        "a rare reason": Wanted(reason="region_not_allowed"),
        "a rare reason of a tool that never has it": Wanted(
            microtool="audited_3", reason="region_not_allowed"
        ),
        "what was overturned, which is rare": Wanted(reported="overturned"),
        "what was reworked, which is common": Wanted(reported="reworked"),
        "a person and what was reworked": Wanted(people=frozenset([somebody.pk]), reported="reworked"),
        "a person and an outcome": Wanted(people=frozenset([somebody.pk]), outcome="deny"),
    }
    checks = [_timed(name, lambda wanted=wanted: decision_log.page(wanted)) for name, wanted in ways.items()]
    oldest = DecisionRecord.objects.order_by("at")[100]
    checks.append(
        _timed("the last page", lambda: decision_log.page(Wanted(), before=(oldest.at, oldest.position)))
    )
    yield Result(name=f"decision log, {DECISIONS:,} decisions", checks=checks)
    keys = [f"audited_{n}" for n in range(PROMPTS)]
    prompt = Prompt.objects.create(key=keys[0])
    used = {
        f"{PROMPTS} prompts of the library": lambda: prompt_usage.by_prompt(keys, at=at),
        "one prompt, by tool and role": lambda: prompt_usage.of_prompt(prompt, at=at),
    }
    yield Result(
        name=f"usage of prompts in 30 days, {DECISIONS:,} decisions in the log",
        checks=[_timed(name, count) for name, count in used.items()],
    )
    audits = {
        "everybody, now": lambda: role_audit.audit(at=at),
        "everybody, 45 days ago": lambda: role_audit.audit(at=at - timedelta(days=45)),
        "one person": lambda: role_audit.audit(at=at, people=frozenset([somebody.pk])),
    }
    yield Result(
        name=f"role audit, {PEOPLE:,} people by {TOOLS} tools",
        checks=[_timed(name, audit) for name, audit in audits.items()],
    )


def _timed(what: str, read: Callable[[], object]) -> Check:
    began = time.perf_counter()
    read()
    return Check(what=what, actual=time.perf_counter() - began, limit=LIMIT, unit=" s")


def _fill() -> None:
    people = User.objects.bulk_create(
        User(email=f"audited-{n:04}@bench.example", name=f"Audited {n}") for n in range(PEOPLE)
    )
    tools = Microtool.objects.bulk_create(
        Microtool(key=f"audited_{n}", title=f"Audited {n}") for n in range(TOOLS)
    )
    leaf = {"type": "tests", "met": True, "proof": ["tests:1"]}
    Grant.objects.bulk_create(
        Grant(
            user=person,
            microtool=tool,
            state=Grant.State.GRANTED,
            since=timezone.now() - timedelta(days=30),
            leaves=[leaf],
            policy_revision=1,
        )
        for person in people
        for tool in tools
    )
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [DECISIONS, DECISIONS])
        for statement in (ENTRIES, INDEX, GRANTS):
            cursor.execute(statement, [])
        for table in (LedgerEntry, DecisionRecord, Grant):
            cursor.execute(f'ANALYZE "{table._meta.db_table}"')  # noqa: SLF001  # Django's public API
