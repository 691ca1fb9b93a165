# support/llm/offline/utterances/german.py -- what people say in German, and what comes of it.
from support.llm.offline.utterances.said import (
    EVERYTHING,
    FRIDAY,
    MONDAY,
    TODAY,
    TUESDAY,
    Call,
    Said,
    add,
    deleted,
    done,
    look,
    moved,
    reminded,
    reopened,
    sought,
    updated,
)

TASKS = ("Milch kaufen", "Mama anrufen", "Bericht schreiben | 20 Seiten. " + FRIDAY, "[x] Blumen gießen")
OATS = ("Milch kaufen", "Hafermilch kaufen", "Mama anrufen")

ADDING: dict[str, list[Call]] = {
    "Erinnere mich daran, die Katze zu füttern": [add("Die Katze füttern")],
    "Erinnere mich morgen daran, das Auto zu waschen": [reminded("Das Auto waschen", MONDAY)],
    "Bitte erinnern Sie mich am Dienstag an den Elternabend": [
        *sought("elternabend"),
        reminded("Elternabend", TUESDAY),
    ],
    "Kannst du mich heute Abend daran erinnern, den Müll rauszubringen?": [
        reminded("Den Müll rausbringen", TODAY + ", 19:00")
    ],
    "Könnten Sie mich bitte übermorgen an die Rechnung erinnern?": [
        *sought("rechnung"),
        reminded("Rechnung", TUESDAY),
    ],
    "Erinner mich um 18 Uhr ans Kochen": [*sought("kochen"), reminded("Kochen", TODAY + ", 18:00")],
    "Füge Nudeln zu meiner Einkaufsliste hinzu": [add("Nudeln", place="Einkauf")],
    "Setz bitte Butter auf die Einkaufsliste": [add("Butter", place="Einkauf")],
    "Schreib Zahnpasta, Seife und Shampoo auf die Liste": [add("Zahnpasta"), add("Seife"), add("Shampoo")],
    "Kannst du Kaffee auf meine Einkaufsliste setzen?": [add("Kaffee", place="Einkauf")],
    "Neue Aufgabe: Steuererklärung abgeben bis nächsten Freitag": [add("Steuererklärung abgeben", FRIDAY)],
    "Erstelle eine neue Aufgabe Keller aufräumen": [add("Keller aufräumen")],
    "Ich möchte eine Aufgabe hinzufügen: Fenster putzen": [add("Fenster putzen")],
    "Trage Zahnarzt am Montag um 9:30 Uhr ein": [add("Zahnarzt", MONDAY + ", 09:30")],
    "Neue Aufgabe: alle 3 Tage die Pflanzen gießen": [
        add("Die Pflanzen gießen", TODAY, repeats="FREQ=DAILY;INTERVAL=3")
    ],
    "Notiere: Geschenk für Lea besorgen": [add("Geschenk für Lea besorgen")],
    "Vergiss nicht, die Pässe zu verlängern": [add("Die Pässe verlängern")],
    "Ich muss am Freitag die Miete überweisen": [add("Die Miete überweisen", FRIDAY)],
    "Wir müssen noch den Flug buchen": [add("Den Flug buchen")],
    "Ich möchte morgen um 10 Uhr an die Sitzung erinnert werden": [
        *sought("sitzung"),
        reminded("Sitzung", MONDAY + ", 10:00"),
    ],
    "Ich brauche eine Erinnerung, die Heizung zu entlüften": [add("Die Heizung entlüften")],
    "Stell eine Erinnerung für morgen um 9 Uhr ein, den Vogel zu füttern": [
        reminded("Den Vogel füttern", MONDAY + ", 09:00")
    ],
    "Kannst du eine Erinnerung für Montag um 9 Uhr an den Friseur machen?": [
        *sought("friseur"),
        reminded("Friseur", MONDAY + ", 09:00"),
    ],
    "Morgen um 8 erinnere mich an den Ölwechsel": [
        *sought("ölwechsel"),
        reminded("Ölwechsel", MONDAY + ", 08:00"),
    ],
    "Brot einkaufen": [add("Brot einkaufen")],
    "Rezept abholen und Oma besuchen": [add("Rezept abholen"), add("Oma besuchen")],
    "Fuege Aepfel zur Einkaufsliste hinzu": [add("Aepfel", place="Einkauf")],
    "Erinnere mich, den Wecker nicht zu vergessen": [add("Den Wecker nicht vergessen")],
    "Erinnere mich in drei Tagen an das Paket": [
        *sought("paket"),
        reminded("Paket", "Due Wednesday 25 November 2026"),
    ],
    "Erinnere mich in einer halben Stunde an den Kuchen": [
        *sought("kuchen"),
        reminded("Kuchen", TODAY + ", 10:13"),
    ],
    "Erinnere mich in zwei Wochen an die Impfung": [
        *sought("impfung"),
        reminded("Impfung", "Due Sunday 6 December 2026"),
    ],
    "Erinnere mich am 4. Dezember um 17 Uhr an das Konzert": [
        *sought("konzert"),
        reminded("Konzert", "Due Friday 4 December 2026, 17:00"),
    ],
    "Erinnere mich am 24.12. an die Geschenke": [
        *sought("geschenk"),
        reminded("Geschenke", "Due Thursday 24 December 2026"),
    ],
    "Erinnere mich am Montag um halb neun an das Interview": [
        *sought("interview"),
        reminded("Interview", MONDAY + ", 08:30"),
    ],
    "Erinnere mich Dienstagabend an das Training": [
        *sought("train"),
        reminded("Training", TUESDAY + ", 19:00"),
    ],
    "Erinnere mich nächste Woche an den Bericht": [*sought("bericht"), reminded("Bericht", MONDAY)],
    "Erinnere mich Ende des Monats an die Abrechnung": [
        *sought("abrechnung"),
        reminded("Abrechnung", "Due Monday 30 November 2026"),
    ],
    "Erinnere mich morgen um viertel nach sieben an das Frühstück": [
        *sought("frühstück"),
        reminded("Frühstück", MONDAY + ", 07:15"),
    ],
    "Erinnere mich am 1. März 2027 an den TÜV": [*sought("tüv"), reminded("TÜV", "Due Monday 1 March 2027")],
    "Erinnere mich morgen früh an die Tabletten": [
        *sought("tabletten"),
        reminded("Tabletten", MONDAY + ", 09:00"),
    ],
}

