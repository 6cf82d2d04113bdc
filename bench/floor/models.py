"""The least that the floor's pages can read and write."""

import uuid

from django.conf import settings
from django.db import models

UNITS = 16


class Lesson(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    title = models.CharField(max_length=200)


class Answer(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    question = models.PositiveSmallIntegerField()
    value = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint("user", "question", name="answer_once"),)


class Call(models.Model):
    """What a bare REST view writes for each question; the key is random, as a ledger entry's is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField(auto_now_add=True)
    said = models.TextField()


class Person(models.Model):
    name = models.CharField(max_length=200)


class State(models.Model):
    """How one person stands in one unit: what the table page reads, one row a cell."""

    person = models.ForeignKey(Person, models.CASCADE)
    unit = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20)


class Progress(models.Model):
    """A line of the CSV that already lies as the CSV wants it: one column a unit."""

    name = models.CharField(max_length=200)


CELLS = [f"unit_{number}" for number in range(1, UNITS + 1)]
for cell in CELLS:
    Progress.add_to_class(cell, models.CharField(max_length=20))
