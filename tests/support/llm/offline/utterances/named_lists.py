# support/llm/offline/utterances/named_lists.py -- lists by their names in German, French and Spanish.
from llm.offline.sentences.sentence import Language
from support.llm.offline.utterances.said import Call, Said, add, deleted, done, look, updated

TASKS: dict[Language, tuple[str, ...]] = {
    "de": (
        "Milch @ Einkauf",
        "Butter @ Einkauf",
        "Bericht schreiben @ Arbeit",
        "Mama anrufen",
        "[x] Blumen gießen",
        "Miete | Due Friday 20 November 2026",
    ),
    "fr": (
        "Lait @ Courses",
        "Beurre @ Courses",
        "Écrire le rapport @ Travail",
        "Appeler maman",
        "[x] Arroser les plantes",
        "Loyer | Due Friday 20 November 2026",
    ),
    "es": (
        "Leche @ Compra",
        "Mantequilla @ Compra",
        "Escribir el informe @ Trabajo",
        "Llamar a mamá",
        "[x] Regar las plantas",
        "Alquiler | Due Friday 20 November 2026",
    ),
}

# What is put on a list: the titles, and the list.
PUT: dict[Language, dict[str, str]] = {
    "de": {
        "Setz Milch und Brot auf die Einkaufsliste": "Milch, Brot @ Einkauf",
        "Füge Nudeln zu meiner Einkaufsliste hinzu": "Nudeln @ Einkauf",
        "Schreib Zahnpasta, Seife und Shampoo auf die Einkaufsliste": "Zahnpasta, Seife, Shampoo @ Einkauf",
        "Pack das Zelt auf die Packliste": "Zelt @ Packen",
        "Füge den Bericht zur Liste Arbeit hinzu": "Bericht @ Arbeit",
        'Setz "Steuer" auf die Liste "Büro"': "Steuer @ Büro",
        "Füge Eier zur Liste namens Party hinzu": "Eier @ Party",
        "Setz Salz und Pfeffer auf die Einkaufsliste": "Salz, Pfeffer @ Einkauf",
        "Kannst du Eier auf meine Einkaufsliste setzen?": "Eier @ Einkauf",
        "Einkaufsliste: Eier, Mehl": "Eier, Mehl @ Einkauf",
        "Auf die Einkaufsliste: Eier": "Eier @ Einkauf",
        "Ich brauche Milch auf der Einkaufsliste": "Milch @ Einkauf",
        "Füg Reis, Bohnen und Mais zur Einkaufsliste hinzu": "Reis, Bohnen, Mais @ Einkauf",
        "Setze bitte den Schlafsack auf die Packliste": "Schlafsack @ Packen",
        "Trag Kerzen auf der Liste namens Geburtstag ein": "Kerzen @ Geburtstag",
    },
    "fr": {
        "Ajoute du lait à la liste de courses": "Lait @ Courses",
        "Mets du pain et du beurre sur la liste de courses": "Pain, Beurre @ Courses",
        "Ajoute des œufs, de la farine et du sucre à ma liste de courses": "Œufs, Farine, Sucre @ Courses",
        "Note le rapport sur la liste Travail": "Rapport @ Travail",
        'Ajoute "Budget" à la liste "Bureau"': "Budget @ Bureau",
        "Ajoute la tente à la liste nommée Camping": "Tente @ Camping",
        "Peux-tu ajouter des œufs à ma liste de courses ?": "Œufs @ Courses",
        "Liste de courses : œufs, farine": "Œufs, Farine @ Courses",
        "J'ai besoin de lait sur la liste de courses": "Lait @ Courses",
        "Rajoute du riz, des haricots et du maïs à la liste de courses": "Riz, Haricots, Maïs @ Courses",
        "Mets le sac de couchage sur la liste Camping": "Sac de couchage @ Camping",
    },
    "es": {
        "Añade leche a la lista de la compra": "Leche @ Compra",
        "Pon pan y mantequilla en la lista de la compra": "Pan, Mantequilla @ Compra",
        "Agrega huevos, harina y azúcar a mi lista de compras": "Huevos, Harina, Azúcar @ Compra",
        "Apunta el informe en la lista Trabajo": "Informe @ Trabajo",
        'Añade "Presupuesto" a la lista "Oficina"': "Presupuesto @ Oficina",
        "Añade la tienda a la lista llamada Camping": "Tienda @ Camping",
        "¿Puedes añadir huevos a mi lista de la compra?": "Huevos @ Compra",
        "Lista de la compra: huevos, harina": "Huevos, Harina @ Compra",
        "Necesito leche en la lista de la compra": "Leche @ Compra",
        "Agrega arroz, frijoles y maíz a la lista de la compra": "Arroz, Frijoles, Maíz @ Compra",
        "Pon el saco de dormir en la lista Camping": "Saco de dormir @ Camping",
    },
}

