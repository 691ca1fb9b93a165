# llm/offline/sentences/schedules.py -- what the offline model says of due dates, repetition and reminders
# fmt: off
from llm.offline.sentences.sentence import Sentence

DUE = Sentence(en="due {day}", de="fällig {day}", fr="échéance {day}", es="vence el {day}")
DUE_AGAIN = Sentence(en="{title} is due again {day}.", de="{title} ist wieder fällig: {day}.",
                     fr="Prochaine échéance de {title} : {day}.", es="{title} vence otra vez el {day}.")
NOT_DUE_AGAIN = Sentence(en="{title} does not come again.", de="{title} kommt nicht wieder.",
                         fr="{title} ne revient plus.", es="{title} no se repite más.")
NOT_REPEATED = Sentence(en="{title} does not repeat any more.", de="{title} wiederholt sich nicht mehr.",
                        fr="{title} ne se répète plus.", es="{title} ya no se repite.")

REMINDER_THEN = Sentence(en="with a reminder", de="mit Erinnerung", fr="avec un rappel", es="con un recordatorio")
REMINDER_AT = Sentence(en="reminder at {time}", de="Erinnerung um {time}", fr="rappel à {time}",
                       es="recordatorio a las {time}")
REMINDER_ON = Sentence(en="reminder {day}", de="Erinnerung {day}", fr="rappel {day}", es="recordatorio {day}")
REMINDED = Sentence(en="I will remind you of {title} on {day}.", de="Ich erinnere dich an {title}: {day}.",
                    fr="Je te rappellerai {title} : {day}.", es="Te recordaré {title}: {day}.")
NOT_REMINDED = Sentence(en="I will not remind you of {title}.", de="Ich erinnere dich nicht an {title}.",
                        fr="Je ne te rappellerai pas {title}.", es="No te recordaré {title}.")
NO_REMINDER = Sentence(en="I cannot remind you of {title}: {reason}",
                       de="Ich kann dich nicht an {title} erinnern: {reason}",
                       fr="Je ne peux pas te rappeler {title} : {reason}", es="No puedo recordarte {title}: {reason}")
# What completes it.
NO_DATE_TO_COUNT_FROM = Sentence(en="it has no date.", de="Es gibt kein Datum dafür.", fr="il n'y a pas de date.",
                                 es="no tiene fecha.")
NO_TIME_TO_COUNT_FROM = Sentence(en="it is due on a day, not at a time.",
                                 de="Es ist an einem Tag fällig, nicht zu einer Uhrzeit.",
                                 fr="l'échéance est un jour, pas une heure.", es="vence un día, no a una hora.")
REMINDER_PAST = Sentence(en="that time is past.", de="Diese Zeit ist vorbei.", fr="cette heure est passée.",
                         es="esa hora ya ha pasado.")
# What completes "I could not ...".
SET_REMINDER = Sentence(en="set a reminder for", de="mit einer Erinnerung versehen", fr="mettre un rappel sur",
                        es="poner un recordatorio a")
