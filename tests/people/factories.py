"""People for tests."""

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from enablement.people.models import ApiToken, User
from enablement.people.models.api_token import hash_secret


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a verified address. `groups=["mentors"]` and `perms=["tracks.run_cohorts"]` give
    rights.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")

    @factory.post_generation
    def verified_address(self, create, extracted, **kwargs):
        if create and extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email.lower(), verified=True, primary=True)

    @factory.post_generation
    def groups(self, create, extracted, **kwargs):
        for name in extracted or ():
            self.groups.add(Group.objects.get(name=name))

    @factory.post_generation
    def perms(self, create, extracted, **kwargs):
        for perm in extracted or ():
            label, codename = perm.split(".")
            self.user_permissions.add(
                Permission.objects.get(content_type__app_label=label, codename=codename)
            )


class ApiTokenFactory(factory.django.DjangoModelFactory):
    """A live token whose secret is `secret` (default "secret-<n>")."""

    class Meta:
        model = ApiToken

    class Params:
        secret = factory.Sequence(lambda n: f"secret-{n}")

    name = factory.Sequence(lambda n: f"token {n}")
    sha256 = factory.LazyAttribute(lambda token: hash_secret(token.secret))
    scopes = factory.LazyFunction(lambda: ["read"])
    regions = factory.LazyFunction(list)
    created_at = factory.LazyFunction(timezone.now)
    last_used_at = factory.LazyFunction(timezone.now)
