"""What people of the other tracks write in the demo, and what their mentors note."""

OBSERVED_CAUSE = (
    "Found the common cause after the third ticket and gave it to one owner; the fourteen "
    "customers keep their clocks. Said aloud why none of them is closed yet."
)
OBSERVED_LAWYER = (
    "Read it twice before it went to legal. Asked me whether the 24 hours still run: they do, "
    "with legal as owner."
)
OBSERVED_DISPUTE = (
    "Gave it to the fastest person, who had written the disputed answer. I stopped it; it does not count."
)
SAMPLE_AND_FINDING = """\
## A. The sample

Question: how often was step 1 followed in version 7? Frame: the 900 address changes from 1 to 15
March, by the date of
the change. Groups: 40 of the 90 with a watched term, 40 of the 810 without, weighted back by 2.25
and 20.25. Drawn
with seed 4711 from the list ordered by id. A case whose record is closed to us is replaced by the
next one and counted.

## B. Six calls

1. No defect: version 6 was in force. I disagree with the tool.
2. Form, minor: the confirmation may name the new address only (step 4). The tool missed it.
3. Step 1 not evidenced: no note is not the same as no check. I disagree.
4. Step 1 unclear: "known to the team" is not defined. To the owner of the procedure.
5. Disclosure, urgent: reported to security before this report. The tool calls it form.
6. No defect: a request was made and is on record; nothing was granted. I disagree.

## C. The finding

Of 80 changes in version 7, step 1 was followed in 61, departed from in 5 and not evidenced in 14;
11 of those 14 were
handled after 18:00. Candidates: the evening shift notes identity elsewhere; "known to the team" is
read widely; the form
loses the note after 18:00. Each can be seen in ten evening records, in the form's log, or by asking
the shift.
"""
NOTE_ON_FINDING = (
    "Three columns kept apart, and no cause stands where the count should be. Case 4 is put to its owner."
)
ANSWER_AND_WAIVER = """\
## A. The answer

On 4 March 2026 (UTC) the record holds five outputs of triage_summarizer with a confidence below
0.90 for which the use
was decided: 502, 506, 507 and 508 were allowed, 503 was blocked at 0.69. 505 is the same input as
506, before its
approval. All four that were used had an approver other than the user. The rule in force asked for
approval below 0.90;
504 stands exactly at it and needed none. The gateway counts eight decisions to apply, as we do:
501 is an invoke.

The pack: the nine lines, the policy revision of that day, both approvers' roles, the hashes. It
stays in its regions until
the transfer is cleared. First of all 508: the number is redacted at the source, and security hears
of it today.

## B. Three requests

1. A waiver, not a signature: two people decide, with a reason and an end on Thursday. A colleague
may mentor until then.
2. A policy override: I grant nothing. Sales asks the owner of the policy.
3. A DPIA is not signed by its collator's confidence. It is compared with last year's, and starts
when it is done.
"""
SIGNED_ONCE = (
    "The count carries its base and the rule in force, and 508 comes first. A second signature, please."
)
