"""Each view does what ours is measured by and nothing else: sign-in by session, one statement, an answer."""

import csv
import json
from itertools import groupby
from operator import attrgetter

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.floor.models import CELLS, UNITS, Answer, Call, Lesson, Progress, State

ROWS = 25
_person = attrgetter("person.name")


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


class RestView(APIView):
    """The least that a REST view does which answers by a row and keeps what it was asked."""

    authentication_classes = ()

    def post(self, request: Request) -> Response:
        asked = serializers.DictField().run_validation(request.data)
        with transaction.atomic():
            lesson = Lesson.objects.get(pk=asked["lesson"])
            made = Call.objects.create(said=json.dumps(asked))
        return Response({"decision": bool(lesson.title), "id": str(made.pk)})


@login_required
def table(request: HttpRequest) -> HttpResponse:
    """The first people's states, which the template says in words, as a page for people has to."""
    found = State.objects.select_related("person").order_by("person", "unit")[: ROWS * UNITS]
    rows = [{"person": person, "states": list(states)} for person, states in groupby(found, _person)]
    return render(request, "floor/table.html", {"rows": rows})


@login_required
def as_csv(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(content_type="text/csv")
    writer = csv.writer(response)
    writer.writerow(["name", *CELLS])
    writer.writerows(Progress.objects.order_by("name").values_list("name", *CELLS))
    return response
