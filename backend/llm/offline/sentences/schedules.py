# llm/offline/sentences/schedules.py -- what the offline model says of due dates, repetition and reminders
# fmt: off
from llm.offline.sentences.sentence import Sentence

DUE = Sentence(en="due {day}", de="fällig {day}", fr="échéance {day}", es="vence el {day}")
DUE_AGAIN = Sentence(en="{title} is due again {day}.", de="{title} ist wieder fällig: {day}.",
                     fr="Prochaine échéance de {title} : {day}.", es="{title} vence otra vez el {day}.")
NOT_DUE_AGAIN = Sentence(en="{title} does not come again.", de="{title} kommt nicht wieder.",
                         fr="{title} ne revient plus.", es="{title} no se repite más.")
REMINDER_THEN = Sentence(en="with a reminder", de="mit Erinnerung", fr="avec un rappel", es="con un recordatorio")
REMINDER_AT = Sentence(en="reminder at {time}", de="Erinnerung um {time}", fr="rappel à {time}",
                       es="recordatorio a las {time}")
REMINDER_ON = Sentence(en="reminder {day}", de="Erinnerung {day}", fr="rappel {day}", es="recordatorio {day}")
