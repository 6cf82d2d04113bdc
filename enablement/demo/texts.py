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
DRAFT = "The parcel has been at the depot since Tuesday; the customer wants it by Friday and has asked twice."
APPROVED = "The dates agree with the carrier's page. Take the second sentence out before you send it."
WIDER_WHY = "The Frankfurt floor joins the program in January; its tickets may not leave Germany."
WIDER_SEEN = "Frankfurt's leads asked for this in October, and their mentors are named."
REFUND = "Order 40713 came broken, photographs are in the ticket. The customer asks for the 38 euros back."
APPEAL_UNCLEAR = (
    "Two of the options fit what the lesson says, depending on how one reads the situation. Two colleagues "
    "on my shift read it as I did. Please look at the wording."
)
APPEAL_STRICT = (
    "I know the rule and applied it; I only chose the more careful of two steps. In my queue that is what we "
    "are told to do."
)
APPEAL_ANSWER = (
    "I see how you got there, and being careful is never wrong at work. The question asks for the step that "
    "the policy names, and the lesson has it in so many words. Everybody else was marked in the same way."
)
