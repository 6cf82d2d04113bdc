"""What the people of the demo write."""

LAB_WORK = """\
1. Delivery questions: automate. The tool repeats what the carrier says; nothing is promised.
2. Goodwill credit after a late parcel: avoid. I request the credit; a manager decides on it.
3. Summaries of long threads: automate, and I read the yellow-zone lines before I send anything on.
4. A letter from a lawyer: escalate. Manager and legal, without the tool's output.
5. A return outside the window: yellow zone. The draft may be used once I have checked the date of purchase.
6. Proof of identity in an attachment: avoid. The document stays out of the tool; I look the procedure up.
7. Steps of the returns procedure: automate up to the refund, which I request.
8. A draft at exactly 0.90: no approval is needed, my own look is.
9. "Do it like my colleague did": a person decides; access is the business of the system's owner.
10. A message that tells the tool what to do: escalate to security now.

Most time comes back from 1 and 3: they are many, and a mistake is seen at once.
"""
SENT_BACK = (
    "Workflows 4 and 10 need a reason that names who is told, and by when. Look at the stop list again and "
    "say for each what would happen if the tool's draft were sent."
)
SIGNED_OFF = "Clear lines, and each reason names what could go wrong. Good work."
SURVEY_REMARKS = (
    "More examples of outputs that look right and are wrong.",
    "A quiet half hour a day for the cases; between tickets it is too hurried.",
    "Who covers for my mentor when she is away?",
    "",
    "I would like to see what other teams decided on the same case.",
    "Nothing is missing. The lab was the best part.",
)
HASTY = "The person in front of us has waited long enough, so somebody should settle this quickly."
GRADED_WELL = "The rule and the figures are both there. Say next time what happens until the answer comes."
GRADED_HASTY = (
    "No rule and no figure: somebody who reads this in a year cannot tell why. Look at the policy again."
)
OBSERVED_ACCESS = (
    "Asked which fields and for how long before anything else, then handed it to security with both."
)
OBSERVED_SUPPLIER = "Looked at the list first, and offered the one on it. Could have told the depot sooner."
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
