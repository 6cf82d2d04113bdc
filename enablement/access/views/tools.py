"""What a person sees of their own tools."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enablement.access import rulings, selectors
from enablement.people.requests import PersonRequest


@require_safe
def my_tools(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    tools = selectors.tools_for(user=request.user, at=at)
    context = {
        "changed_rulings": rulings.changed_for(request.user, at=at),
        "tools": tools,
        "open_count": sum(view.open or view.open_in_emergency for view in tools),
        "may_ask": bool(selectors.tasks_to_ask_for(request.user)[0]),
    }
    return render(request, "access/my_tools.html", context)
