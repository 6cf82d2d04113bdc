"""Each view does what ours is measured by and nothing else: sign-in by session, one statement, an answer."""

import csv

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from bench.floor.models import CELLS, Answer, Lesson, Progress

ROWS = 25


@login_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "floor/page.html", {"lessons": Lesson.objects.filter(user=request.user)})


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Durably keep the answers of one page."""
    answers = [
        Answer(user_id=request.user.pk, question=int(question), value=request.POST[f"q-{question}"])
        for question in request.POST.getlist("item")
    ]
    with transaction.atomic():
        Answer.objects.bulk_create(
            answers, update_conflicts=True, unique_fields=["user", "question"], update_fields=["value"]
        )
    return redirect("page")


@login_required
def table(request: HttpRequest) -> HttpResponse:
    """The first rows of a table of states; the template says each in words, as a page for people has to."""
    found = Progress.objects.order_by("name").values_list("name", *CELLS)[:ROWS]
    rows = [{"name": name, "states": states} for name, *states in found]
    return render(request, "floor/table.html", {"rows": rows})


@login_required
def as_csv(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow(["name", *CELLS])
    writer.writerows(Progress.objects.order_by("name").values_list("name", *CELLS))
    return response
