"""`/api/v1/procedures`: the procedures in force, for programs that show people how a piece of work is done.

A token that is bound to tools reads those that name one of them; with `subject`, what that person may read on
their own page (decision 144). Whatever is foreign is not there.
"""

from typing import cast

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.pagination import LimitOffsetPagination

from enablement.access.models import SOP, SOPStep
from enablement.access.services.decisions.reading import find_person
from enablement.people.models import User
from enablement.people.models.api_token import ApiToken, Scope

_SUBJECT = OpenApiParameter(
    "subject",
    str,
    description="A person, by e-mail, id or the identity provider's id: only what they may read themselves.",
)
_ROLE = OpenApiParameter("role", str, description="Key of a role: only its procedures.")


class ProcedureStepSerializer(serializers.ModelSerializer[SOPStep]):
    prompt = serializers.CharField(source="prompt.key", default=None, allow_null=True)
    microtool = serializers.CharField(source="microtool.key", default=None, allow_null=True)
    threshold = serializers.DecimalField(
        max_digits=4,
        decimal_places=3,
        allow_null=True,
        help_text="The confidence below which the person looks at the output.",
    )

    class Meta:
        model = SOPStep
        fields = ("number", "key", "title", "text", "prompt", "microtool", "threshold", "approver", "task")


class ProcedureSerializer(serializers.ModelSerializer[SOP]):
    """The wording in force; `version` is the id of this wording, `text` of a step is Markdown."""

    version = serializers.UUIDField(source="pk")
    role = serializers.CharField(source="role.key")
    steps = ProcedureStepSerializer(many=True)
    human = serializers.SerializerMethodField(help_text="The page on which people read it.")

    class Meta:
        model = SOP
        fields = (
            "key",
            "title",
            "role",
            "purpose",
            "begins",
            "version",
            "sha256",
            "policy_revision",
            "effective_from",
            "steps",
            "human",
        )

    def get_human(self, sop: SOP) -> str:
        return f"{settings.SITE_URL}{sop.get_absolute_url()}"


class _Reading(GenericAPIView[SOP]):
    """What of the procedures in force the token, and the person whom it names, may read."""

    required_scope = Scope.READ
    serializer_class = ProcedureSerializer

    def get_queryset(self) -> QuerySet[SOP]:
        rows = SOP.objects.in_force().select_related("role").order_by("key")
        if "subject" in self.request.query_params:
            person = find_person(self.request.query_params["subject"])
            known = User.objects.filter(pk=person.id, is_active=True).first() if person else None
            rows = rows.visible_to(known) if known else rows.none()
        token = cast("ApiToken", self.request.auth)
        if token.microtools:
            named = SOPStep.objects.filter(sop=OuterRef("pk"), microtool__key__in=token.microtools)
            rows = rows.filter(Exists(named))
        steps = SOPStep.objects.select_related("prompt", "microtool").order_by("number")
        return rows.prefetch_related(Prefetch("steps", queryset=steps))


class Pages(LimitOffsetPagination):
    default_limit, max_limit = 50, 200


@extend_schema(parameters=[_SUBJECT, _ROLE])
class ProceduresView(_Reading, ListAPIView[SOP]):
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[SOP]:
        rows = super().get_queryset()
        role = self.request.query_params.get("role")
        return rows if role is None else rows.filter(role__key=role)


@extend_schema(parameters=[_SUBJECT])
class ProcedureView(_Reading, RetrieveAPIView[SOP]):
    lookup_field = "key"
