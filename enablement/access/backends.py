"""`user.has_perm("access.use_microtool", tool)` is answered by live grants, and by nothing else."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from enablement.access.models import Grant, Microtool


class GrantBackend(BaseBackend):
    governs = True

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if perm != "access.use_microtool" or not isinstance(obj, Microtool):
            return False
        return Grant.objects.live(at=timezone.now()).filter(user=user_obj, microtool=obj).exists()
