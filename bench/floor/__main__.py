"""Fills the floor's database; prints the key of the session that is signed in."""

import os

import django

PEOPLE = 1000
LESSONS = 10
STATES = ("met", "waiting", "not-started")


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    # The floor's own tables, which have no migrations and refer to what these have just made.
    call_command("migrate", run_syncdb=True, verbosity=0)
    print(_fill())


def _fill() -> str:
    from django.contrib.auth.models import User

    from bench.floor.models import CELLS, UNITS, Lesson, Person, Progress, State
    from bench.sessions import sign_in

    user = User.objects.create(username="learner")
    Lesson.objects.bulk_create(Lesson(user=user, title=f"Lesson {n}") for n in range(LESSONS))
    people = Person.objects.bulk_create(Person(name=f"Person {n:04}") for n in range(PEOPLE))
    rows = [[STATES[(n + unit) % len(STATES)] for unit in range(UNITS)] for n in range(PEOPLE)]
    State.objects.bulk_create(
        State(person=person, unit=unit, state=state)
        for person, row in zip(people, rows, strict=True)
        for unit, state in enumerate(row)
    )
    Progress.objects.bulk_create(
        Progress(name=person.name, **dict(zip(CELLS, row, strict=True)))
        for person, row in zip(people, rows, strict=True)
    )
    return sign_in(user)


main()