LOOKING: dict[str, list[Call]] = {
    **dict.fromkeys(
        [
            "Was steht auf meiner Liste?",
            "Zeig mir meine Aufgaben",
            "Zeigen Sie mir bitte die offenen Aufgaben",
            "Was muss ich noch erledigen?",
            "Welche Aufgaben habe ich noch?",
            "Was gibt es zu tun?",
            "Meine Aufgaben",
            "Habe ich noch etwas zu erledigen?",
        ],
        [look(completed=False)],
    ),
    "Zeige alle Aufgaben": [look()],
    "Welche Aufgaben sind erledigt?": [look(completed=True)],
    "Was habe ich schon geschafft?": [look(completed=True)],
    "Was steht am Freitag an?": [look(day=FRIDAY, completed=False)],
    "Was muss ich heute machen?": [look(day=TODAY, completed=False)],
    "Welche Aufgaben sind überfällig?": [look(completed=False, limit=200, overdue=True)],
    "Wie viele Aufgaben habe ich?": [EVERYTHING],
}

DATED = ("Zahnarzt | Due Thursday 26 November 2026, 15:00", "Miete überweisen | Due Tuesday 1 December 2026")

PLANNING = [
    Said(
        "Erinnere mich um 8 an den Zahnarzt",
        (look("zahnarzt", completed=False), updated(1, reminder_at="2026-11-26T08:00:00")),
        ("Ich erinnere dich an „Zahnarzt“: Donnerstag, 26. November, 08:00.",),
        DATED,
    ),
    Said(
        "Erinnere mich eine Stunde vor dem Zahnarzt",
        (look("zahnarzt", completed=False), updated(1, reminder_at="2026-11-26T14:00:00")),
        ("14:00",),
        DATED,
    ),
    Said(
        "Erinnere mich einen Tag vorher an die Miete",
        (look("miet", completed=False), updated(2, reminder_at="2026-11-30T09:00:00")),
        ("09:00",),
        DATED,
    ),
    Said(
        "Erinnere mich nicht mehr an den Zahnarzt",
        (look("zahnarzt", completed=False), updated(1, reminder_at=None)),
        ("Ich erinnere dich nicht",),
        DATED,
    ),
    Said(
        "Verschiebe die Miete auf jeden 1. des Monats",
        (look("miet"), updated(2, due_on="2026-12-01", repeats="FREQ=MONTHLY;BYMONTHDAY=1")),
        ("am 1., jeden Monat.",),
        DATED,
    ),
    Said(
        "Miete überweisen soll sich nicht mehr wiederholen",
        (look("überweisen"), updated(2, repeats=None)),
        ("wiederholt sich nicht mehr",),
        DATED,
    ),
]

