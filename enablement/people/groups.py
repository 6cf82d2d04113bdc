"""The groups of staff, as code: what each is for and which rights it gives.

`migrate` brings the database in line: a right that leaves this file leaves the group. Rights on single
cohorts, programs and pools are given one by one and stand elsewhere.
"""

from dataclasses import dataclass

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_EVIDENCE = ("access.view_grant", "ledger.view_ledgerentry")
#: What compliance, security, legal and authors read of the rules themselves.
_RULES = ("access.explain_rules",)
#: What authors and compliance change, each with another person or an apply after them.
_WRITES = ("access.propose_rulings", "access.author_prompts", "access.answer_ruling_flags")
#: Legal holds: one places, another ends.
_HOLDS = ("access.hold_records",)
_CONTROL = ("access.control_access",)
#: Which programs may ask, and which are told.
_GATEWAYS = ("people.add_apitoken", "webhooks.add_webhookendpoint")
#: Whoever gives rights to decide, or is asked because of them: one asks, another confirms.
_SECOND = ("people.confirm_rights",)
#: To see which are told what.
_TOLD = ("webhooks.view_webhookendpoint",)


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffGroup:
    """`permissions` as "app.codename"; `views_all` adds the right to view everything."""

    label: str | Promise
    permissions: tuple[str, ...]
    views_all: bool = False


GROUPS: dict[str, StaffGroup] = {
    "mentors": StaffGroup(
        label=_("Mentors"),
        permissions=(
            "assessments.answer_appeals",
            "assessments.review_labs",
        ),
    ),
    "quality": StaffGroup(
        label=_("Quality"),
        permissions=("assessments.answer_appeals", "assessments.judge_cases", "assessments.declare_material"),
    ),
    "quality_owners": StaffGroup(
        label=_("Quality owners"),
        permissions=(
            "assessments.answer_appeals",
            "assessments.judge_cases",
            "assessments.own_pools",
            "assessments.declare_material",
        ),
    ),
    "program_managers": StaffGroup(
        label=_("Program managers"),
        permissions=(
            "assessments.answer_appeals",
            "tracks.run_cohorts",
        ),
    ),
    "sponsors": StaffGroup(label=_("Sponsors"), permissions=("access.view_grant",)),
    "compliance": StaffGroup(
        label=_("Compliance"),
        permissions=(
            *_EVIDENCE,
            *_CONTROL,
            *_RULES,
            *_WRITES,
            *_TOLD,
            *_HOLDS,
            *_SECOND,
            "access.erase_content",
            "people.give_auditor_access",
            "assessments.declare_material",
        ),
    ),
    "security": StaffGroup(
        label=_("Security"), permissions=(*_EVIDENCE, *_CONTROL, *_RULES, *_TOLD, *_GATEWAYS, *_SECOND)
    ),
    "legal": StaffGroup(label=_("Legal"), permissions=(*_EVIDENCE, *_RULES, *_HOLDS)),
    "authors": StaffGroup(
        label=_("Authors"),
        permissions=(
            "assessments.answer_appeals",
            "playbook.author_playbooks",
            "people.manage_roster",
            "assessments.author_questions",
            *_RULES,
            *_WRITES,
            *_SECOND,
        ),
    ),
    "administrators": StaffGroup(
        label=_("Administrators"),
        permissions=("people.manage_roster", *_SECOND, *_GATEWAYS),
        views_all=True,
    ),
}


def sync_groups(sender: AppConfig, using: str, **_signal: object) -> None:
    """Receiver of `post_migrate`, once an app: gives each group its rights on that app's models."""
    from django.contrib.auth.models import Group, Permission

    if not apps.is_installed("django.contrib.auth"):
        return
    # Django makes an app's permissions in the same signal; doing it first makes the order irrelevant.
    create_permissions(sender, verbosity=0, using=using)
    of_app = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    for name, staff in GROUPS.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        wanted = Q(pk__in=())
        for permission in staff.permissions:
            label, codename = permission.split(".")
            if label == sender.label:
                wanted |= Q(codename=codename)
        if staff.views_all:
            wanted |= Q(codename__startswith="view_")
        target = set(of_app.filter(wanted).values_list("pk", flat=True))
        current = set(
            group.permissions.filter(content_type__app_label=sender.label).values_list("pk", flat=True)
        )
        group.permissions.add(*target - current)
        group.permissions.remove(*current - target)
