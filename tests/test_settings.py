"""Production refuses to start with a missing or unsafe setting, in one clear line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]


def read_settings(env: dict[str, str], expression: str = "settings.MODE") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import json; from enablement import settings; print({expression})"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )


def serve(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )


def test_a_complete_environment_is_accepted(production_env: dict[str, str]) -> None:
    assert read_settings(production_env).stdout == "production\n"


@pytest.mark.parametrize("name", ["SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
def test_serve_names_what_is_missing(production_env: dict[str, str], name: str) -> None:
    del production_env[name]

    refused = serve(production_env)

    assert refused.returncode == 2
    assert refused.stderr == (
        f"manage.py: production needs {name} in the environment (see docs/operations.md)\n"
    )
    assert refused.stdout == ""


def test_serve_names_everything_that_is_missing_at_once(production_env: dict[str, str]) -> None:
    production_env |= {"SECRET_KEY": "", "REDIS_URL": " "}

    assert serve(production_env).stderr == (
        "manage.py: production needs SECRET_KEY, REDIS_URL in the environment (see docs/operations.md)\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "TEAMS_WEBHOOK_URL",
            "http://teams.example/hook",
            "SLACK_WEBHOOK_URL and TEAMS_WEBHOOK_URL have to begin with https://",
        ),
        ("SECRET_KEY", "short", "SECRET_KEY is too easy to guess; it needs 50 random characters"),
        ("SECRET_KEY", "abcd" * 20, "SECRET_KEY is too easy to guess; it needs 50 random characters"),
        (
            "SITE_URL",
            "http://enablement.example",
            "SITE_URL is 'http://enablement.example'; it has to begin with https://",
        ),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS has to name this site's hosts, without '*'"),
        ("ALLOWED_HOSTS", "a.example,*", "ALLOWED_HOSTS has to name this site's hosts, without '*'"),
        ("ALLOWED_HOSTS", ",", "ALLOWED_HOSTS has to name this site's hosts, without '*'"),
        ("DATABASE_URL", "sqlite:////tmp/x", "DATABASE_URL has to name a PostgreSQL database"),
        ("REDIS_URL", "filesystem://", "REDIS_URL has to begin with redis:// or rediss://"),
    ],
)
def test_serve_refuses_what_is_unsafe(
    production_env: dict[str, str], name: str, value: str, message: str
) -> None:
    refused = serve(production_env | {name: value})

    assert refused.returncode == 2
    assert refused.stderr == f"manage.py: {message} (see docs/operations.md)\n"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "DATABASE_URL",
            "nonsense",
            'Environment variable "DATABASE_URL" invalid: Not a valid database URL.',
        ),
        ("DATABASE_URL", "mysql://a/b", "DATABASE_URL has to begin with postgresql:// or sqlite:///."),
        ("PORT", "eighty", 'Environment variable "PORT" invalid: Not a valid integer.'),
        (
            "ENABLEMENT_MODE",
            "fast",
            "ENABLEMENT_MODE is 'fast'; expected one of local, demo, test, production.",
        ),
    ],
)
def test_nonsense_is_one_line_in_every_mode(
    production_env: dict[str, str], name: str, value: str, message: str
) -> None:
    env = production_env | {"ENABLEMENT_MODE": "local"} | {name: value}

    refused = subprocess.run(
        [sys.executable, "manage.py", "version"], cwd=ROOT, env=env, capture_output=True, text=True
    )

    assert refused.returncode == 2
    assert refused.stderr == f"manage.py: {message}\n"


def test_production_is_strict_about_cookies_and_transport(production_env: dict[str, str]) -> None:
    strict = (
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    )
    shown = read_settings(production_env, f"([getattr(settings, name) for name in {strict}], settings.DEBUG)")

    assert shown.stdout == "([True, True, True, True], False)\n"


@pytest.mark.django_db
def test_what_one_person_did_is_not_forgotten_for_a_crowd(production_env: dict[str, str]) -> None:
    """Counts of failed sign-ins, and assertions that were used: a full cache drops them unasked."""
    shown = read_settings(production_env, "json.dumps(settings.CACHES['default'])").stdout
    kept = json.loads(shown)
    call_command("createcachetable", kept["LOCATION"], verbosity=0)
    cache = DatabaseCache(kept["LOCATION"], kept)
    cache.add("allauth:a-failed-sign-in", 5, 300)
    for person in range(400):
        cache.add(f"saml:{person}", True, 300)
    assert cache.get("allauth:a-failed-sign-in") == 5


def test_the_defaults_need_no_server(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "ENABLEMENT_VAR": str(tmp_path / "var")}

    shown = read_settings(env, "(settings.DATABASES['default']['NAME'], settings.CELERY_BROKER_URL)")

    assert shown.stdout == f"('{tmp_path}/var/enablement.sqlite3', 'filesystem://')\n"


def test_the_local_secret_is_made_once_and_private(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "ENABLEMENT_VAR": str(tmp_path)}

    first, second = (read_settings(env, "settings.SECRET_KEY").stdout for _ in range(2))

    assert first == second
    assert len(first.strip()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


OIDC = {
    "OIDC_ISSUER": "https://login.example/realm",
    "OIDC_CLIENT_ID": "enablement",
    "OIDC_CLIENT_SECRET": "secret",
}


def test_an_identity_provider_is_read_from_the_environment(production_env: dict[str, str]) -> None:
    rules = {"SIGN_IN_GROUPS": "cn=a,dc=b=group:mentors; ops = role:frontline", "SIGN_IN_ADMITS": "x;y"}
    provider = "settings.IDENTITY_PROVIDER"
    read = read_settings(
        production_env | OIDC | rules,
        f"({provider}.name, {provider}.rules.gives, sorted({provider}.rules.admits))",
    )
    gives = (("cn=a,dc=b", "group:mentors"), ("ops", "role:frontline"))
    assert read.stdout == f"{('login.example', gives, ['x', 'y'])}\n"
    assert read_settings(production_env, provider).stdout == "None\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"OIDC_CLIENT_SECRET": ""},
            "OIDC_ISSUER is set, and sign-in at an identity provider needs OIDC_CLIENT_SECRET too",
        ),
        (
            {**dict.fromkeys(OIDC, ""), "SIGN_IN_GROUPS": "a=role:b"},
            (
                "SIGN_IN_GROUPS is set, and sign-in at an identity provider needs OIDC_ISSUER, "
                "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET too"
            ),
        ),
        (
            {"OIDC_ISSUER": "http://127.0.0.1/realm"},
            "OIDC_ISSUER is 'http://127.0.0.1/realm'; it has to begin with https://",
        ),
        (
            {"SAML_ENTITY_ID": "https://idp.example"},
            "OIDC_ISSUER and SAML settings are both there; one provider signs people in",
        ),
        (
            {**dict.fromkeys(OIDC, ""), "SAML_SSO_URL": "https://idp.example/sso"},
            (
                "SAML_SSO_URL is set, and sign-in at an identity provider needs SAML_ENTITY_ID, "
                "SAML_CERTIFICATE, SAML_EMAIL_DOMAINS too"
            ),
        ),
        (
            {"SIGN_IN_GROUPS": "a=wizards"},
            "SIGN_IN_GROUPS has 'a=wizards'; expected THEIR GROUP=role:KEY or THEIR GROUP=group:NAME",
        ),
        (
            {"SIGN_IN_GROUPS": "a=group:wizards"},
            (
                "SIGN_IN_GROUPS names the unknown group wizards; expected mentors, quality, quality_owners, "
                "program_managers, sponsors, compliance, security, legal, authors, administrators"
            ),
        ),
    ],
)
def test_serve_refuses_half_an_identity_provider(
    production_env: dict[str, str], changes: dict[str, str], message: str
) -> None:
    refused = serve(production_env | OIDC | changes)

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == f"manage.py: {message} (see docs/operations.md)"
