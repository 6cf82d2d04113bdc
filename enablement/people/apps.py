from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    """People, sign-in and tokens."""

    name = "enablement.people"
    label = "people"

    def ready(self) -> None:
        from django.conf import settings

        from enablement.people.api import schema  # noqa: F401  (registers itself)
        from enablement.people.groups import GROUPS, sync_groups
        from enablement.people.limits import make_cache_table
        from enablement.people.organisation import ensure_groups_exist

        ensure_groups_exist(settings.IDENTITY_PROVIDER, GROUPS)
        post_migrate.connect(sync_groups, dispatch_uid="people.groups")
        post_migrate.connect(make_cache_table, dispatch_uid="people.limits")
