"""The organisation's identity provider, as the environment names it.

The settings read it, so nothing here may need a model. Half a configuration is refused, in one line.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

_NEEDED_BY_OIDC = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
_OPTIONS = ("SIGN_IN_NAME", "SIGN_IN_SUBJECT", "SIGN_IN_GROUPS_FROM", "SIGN_IN_GROUPS", "SIGN_IN_ADMITS")
_ISSUER_LENGTH = 200
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRules:
    """What the provider's groups mean here.

    `gives`: pairs of one of its groups and "role:KEY" or "group:NAME" of ours; all that stands on the right
    is the provider's to give and to take. `admits`: who is in none of these stays out; None: the roster says.
    """

    gives: tuple[tuple[str, str], ...] = ()
    admits: frozenset[str] | None = None

    def managed(self, kind: str) -> set[str]:
        """Our roles or groups ("role", "group") that the provider gives and takes."""
        return self._of(kind, {theirs for theirs, _ours in self.gives})

    def given(self, kind: str, theirs: Collection[str]) -> set[str]:
        """Those that somebody with these groups of the provider holds."""
        return self._of(kind, theirs)

    def _of(self, kind: str, theirs: Collection[str]) -> set[str]:
        ours = [given for group, given in self.gives if group in theirs]
        return {name for prefix, _colon, name in (given.partition(":") for given in ours) if prefix == kind}


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityProvider:
    """One an installation. `issuer` and a subject of its own name a person for good.

    `subject`: the claim by which gateways name a person; `groups`: the one that lists their groups.
    """

    name: str
    issuer: str
    client_id: str
    secret: str
    subject: str = "sub"
    groups: str = "groups"
    rules: GroupRules = GroupRules()


def for_allauth(provider: IdentityProvider | None) -> dict[str, Any]:
    """As `SOCIALACCOUNT_PROVIDERS` has it; without a provider its addresses answer 404."""
    app = provider and {
        "provider_id": provider.issuer,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": provider.secret,
        "settings": {"server_url": provider.issuer, "oauth_pkce_enabled": True},
    }
    return {
        "openid_connect": {
            "APPS": [app] if app else [],
            "provider_class": "enablement.people.oidc.provider.OrganisationProvider",
        }
    }


def from_environment(env: Env, *, loopback: bool) -> IdentityProvider | None:
    """None where nothing is set. `loopback`: a provider on this machine may speak http (trials, tests)."""
    values = {name: env.str(name, "").strip() for name in (*_NEEDED_BY_OIDC, *_OPTIONS)}
    given = [name for name, value in values.items() if value]
    if not given:
        return None
    missing = [name for name in _NEEDED_BY_OIDC if not values[name]]
    if missing:
        raise _wrong(f"{given[0]} is set, and sign-in at an identity provider needs {', '.join(missing)} too")
    issuer = values["OIDC_ISSUER"]
    _ensure_address("OIDC_ISSUER", issuer, loopback=loopback)
    return IdentityProvider(
        name=values["SIGN_IN_NAME"] or urlsplit(issuer).hostname or issuer,
        issuer=issuer,
        client_id=values["OIDC_CLIENT_ID"],
        secret=values["OIDC_CLIENT_SECRET"],
        subject=values["SIGN_IN_SUBJECT"] or "sub",
        groups=values["SIGN_IN_GROUPS_FROM"] or "groups",
        rules=GroupRules(
            gives=_rules(values["SIGN_IN_GROUPS"]),
            admits=frozenset(_listed(values["SIGN_IN_ADMITS"])) or None,
        ),
    )


def ensure_groups_exist(provider: IdentityProvider | None, known: Collection[str]) -> None:
    """Staff groups are code: a wrong name is found at the start. Roles come with playbooks."""
    unknown = sorted(provider.rules.managed("group") - set(known)) if provider else []
    if unknown:
        raise _wrong(f"SIGN_IN_GROUPS names the unknown group {unknown[0]}; expected {', '.join(known)}")


def _rules(text: str) -> tuple[tuple[str, str], ...]:
    """`their group = role:KEY; their group = group:NAME`. Their names may hold commas and equals signs."""
    rules = []
    for line in _listed(text):
        theirs, equals, ours = (part.strip() for part in line.rpartition("="))
        kind, _colon, name = ours.partition(":")
        if not (equals and theirs and kind in {"role", "group"} and name):
            raise _wrong(
                f"SIGN_IN_GROUPS has {line!r}; expected THEIR GROUP=role:KEY or THEIR GROUP=group:NAME"
            )
        rules.append((theirs, ours))
    return tuple(rules)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]


def _ensure_address(name: str, address: str, *, loopback: bool) -> None:
    parts = urlsplit(address)
    local = loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local) or len(address) > _ISSUER_LENGTH:
        raise _wrong(f"{name} is {address!r}; it has to begin with https://")


def _wrong(message: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{message} (see docs/operations.md)")
