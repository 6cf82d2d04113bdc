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
_NEEDED_BY_SAML = ("SAML_ENTITY_ID", "SAML_SSO_URL", "SAML_CERTIFICATE", "SAML_EMAIL_DOMAINS")
_OPTIONS = ("SIGN_IN_NAME", "SIGN_IN_SUBJECT", "SIGN_IN_GROUPS_FROM", "SIGN_IN_GROUPS", "SIGN_IN_ADMITS")
_ISSUER_LENGTH = 200
#: In the addresses of our side of SAML.
SAML_SLUG = "organisation"
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
class SamlProvider:
    """Where a SAML provider signs people in, with what it signs, and whose addresses it answers for."""

    sso_url: str
    certificate: str
    email_domains: tuple[str, ...]

    def for_allauth(self, entity_id: str) -> dict[str, Any]:
        return {
            "idp": {"entity_id": entity_id, "sso_url": self.sso_url, "x509cert": self.certificate},
            # SAML has no word for a verified address: in these domains the provider's is one.
            "verified_email": list(self.email_domains),
            "advanced": {
                "strict": True,
                "want_assertion_signed": True,
                "want_name_id": True,
                "reject_idp_initiated_sso": True,
                "reject_deprecated_algorithm": True,
                "allow_single_label_domains": True,
            },
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityProvider:
    """One an installation. `issuer` and a subject of its own name a person for good.

    `subject`: the claim by which gateways name a person; `groups`: the one that lists their groups.
    """

    name: str
    issuer: str
    client_id: str = ""
    secret: str = ""
    saml: "SamlProvider | None" = None
    subject: str = "sub"
    groups: str = "groups"
    rules: GroupRules = GroupRules()


def for_allauth(provider: IdentityProvider | None) -> dict[str, Any]:
    """As `SOCIALACCOUNT_PROVIDERS` has it; without a provider its addresses answer 404."""
    apps: dict[str, list[dict[str, Any]]] = {"openid_connect": [], "saml": []}
    if provider:
        own = (
            provider.saml.for_allauth(provider.issuer)
            if provider.saml
            else {"server_url": provider.issuer, "oauth_pkce_enabled": True}
        )
        apps["saml" if provider.saml else "openid_connect"] = [
            {
                "provider_id": provider.issuer,
                "name": provider.name,
                "client_id": SAML_SLUG if provider.saml else provider.client_id,
                "secret": provider.secret,
                "settings": own,
            }
        ]
    return {
        kind: {"APPS": found, "provider_class": f"enablement.people.{package}.provider.OrganisationProvider"}
        for (kind, found), package in zip(apps.items(), ("oidc", "saml"), strict=True)
    }


def from_environment(env: Env, *, loopback: bool) -> IdentityProvider | None:
    """None where nothing is set. `loopback`: a provider on this machine may speak http (trials, tests)."""
    names = (*_NEEDED_BY_OIDC, *_NEEDED_BY_SAML, *_OPTIONS)
    values = {name: value for name in names if (value := env.str(name, "").strip())}
    if not values:
        return None
    by_saml = next(iter(values)) in _NEEDED_BY_SAML
    needed = _NEEDED_BY_SAML if by_saml else _NEEDED_BY_OIDC
    missing = [name for name in needed if name not in values]
    if missing:
        raise _wrong(
            f"{next(iter(values))} is set, and sign-in at an identity provider needs {', '.join(missing)} too"
        )
    if not by_saml and any(name in values for name in _NEEDED_BY_SAML):
        raise _wrong("OIDC_ISSUER and SAML settings are both there; one provider signs people in")
    given = [values.get(name, "") for name in needed]
    issuer, address = given[0], given[1] if by_saml else given[0]
    _ensure_address(needed[1] if by_saml else needed[0], address, loopback=loopback)
    if len(issuer) > _ISSUER_LENGTH:
        raise _wrong(f"{needed[0]} is longer than {_ISSUER_LENGTH} characters")
    saml = (
        SamlProvider(sso_url=address, certificate=given[2], email_domains=_domains(given[3]))
        if by_saml
        else None
    )
    return IdentityProvider(
        name=values.get("SIGN_IN_NAME") or urlsplit(address).hostname or issuer,
        issuer=issuer,
        client_id="" if by_saml else given[1],
        secret="" if by_saml else given[2],
        saml=saml,
        subject=values.get("SIGN_IN_SUBJECT", "sub"),
        groups=values.get("SIGN_IN_GROUPS_FROM", "groups"),
        rules=GroupRules(
            gives=_rules(values.get("SIGN_IN_GROUPS", "")),
            admits=frozenset(_listed(values.get("SIGN_IN_ADMITS", ""))) or None,
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


def _domains(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def _ensure_address(name: str, address: str, *, loopback: bool) -> None:
    parts = urlsplit(address)
    local = loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise _wrong(f"{name} is {address!r}; it has to begin with https://")


def _wrong(message: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{message} (see docs/operations.md)")