ALL: dict[Language, dict[str, tuple[Call, ...]]] = {
    "de": {
        **dict.fromkeys(
            [
                "Was steht auf der Einkaufsliste?",
                "Zeig mir die Einkaufsliste",
                "Meine Einkaufsliste",
                "Einkaufsliste anzeigen",
                "Kannst du mir die Einkaufsliste zeigen?",
            ],
            (look(place="Einkauf", completed=False),),
        ),
        **dict.fromkeys(
            ["Was ist auf meiner Arbeitsliste?", "Was steht auf der Liste Arbeit?", "Zeig die Liste Arbeit"],
            (look(place="Arbeit", completed=False),),
        ),
        "Wie viele Sachen stehen auf der Einkaufsliste?": (look(place="Einkauf", limit=200),),
        "Steht Milch auf der Einkaufsliste?": (look("milch", place="Einkauf"),),
        **dict.fromkeys(
            [
                "Erledige alles auf der Einkaufsliste",
                "Hake alles auf der Einkaufsliste ab",
                "Ich habe alles auf der Einkaufsliste gekauft",
                "Alles auf der Einkaufsliste ist erledigt",
            ],
            (look(place="Einkauf", completed=False, limit=200), done(2), done(1)),
        ),
        **dict.fromkeys(
            [
                "Lösche alles von der Einkaufsliste",
                "Leere die Einkaufsliste",
                "Lösche die Einkaufsliste",
                "Mach die Einkaufsliste leer",
            ],
            (look(place="Einkauf", limit=200), deleted(2), deleted(1)),
        ),
        "Nimm die Milch von der Einkaufsliste": (look("milch", place="Einkauf"), deleted(1)),
        "Streiche Butter von der Einkaufsliste": (look("butter", place="Einkauf"), deleted(2)),
        "Entferne Milch von der Liste Einkaufen": (look("milch", place="Einkaufen"), look("milch")),
        "Verschiebe alles auf der Liste Arbeit auf Freitag": (
            look(place="Arbeit", completed=False, limit=200),
            updated(3, due_on="2026-11-27"),
        ),
        **dict.fromkeys(
            ["Verschiebe alles Überfällige auf morgen", "Verschiebe alle überfälligen Aufgaben auf Montag"],
            (look(completed=False, limit=200, overdue=True), updated(6, due_on="2026-11-23")),
        ),
        **dict.fromkeys(
            ["Lösche alle erledigten Aufgaben", "Lösche alles, was erledigt ist"],
            (look(completed=True, limit=25), deleted(5)),
        ),
        "Was habe ich gestern erledigt?": (look(done=("2026-11-21", "2026-11-21"), completed=True),),
        "Was habe ich letzte Woche geschafft?": (look(done=("2026-11-09", "2026-11-15"), completed=True),),
        "Welche Aufgaben habe ich diesen Monat erledigt?": (
            look(done=("2026-11-01", "2026-11-30"), completed=True),
        ),
        "Wie viele Aufgaben habe ich letzte Woche erledigt?": (
            look(done=("2026-11-09", "2026-11-15"), completed=True, limit=200),
        ),
        "Was muss ich noch einkaufen?": (look(completed=False),),
        "Ist Butter auf meiner Einkaufsliste?": (look("butter", place="Einkauf"),),
        "Was habe ich heute geschafft?": (look(done=("2026-11-22", "2026-11-22"), completed=True),),
        "Was habe ich in den letzten 3 Tagen erledigt?": (
            look(done=("2026-11-19", "2026-11-22"), completed=True),
        ),
        "Wie viele Aufgaben habe ich gestern geschafft?": (
            look(done=("2026-11-21", "2026-11-21"), completed=True, limit=200),
        ),
        "Hake Milch auf der Einkaufsliste ab": (look("milch", place="Einkauf", completed=False), done(1)),
    },
    "fr": {
        **dict.fromkeys(
            [
                "Qu'est-ce qu'il y a sur la liste de courses ?",
                "Qu'y a-t-il sur ma liste de courses ?",
                "Montre-moi la liste de courses",
                "Ma liste de courses",
                "Que reste-t-il sur la liste de courses ?",
                "Tu peux me montrer la liste de courses ?",
            ],
            (look(place="Courses", completed=False),),
        ),
        "Affiche la liste Travail": (look(place="Travail", completed=False),),
        "Combien de choses y a-t-il sur la liste de courses ?": (look(place="Courses", limit=200),),
        **dict.fromkeys(
            [
                "Est-ce que le lait est sur la liste de courses ?",
                "Est-ce qu'il y a du lait sur la liste de courses ?",
            ],
            (look("lait", place="Courses"),),
        ),
        **dict.fromkeys(
            [
                "Coche tout sur la liste de courses",
                "Termine tout ce qui est sur la liste de courses",
                "J'ai tout acheté sur la liste de courses",
                "Tout est fait sur la liste de courses",
            ],
            (look(place="Courses", completed=False, limit=200), done(2), done(1)),
        ),
        **dict.fromkeys(
            [
                "Supprime tout de la liste de courses",
                "Vide la liste de courses",
                "Supprime la liste de courses",
            ],
            (look(place="Courses", limit=200), deleted(2), deleted(1)),
        ),
        **dict.fromkeys(
            ["Enlève le lait de la liste de courses", "Retire le lait de la liste Courses"],
            (look("lait", place="Courses"), deleted(1)),
        ),
        "Raye le beurre de la liste de courses": (look("beurr", place="Courses"), deleted(2)),
        **dict.fromkeys(
            [
                "Déplace tout ce qui est sur la liste Travail à vendredi",
                "Reporte tout de la liste Travail à vendredi",
            ],
            (look(place="Travail", completed=False, limit=200), updated(3, due_on="2026-11-27")),
        ),
        **dict.fromkeys(
            [
                "Reporte les tâches en retard à demain",
                "Reporte tout ce qui est en retard à demain",
                "Reporte toutes les tâches en retard à lundi",
            ],
            (look(completed=False, limit=200, overdue=True), updated(6, due_on="2026-11-23")),
        ),
        "Supprime toutes les tâches terminées": (look(completed=True, limit=25), deleted(5)),
        "Qu'est-ce que j'ai fait hier ?": (look(done=("2026-11-21", "2026-11-21"), completed=True),),
        "Qu'est-ce que j'ai terminé la semaine dernière ?": (
            look(done=("2026-11-09", "2026-11-15"), completed=True),
        ),
        "Quelles tâches ai-je terminées ce mois-ci ?": (
            look(done=("2026-11-01", "2026-11-30"), completed=True),
        ),
        "Combien de tâches ai-je terminées la semaine dernière ?": (
            look(done=("2026-11-09", "2026-11-15"), completed=True, limit=200),
        ),
        **dict.fromkeys(
            ["Qu'est-ce que je dois acheter ?", "Montre la liste de choses à faire"], (look(completed=False),)
        ),
        "Le beurre est sur ma liste de courses ?": (look("beurr", place="Courses"),),
        "Coche le lait sur la liste de courses": (look("lait", place="Courses", completed=False), done(1)),
        "Qu'est-ce que j'ai fait aujourd'hui ?": (look(done=("2026-11-22", "2026-11-22"), completed=True),),
        "Qu'est-ce que j'ai terminé ces 3 derniers jours ?": (
            look(done=("2026-11-19", "2026-11-22"), completed=True),
        ),
        "Supprime le rapport de la liste Travail": (look("rapport", place="Travail"), deleted(3)),
        "Combien de tâches ai-je terminées hier ?": (
            look(done=("2026-11-21", "2026-11-21"), completed=True, limit=200),
        ),
    },
    "es": {
        **dict.fromkeys(
            [
                "¿Qué hay en la lista de la compra?",
                "¿Qué tengo en mi lista de la compra?",
                "Muéstrame la lista de la compra",
                "Mi lista de la compra",
                "¿Qué queda en la lista de la compra?",
                "¿Me puedes mostrar la lista de la compra?",
            ],
            (look(place="Compra", completed=False),),
        ),
        "Muestra la lista Trabajo": (look(place="Trabajo", completed=False),),
        "¿Cuántas cosas hay en la lista de la compra?": (look(place="Compra", limit=200),),
        **dict.fromkeys(
            ["¿Está la leche en la lista de la compra?", "¿Hay leche en la lista de la compra?"],
            (look("lech", place="Compra"),),
        ),
        **dict.fromkeys(
            [
                "Completa todo lo de la lista de la compra",
                "Marca todo en la lista de la compra como hecho",
                "Termina todo lo que hay en la lista de la compra",
                "He comprado todo lo de la lista de la compra",
                "Todo lo de la lista de la compra está hecho",
            ],
            (look(place="Compra", completed=False, limit=200), done(2), done(1)),
        ),
        **dict.fromkeys(
            [
                "Borra todo de la lista de la compra",
                "Vacía la lista de la compra",
                "Borra la lista de la compra",
            ],
            (look(place="Compra", limit=200), deleted(2), deleted(1)),
        ),
        **dict.fromkeys(
            ["Quita la leche de la lista de la compra", "Elimina leche de la lista Compra"],
            (look("lech", place="Compra"), deleted(1)),
        ),
        "Tacha la mantequilla de la lista de la compra": (
            look("mantequilla", place="Compra", completed=False),
            done(2),
        ),
        **dict.fromkeys(
            ["Mueve todo lo de la lista Trabajo al viernes", "Aplaza todo de la lista Trabajo al viernes"],
            (look(place="Trabajo", completed=False, limit=200), updated(3, due_on="2026-11-27")),
        ),
        **dict.fromkeys(
            [
                "Mueve todo lo atrasado a mañana",
                "Aplaza las tareas atrasadas a mañana",
                "Aplaza todas las tareas atrasadas al lunes",
            ],
            (look(completed=False, limit=200, overdue=True), updated(6, due_on="2026-11-23")),
        ),
        "Borra todas las tareas hechas": (look(completed=True, limit=25), deleted(5)),
        "¿Qué hice ayer?": (look(done=("2026-11-21", "2026-11-21"), completed=True),),
        **dict.fromkeys(
            ["¿Qué he hecho hoy?", "¿Qué he terminado hoy?"],
            (look(done=("2026-11-22", "2026-11-22"), completed=True),),
        ),
        "¿Qué terminé la semana pasada?": (look(done=("2026-11-09", "2026-11-15"), completed=True),),
        "¿Qué tareas he completado este mes?": (look(done=("2026-11-01", "2026-11-30"), completed=True),),
        "¿Cuántas tareas terminé la semana pasada?": (
            look(done=("2026-11-09", "2026-11-15"), completed=True, limit=200),
        ),
        **dict.fromkeys(
            ["¿Qué tengo que comprar?", "Muéstrame la lista de cosas por hacer"], (look(completed=False),)
        ),
        "¿Está la mantequilla en mi lista de compras?": (look("mantequilla", place="Compra"),),
        "Tacha la leche de la lista de la compra": (look("lech", place="Compra", completed=False), done(1)),
        "¿Qué he completado en los últimos 3 días?": (
            look(done=("2026-11-19", "2026-11-22"), completed=True),
        ),
        "Quita el informe de la lista Trabajo": (look("inform", place="Trabajo"), deleted(3)),
        "¿Cuántas tareas completé ayer?": (
            look(done=("2026-11-21", "2026-11-21"), completed=True, limit=200),
        ),
    },
}


def put(words: str) -> tuple[Call, ...]:
    titles, _, place = words.partition(" @ ")
    return tuple(add(title, place=place) for title in titles.split(", "))


NAMED_LISTS: dict[Language, list[Said]] = {
    language: [
        *(Said(text, put(words)) for text, words in PUT[language].items()),
        *(Said(text, calls, (), TASKS[language]) for text, calls in ALL[language].items()),
    ]
    for language in TASKS
}
