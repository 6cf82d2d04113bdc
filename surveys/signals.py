"""What surveys announce: `send(sender=Response, facts=[Fact, ...])`; in the change's transaction."""

from django.dispatch import Signal

#: kind `surveys.survey_answered`; no answer is in the payload
survey_answered = Signal()
#: one person's words are gone
words_erased = Signal()
