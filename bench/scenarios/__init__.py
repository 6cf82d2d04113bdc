"""One module a scenario, each with `run(run: Run) -> Iterator[Result]`; imported once Django is set up."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from bench.report import Result

SCENARIOS: Mapping[str, str] = {
    "my_path": "My path of a learner, beside a bare page with one query",
    "track_page": "a track's page, beside the same",
    "readiness": "the readiness board of 20 and of 1,000 people, beside a bare table of 25 rows by 16 cells",
    "quiz_save": "saving a quiz page of 5 answers, beside a bare sign-in and upsert",
    "quiz_start": "starting an attempt at the 20-question quiz, beside a bare sign-in and upsert",
    "quiz_rush": "500 people starting it within a minute, with two web processes",
    "evaluation": "decisions for a gateway beside a bare REST view, their read part beside django-guardian's",
    "evaluation_load": "200 decisions a second with two web processes: how long the slowest take",
    "ledger_rate": "eight writers of entries beside eight without a ledger, and the linker",
    "grants_trial": "100,000 random steps of the machine that looks for a tool open without proof",
    "certificate": "making and issuing one certificate in a warm process, and its memory over 300",
    "report": "the files of a report on 1,000 people, the CSV beside a bare one of the same cells",
    "item_analysis": "the figures of 40 questions on the answers of 2,300 people",
    "decision_log": "a million decisions searched, and who could do what for 2,300 people by 5 tools",
    "memory": "the web process after 500 requests, the worker after 20 certificates and a report",
}


def load(name: str) -> Callable[..., Iterator[Result]]:
    scenario: Callable[..., Iterator[Result]] = import_module(f"bench.scenarios.{name}").run
    return scenario
