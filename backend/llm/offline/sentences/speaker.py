# llm/offline/sentences/speaker.py -- says sentences of the catalogue in a language, and names days in it
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from llm.offline.sentences import lists
from llm.offline.sentences.calendar import DAY_OF_ANOTHER_YEAR, DAY_OF_THIS_YEAR, MONTHS, WEEKDAYS
from llm.offline.sentences.sentence import Language, Sentence


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks `language`; `now` is aware, on the clock of the person. Dates of this year are written without it."""

    language: Language
    now: dt.datetime

    def say(self, sentence: Sentence, count: int = 2, **slots: str) -> str:
        """The sentence, with its slots filled. The count chooses between its forms, and is shown as {count}."""
        return sentence.choose_form(self.language, count).format(count=count, **slots)

    def join_phrases(self, parts: Sequence[str], last: Sentence = lists.AND) -> str:
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self.say(last)} {parts[-1]}"

    def format_day(self, day: dt.date) -> str:
        """ "Monday 23 November": the year only if it is not this one."""
        return self.say(
            DAY_OF_THIS_YEAR if day.year == self.now.year else DAY_OF_ANOTHER_YEAR,
            weekday=WEEKDAYS[self.language][day.weekday()],
            day=str(day.day),
            month=MONTHS[self.language][day.month - 1],
            year=str(day.year),
        )
