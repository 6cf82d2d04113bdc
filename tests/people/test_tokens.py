"""Tokens are shown once, scoped, and refused at once when revoked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView, exception_handler

from enablement.people.api.authentication import TokenAuthentication, find_token
from enablement.people.api.permissions import HasScope
from enablement.people.models import ApiToken
from enablement.people.services import create_token, revoke_token, rotate_token
from tests.access.factories import MicrotoolFactory, PolicyFactory
from tests.people.factories import ApiTokenFactory, UserFactory
from tracks.errors import Refused

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def create(**changes):
    values = {"name": "zendesk", "scopes": ["read"], "regions": [], "actor": None, "at": NOW}
    return create_token(**{**values, **changes})


class Scoped(APIView):
    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    required_scope = "access:evaluate"

    def get_exception_handler(self):
        return exception_handler

    def get(self, request):
        return Response({"token": request.auth.name, "person": request.user.is_authenticated})


class Unscoped(Scoped):
    required_scope = None


def call(header=None, view=Scoped):
    headers = {} if header is None else {"HTTP_AUTHORIZATION": header}
    answer = view.as_view()(APIRequestFactory().get("/", **headers))
    return answer.status_code, answer.headers.get("WWW-Authenticate"), answer.data


def test_a_token_is_created_once_and_only_its_hash_is_kept(heard):
    token, secret = create(scopes=["read", "access:evaluate", "read"], regions=["eu-west-1"])
    assert (token.scopes, token.regions, token.created_at) == (
        ["access:evaluate", "read"],
        ["eu-west-1"],
        NOW,
    )
    assert len(secret) == 43
    assert secret not in str(ApiToken.objects.values().get())
    assert heard.kinds == ["people.token_created"]
    assert heard[0].payload == {
        "name": "zendesk",
        "scopes": ["access:evaluate", "read"],
        "regions": ["eu-west-1"],
        "microtools": [],
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"regions": ["EU West"]}, "regions"),
        ({"microtools": ["triage summarizer"]}, "microtools"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "taken"}, "name"),
        ({"calls_per_minute": 0}, "calls_per_minute"),
        ({"calls_per_minute": 1_000_001}, "calls_per_minute"),
    ],
)
def test_what_cannot_be_created(changes, field):
    ApiTokenFactory(name="taken")
    with pytest.raises(ValidationError) as error:
        create(**changes)
    assert set(error.value.message_dict) == {field}
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--microtool", "triage", "--microtool", "kb_lookup"), "has the name triage; it has kb_lookup."),
        (("--microtool", "former"), "has the name former; it has kb_lookup."),
        (("--region", "eu-west-9"), "the region eu-west-9; it allows eu-west-1, us-east-1."),
    ],
)
def test_a_token_for_what_is_not_there_is_refused_with_what_there_is(arguments, said):
    PolicyFactory()
    MicrotoolFactory(key="kb_lookup")
    MicrotoolFactory(key="former", retired_at=NOW)
    with pytest.raises(CommandError) as error:
        call_command("token", "create", "gateway", "--scope", "access:evaluate", *arguments)
    assert str(error.value).endswith(said)
    assert error.value.returncode == 2
    assert not ApiToken.objects.exists()


def test_a_token_for_what_is_there_is_made_and_an_empty_playbook_says_so():
    policy = PolicyFactory()
    MicrotoolFactory(key="kb_lookup")
    token, _secret = create(regions=["eu-west-1"], microtools=["kb_lookup"])
    assert (token.regions, token.microtools) == (["eu-west-1"], ["kb_lookup"])
    policy.regions = []
    policy.save()
    with pytest.raises(ValidationError, match="it allows none") as error:
        create(name="other", regions=["eu-west-1"])
    assert set(error.value.message_dict) == {"regions"}


def test_only_who_may_add_tokens_adds_and_revokes():
    token, _secret = create(actor=UserFactory(perms=["people.add_apitoken"]))
    for step in (
        lambda: create(name="other", actor=UserFactory(groups=["authors"])),
        lambda: revoke_token(token=token, actor=UserFactory(), at=NOW),
    ):
        with pytest.raises(PermissionDenied):
            step()


def test_a_revoked_token_frees_its_name_and_is_refused(heard):
    token, secret = create(scopes=["access:evaluate"])
    assert call(f"Bearer {secret}")[0] == 200
    assert revoke_token(token=token, actor=None, at=NOW) is True
    assert revoke_token(token=token, actor=None, at=NOW) is False
    assert heard.kinds == ["people.token_created", "people.token_revoked"]
    assert call(f"Bearer {secret}")[0] == 401
    assert create()[0].name == "zendesk"


def test_a_call_with_the_scope_costs_one_query(django_assert_num_queries):
    token = ApiTokenFactory(secret="s3cret", scopes=["access:evaluate"], last_used_at=timezone.now())
    with django_assert_num_queries(1):
        assert call("bearer s3cret") == (200, None, {"token": token.name, "person": False})


@pytest.mark.parametrize("header", [None, "", "Basic dXNlcjpwdw==", "Token abc"])
def test_without_a_bearer_token_the_call_is_401(header):
    status, challenge, _data = call(header)
    assert (status, challenge.split(",")[0]) == (401, 'Bearer realm="enablement"')


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Bearer é", f"Bearer {'x' * 201}"])
def test_with_a_wrong_bearer_token_the_call_is_401_and_says_so(header):
    status, challenge, data = call(header)
    assert (status, challenge) == (401, 'Bearer realm="enablement", error="invalid_token"')
    assert data["detail"].code == "invalid_token"


def test_another_scope_and_a_view_without_scope_are_403():
    ApiTokenFactory(secret="reader", scopes=["read"])
    ApiTokenFactory(secret="all", scopes=["access:evaluate", "read"])
    assert call("Bearer reader")[0] == 403
    assert call("Bearer all")[0] == 200
    assert call("Bearer all", view=Unscoped)[0] == 403


def test_the_commands(capsys):
    call_command("token", "create", "gateway", "--scope", "access:evaluate", "--region", "us-east-1")
    secret = capsys.readouterr().out
    token = ApiToken.objects.for_secret(secret.strip(), at=NOW).get()
    assert (secret, token.scopes, token.regions) == (
        secret.strip() + "\n",
        ["access:evaluate"],
        ["us-east-1"],
    )
    call_command("token", "list")
    assert capsys.readouterr().out.split("\t")[:3] == ["gateway", "access:evaluate", "us-east-1"]
    call_command("token", "revoke", "gateway")
    assert capsys.readouterr() == ("", "Revoked gateway.\n")
    for arguments in (("revoke", "gateway"), ("create", "gateway"), ("create", "gateway", "--scope", "all")):
        with pytest.raises(CommandError) as error:
            call_command("token", *arguments)
        assert error.value.returncode == 2


def test_the_database_keeps_live_names_and_hashes_unique():
    token = ApiTokenFactory()
    for changes in ({"name": token.name}, {"sha256": token.sha256}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiTokenFactory(**changes)
    ApiTokenFactory(name=token.name, revoked_at=NOW)


class TestRotation:
    def test_the_old_secret_counts_on_for_a_day_and_no_longer(self, heard):
        token, first = create(scopes=["access:evaluate"])
        second = rotate_token(token=token, actor=None, at=NOW)
        last = NOW + timedelta(hours=24)
        for secret, at, found in (
            (first, last - timedelta(seconds=1), True),
            (first, last, False),
            (second, last, True),
            (second, NOW, True),
        ):
            assert ApiToken.objects.for_secret(secret, at=at).exists() is found
        assert heard.kinds[-1] == "people.token_rotated"
        third = rotate_token(token=token, actor=None, at=NOW, overlap=timedelta(0))
        assert [ApiToken.objects.for_secret(s, at=NOW).exists() for s in (first, second, third)] == [
            False,
            False,
            True,
        ]

    def test_revoking_ends_both_secrets(self):
        token, first = create()
        second = rotate_token(token=token, actor=None, at=NOW)
        revoke_token(token=token, actor=None, at=NOW)
        assert not any(ApiToken.objects.for_secret(s, at=NOW).exists() for s in (first, second))
        with pytest.raises(Refused):
            rotate_token(token=token, actor=None, at=NOW)

    def test_only_who_may_and_not_for_longer_than_a_week(self):
        token, _secret = create()
        with pytest.raises(PermissionDenied):
            rotate_token(token=token, actor=UserFactory(groups=["authors"]), at=NOW)
        with pytest.raises(ValidationError):
            rotate_token(token=token, actor=None, at=NOW, overlap=timedelta(days=7, seconds=1))

    def test_the_command(self, capsys):
        token, first = create()
        call_command("token", "rotate", "zendesk", "--at-once")
        second = capsys.readouterr().out.strip()
        assert not ApiToken.objects.for_secret(first, at=NOW).exists()
        assert ApiToken.objects.for_secret(second, at=NOW).get() == token


def test_use_is_noted_once_a_minute(django_assert_num_queries):
    token = ApiTokenFactory(secret="s3cret", last_used_at=None)
    with django_assert_num_queries(2):
        find_token("s3cret", at=NOW)
    with django_assert_num_queries(1):
        find_token("s3cret", at=NOW + timedelta(seconds=59))
    find_token("s3cret", at=NOW + timedelta(seconds=60))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=60)
