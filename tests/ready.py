"""Imported by the server that racing processes are forked from: Django is ready in each of them at once."""

import django

django.setup()
