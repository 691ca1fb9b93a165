# llm/offline/sentences/repetition.py -- how each language says that something repeats
# fmt: off
from due_dates.rules import Frequency
from llm.offline.sentences.sentence import Language, Sentence

EVERY: dict[Frequency, Sentence] = {
    "HOURLY": Sentence(en="every hour | every {count} hours", de="jede Stunde | alle {count} Stunden",
                       fr="chaque heure | toutes les {count} heures", es="cada hora | cada {count} horas"),
    "DAILY": Sentence(en="every day | every {count} days", de="jeden Tag | alle {count} Tage",
                      fr="chaque jour | tous les {count} jours", es="cada día | cada {count} días"),
    "WEEKLY": Sentence(en="every week | every {count} weeks", de="jede Woche | alle {count} Wochen",
                       fr="chaque semaine | toutes les {count} semaines", es="cada semana | cada {count} semanas"),
    "MONTHLY": Sentence(en="every month | every {count} months", de="jeden Monat | alle {count} Monate",
                        fr="chaque mois | tous les {count} mois", es="cada mes | cada {count} meses"),
    "YEARLY": Sentence(en="every year | every {count} years", de="jedes Jahr | alle {count} Jahre",
                       fr="chaque année | tous les {count} ans", es="cada año | cada {count} años"),
}
EVERY_WEEKDAY = Sentence(en="every {days}", de="jeden {days}", fr="chaque {days}", es="cada {days}")
WORKDAYS = Sentence(en="every weekday", de="jeden Werktag", fr="du lundi au vendredi", es="de lunes a viernes")
# "every month" and the days: "on the 1st", "on the last Friday".
ON_DAYS = Sentence(en="{every} on {days}", de="{days}, {every}", fr="{every}, {days}", es="{every}, {days}")
ON_WEEKDAY = Sentence(en="{weekday}", de="am {weekday}", fr="le {weekday}", es="el {weekday}")
DAY_OF_MONTH = Sentence(en="the {day}", de="am {day}.", fr="le {day}", es="el día {day}")
LAST_DAY = Sentence(en="the last day", de="am letzten Tag", fr="le dernier jour", es="el último día")
NTH_WEEKDAY = Sentence(en="the {nth} {weekday}", de="am {nth} {weekday}", fr="le {nth} {weekday}",
                       es="el {nth} {weekday}")
IN_MONTH = Sentence(en="{days} of {month}", de="{days} im {month}", fr="{days} de {month}", es="{days} de {month}")
DATE = Sentence(en="{day} {month}", de="am {day}. {month}", fr="le {day} {month}", es="el {day} de {month}")
UNTIL = Sentence(en="{rule} until {day}", de="{rule} bis {day}", fr="{rule} jusqu'au {day}", es="{rule} hasta el {day}")
TIMES = Sentence(en="{rule}, once more | {rule}, {count} times", de="{rule}, noch einmal | {rule}, noch {count}-mal",
                 fr="{rule}, encore une fois | {rule}, encore {count} fois",
                 es="{rule}, una vez más | {rule}, {count} veces")
OTHERWISE = Sentence(en="repeats", de="wiederholt sich", fr="se répète", es="se repite")
# The first to the fifth, and the last one at the end.
NTH: dict[Language, tuple[str, ...]] = {
    "en": ("first", "second", "third", "fourth", "fifth", "last"),
    "de": ("ersten", "zweiten", "dritten", "vierten", "fünften", "letzten"),
    "fr": ("premier", "deuxième", "troisième", "quatrième", "cinquième", "dernier"),
    "es": ("primer", "segundo", "tercer", "cuarto", "quinto", "último"),
}