CHANGING = [
    *(
        Said(text, (look("milch", completed=False), done(1)), ("Erledigt: „Milch kaufen“.",), TASKS)
        for text in [
            "Hake die Milch ab",
            "Milch ist erledigt",
            "Markiere Milch als erledigt",
            "Ich habe die Milch gekauft",
            "Kannst du Milch abhaken?",
        ]
    ),
    Said("Lösche die Milch", (look("milch"), deleted(1)), ("Gelöscht: „Milch kaufen“.",), TASKS),
    Said("Nimm die Milch von der Liste", (look("milch"), deleted(1)), (), TASKS),
    Said("Aufgabe Mama anrufen löschen", (look("mama"), deleted(2)), (), TASKS),
    Said("Ist noch Milch auf der Liste?", (look("milch"),), ("„Milch kaufen“ ist noch offen",), TASKS),
    Said(
        "Ich muss die Aufgabe Milch löschen", (look("milch"),), ("Soll ich „Milch kaufen“ löschen?",), TASKS
    ),
    Said("Mama anrufen löschen", (look("mama"), deleted(2)), (), TASKS),
    Said("Entfernen Sie bitte Milch von der Liste", (look("milch"), deleted(1)), (), TASKS),
    Said("Lösche alle erledigten Aufgaben", (look(completed=True, limit=25), deleted(4)), (), TASKS),
    Said(
        "Benenne Milch kaufen in Sahne kaufen um",
        (look("milch"), updated(1, title="Sahne kaufen")),
        ("Umbenannt: „Milch kaufen“ in „Sahne kaufen“.",),
        TASKS,
    ),
    Said(
        "Nenne Mama anrufen in Papa anrufen um", (look("mama"), updated(2, title="Papa anrufen")), (), TASKS
    ),
    Said(
        "Verschiebe Mama anrufen auf Dienstag um 17 Uhr",
        (look("mama"), moved(2, TUESDAY + ", 17:00")),
        ("„Mama anrufen“ ist jetzt fällig: Dienstag, 24. November, 17:00.",),
        TASKS,
    ),
    Said("Blumen ist doch noch nicht erledigt", (look("blumen", completed=True), reopened(4)), (), TASKS),
    Said("Lösche den Drachen", (look("drachen"), EVERYTHING), ("keine Aufgabe wie „Drachen“",), TASKS),
]

TALKING = [
    Said("ja", (deleted(1),), ("Gelöscht:",), TASKS, ("Lösche die Milch?",)),
    Said("die zweite", (deleted(1),), ("„Milch kaufen“",), OATS, ("Lösche das Kaufen",)),
    Said("Hake die 2 ab", (done(2),), ("Erledigt: „Mama anrufen“.",), TASKS, ("Zeig mir meine Aufgaben",)),
    Said("Lösche es", (deleted(1),), ("Gelöscht: „Brot holen“.",), (), ("Füge Brot holen hinzu",)),
    Said("Mach das rückgängig", (deleted(1),), ("steht nicht mehr auf der Liste",), (), ("Füge Brot hinzu",)),
    Said("Hallo!", (), ("Hallo!",)),
    Said("Vielen Dank", (), ("Gern geschehen",)),
    Said("Was kannst du?", (), ("Zum Beispiel",)),
]

NOTHING = [
    "Schalte das Licht aus",
    "Mach das Licht im Wohnzimmer an",
    "Spiele Musik",
    "Spiel ein Lied von Nena",
    "Wie wird das Wetter morgen?",
    "Wie spät ist es?",
    "Stell einen Wecker auf 7 Uhr",
    "Stelle den Timer auf zehn Minuten",
    "Ruf Mama an",
    "Schreib Anna eine Nachricht",
    "Erzähl mir einen Witz",
    "Was ist die Hauptstadt von Frankreich?",
    "Wer hat das Spiel gewonnen?",
    "Lösche die Milch nicht",
    "Bitte nicht löschen",
    "Lösche nichts",
    "Füge Milch nicht hinzu",
    "Erinnere mich nicht daran",
    "Ich habe Mama nicht angerufen",
    "Soll ich die Milch löschen?",
    "Wenn ich zu Hause bin, lösche die Milch",
    "Falls es regnet, erinnere mich",
    "Vielleicht lösche ich die Milch",
    "Füge dieses Lied zu meiner Playlist hinzu",
    "Setze den Film auf meine Wiedergabeliste",
    "Dreh die Heizung auf 20 Grad",
    "Öffne die Tür",
    "Navigiere nach Berlin",
    "Übersetze Hund ins Englische",
    "Wie viel ist zwei plus zwei?",
    "Ich bin müde",
    "Das Wetter ist schön heute",
    "Guten Morgen",
    "Danke dir",
    "Warum wurde die Milch gelöscht?",
    "Du sollst die Milch nicht löschen",
    "Mach den Fernseher lauter",
    "Nimm den Anruf an",
    "Stell die Musik leiser",
    "Bestell mir eine Pizza",
    "Was bedeutet das?",
    "Erinnere meinen Bruder daran, einzukaufen",
    "Trage mich in den Newsletter ein",
    "Bewerte dieses Buch mit vier Sternen",
    "Ich war gestern im Kino",
]
