"""What runs by the clock, and when. Times are UTC; a task that nobody took in time expires unsent."""

from typing import Any

from celery.schedules import crontab


def beat(*, sweep_seconds: int) -> dict[str, Any]:
    """Celery's beat schedule. `sweep_seconds`: how often the job table is searched for what was lost."""
    return {
        "send again what the broker lost": {
            "task": "enablement.jobs.tasks.sweep",
            "schedule": float(sweep_seconds),
            "options": {"expires": 15},
        },
        "bring all grants in line": {
            "task": "enablement.access.tasks.reevaluate_all_grants",
            "schedule": crontab(hour="2", minute="11"),
            "options": {"expires": 3600},
        },
        "send webhooks that are due": {
            "task": "enablement.webhooks.tasks.wake_webhooks",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "forget webhooks of long ago": {
            "task": "enablement.webhooks.tasks.forget_webhooks",
            "schedule": crontab(hour="3", minute="37"),
            "options": {"expires": 3600},
        },
        "delete jobs that are long done": {
            "task": "enablement.jobs.tasks.purge",
            "schedule": crontab(hour="3", minute="17"),
            "options": {"expires": 3600},
        },
        "remove prompts and words whose time is over": {
            "task": "enablement.access.tasks.purge_content",
            "schedule": crontab(hour="2", minute="51"),
            "options": {"expires": 3600},
        },
        "end rights that nobody confirmed": {
            "task": "enablement.people.tasks.lapse_rights",
            "schedule": crontab(minute="22"),
            "options": {"expires": 3000},
        },
        "close attempts whose time is over": {
            "task": "assessments.tasks.lapse_overdue_attempts",
            "schedule": 60.0,
            "options": {"expires": 55},
        },
        "void sign-offs over changed evidence": {
            "task": "assessments.tasks.void_changed_evidence",
            "schedule": crontab(hour="2", minute="40"),
            "options": {"expires": 3600},
        },
        "escalate and end approvals that are late": {
            "task": "enablement.access.tasks.escalate_and_expire_approvals",
            "schedule": 60.0,
            "options": {"expires": 55},
        },
        "alert on repeated denies": {
            "task": "enablement.access.tasks.alert_repeated_denies",
            "schedule": 60.0,
            "options": {"expires": 55},
        },
        "make new decisions searchable": {
            "task": "enablement.access.tasks.index_decisions",
            "schedule": 2.0,
            "options": {"expires": 10},
        },
        "sign a checkpoint of the ledger": {
            "task": "enablement.ledger.tasks.checkpoint",
            "schedule": crontab(minute="4"),
            "options": {"expires": 3000},
        },
        "link new ledger entries": {
            "task": "enablement.ledger.tasks.link",
            "schedule": 1.0,
            "options": {"expires": 10},
        },
    }
