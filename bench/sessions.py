"""Sessions as a sign-in makes them."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore

#: What signs people in by their password: in the product, and in bare Django.
BACKENDS = ("enablement.people.backends.SignInBackend", "django.contrib.auth.backends.ModelBackend")


def sign_in(user: AbstractBaseUser) -> str:
    """The key of a new session of this person."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = next(each for each in BACKENDS if each in settings.AUTHENTICATION_BACKENDS)
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
