"""Who may do what, and why: the pages of the compliance liaison, security and legal."""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enablement.access import history, selectors
from enablement.access.models import Policy
from enablement.people.models import User
from enablement.people.requests import PersonRequest

PAGE_SIZE = 25


@require_safe
@permission_required("access.view_grant", raise_exception=True)
def access_overview(request: PersonRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:100]
    people = Paginator(selectors.people_with_open_tools(query=query, at=timezone.now()), PAGE_SIZE)
    context = {
        "policy": Policy.objects.first(),
        "tools": selectors.tools_with_counts(at=timezone.now()),
        "stopped": selectors.stopped_tools(),
        "page": people.get_page(request.GET.get("page")),
        "query": query,
    }
    return render(request, "access/overview.html", context)


@require_safe
@permission_required("access.view_grant", raise_exception=True)
def access_person(request: PersonRequest, user_id: UUID) -> HttpResponse:
    person = get_object_or_404(User, pk=user_id)
    tools = selectors.tools_for(user=person, at=timezone.now())
    controls = request.user.has_perm("access.control_access") and request.user != person
    context = {
        "person": person,
        "tools": tools,
        "open_count": sum(view.open or view.open_in_emergency for view in tools),
        "controls": controls,
        "history": history.grant_history(user=person),
    }
    return render(request, "access/person.html", context)
