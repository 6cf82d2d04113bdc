"""A playbook as small as one can be and still hold one of each thing; its lines are known to the tests."""

from enablement.playbook.bundle import Bundle

YAML = """\
# A small playbook.
version: 1.0
owners:
  program_manager: "pm@example.com"
regions:
  allowed: ["eu-west-1"]
rbac:
  roles:
    - name: clerk
      prompts: ["summarise"]
      approvals: ["refund"]
    - name: ops_manager
training_tracks:
  - id: clerk_t1
    modules:
      - name: First Steps
        duration_min: 10
      - name: Next Steps
        duration_min: 20
    microtools:
      - name: summariser
        confidence_threshold: 0.82
        approval_rule: "if confidence < 0.9 => manager_approve"
        prompts: ["summarise"]
    gating_conditions:
      - type: modules_completed
      - type: survey
        survey: ready
risk_thresholds:
  yellow_zone_terms: ["refund"]
  block_on_confidence_lt: 0.7
  manual_review_required: true
"""

LESSON = """\
---
title: Where to begin
minutes: 5
---
## Begin

Read the ticket first.
"""

LAB = """\
---
title: Try it
minutes: 15
evidence: {text: required}
pass_points: 2
rubric:
  - key: care
    title: Care
    levels:
      - {points: 0, title: Not yet, description: "Nothing was read."}
      - {points: 2, title: Sound, description: "Everything was read."}
---
Try it on three tickets.
"""

QUIZ = """\
key: check
title: A check
time_limit_min: 10
threshold: "0.80"
sections:
  - {tag: basics, title: Basics, draw: 2}
questions:
  - key: first
    kind: single
    tags: [basics]
    lesson: where-to-begin
    prompt: What comes first?
    options:
      - {text: The ticket, correct: true}
      - {text: The draft}
  - key: second
    kind: numeric
    tags: [basics]
    prompt: How many tickets?
    answer: "3"
  - key: third
    kind: true_false
    tags: [basics]
    prompt: Drafts come first.
    answer: false
"""

SURVEY = """\
title: Ready?
anonymous: false
items:
  - {key: prepared, kind: likert, prompt: "How prepared are you?", required: true}
"""

ROLES = """\
clerk:
  title: Clerks
  description: People who work tickets.
  automate:
    - {key: summaries, prompt: summarise, text: "Summarise a ticket.", why: "It is routine."}
  avoid:
    - {key: refunds, text: "Grant a refund.", why: "It moves money."}
"""

CONTENT = {
    "roles.yaml": ROLES,
    "clerk_t1/track.yaml": "title: Clerks\nsummary: Work tickets with care.\n",
    "clerk_t1/survey-ready.yaml": SURVEY,
    "clerk_t1/first-steps/01-where-to-begin.md": LESSON,
    "clerk_t1/first-steps/lab-try-it.md": LAB,
    "clerk_t1/next-steps/quiz.yaml": QUIZ,
}


def bundle(yaml=YAML, *, without=(), **files):
    """The small playbook with its content; `files` (by name) replace or add."""
    content = {name: text for name, text in (CONTENT | files).items() if name not in without}
    return Bundle(yaml=yaml, content=content, file="small.yaml")


def alone(yaml=YAML):
    """Without the folder `content/`."""
    return Bundle(yaml=yaml, file="small.yaml")


def changed(old, new, text=YAML):
    """The text with one piece replaced, which has to be there."""
    assert old in text
    return text.replace(old, new, 1)
