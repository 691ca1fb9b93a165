# support/llm/offline/utterances/french.py -- what people say in French, and what comes of it.
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

TASKS = (
    "Acheter du lait",
    "Appeler maman",
    "Écrire le rapport | 20 pages. " + FRIDAY,
    "[x] Arroser les plantes",
)
OATS = ("Acheter du lait", "Acheter du lait d'avoine", "Appeler maman")

ADDING: dict[str, list[Call]] = {
    "Rappelle-moi de nourrir le chat": [add("Nourrir le chat")],
    "Rappelle-moi demain de laver la voiture": [reminded("Laver la voiture", MONDAY)],
    "Rappelez-moi mardi la réunion des parents": [
        *sought("parent"),
        reminded("Réunion des parents", TUESDAY),
    ],
    "Peux-tu me rappeler de sortir les poubelles ce soir ?": [
        reminded("Sortir les poubelles", TODAY + ", 19:00")
    ],
    "Pourriez-vous me rappeler après-demain la facture, s'il vous plaît ?": [reminded("Facture", TUESDAY)],
    "Rappelle-moi à 18h de cuisiner": [reminded("Cuisiner", TODAY + ", 18:00")],
    "Ajoute des pâtes à ma liste de courses": [add("Pâtes", place="Courses")],
    "Mets du beurre sur la liste de courses s'il te plaît": [add("Beurre", place="Courses")],
    "Ajoute dentifrice, savon et shampoing à la liste": [add("Dentifrice"), add("Savon"), add("Shampoing")],
    "Tu peux mettre du café dans ma liste de courses ?": [add("Café", place="Courses")],
    "Nouvelle tâche : rendre la déclaration vendredi prochain": [add("Rendre la déclaration", FRIDAY)],
    "Crée une nouvelle tâche ranger la cave": [add("Ranger la cave")],
    "Je voudrais ajouter une tâche : laver les vitres": [add("Laver les vitres")],
    "Ajoute réunion chaque lundi à 9h": [add("Réunion", MONDAY + ", 09:00", repeats="FREQ=WEEKLY;BYDAY=MO")],
    "Ajoute dentiste lundi à 9h30": [add("Dentiste", MONDAY + ", 09:30")],
    "Note : trouver un cadeau pour Léa": [add("Trouver un cadeau pour Léa")],
    "N'oublie pas de renouveler les passeports": [add("Renouveler les passeports")],
    "Je dois payer le loyer vendredi": [add("Payer le loyer", FRIDAY)],
    "Il faut réserver le vol": [add("Réserver le vol")],
    "Fais-moi penser à arroser le jardin jeudi": [add("Arroser le jardin", "Due Thursday 26 November 2026")],
    "Rappel pour appeler la banque": [add("Appeler la banque")],
    "Demain, rappelle-moi de poster la lettre": [reminded("Poster la lettre", MONDAY)],
    "acheter du pain": [add("Acheter du pain")],
    "récupérer l'ordonnance et appeler mamie": [add("Récupérer l'ordonnance"), add("Appeler mamie")],
    "Ajoute une tache preparer le diner": [add("Preparer le diner")],
    "Pense à acheter des timbres": [add("Acheter des timbres")],
    "Rappelle-moi dans trois jours le colis": [
        *sought("colis"),
        reminded("Colis", "Due Wednesday 25 November 2026"),
    ],
    "Rappelle-moi dans une demi-heure de sortir le gâteau": [reminded("Sortir le gâteau", TODAY + ", 10:13")],
    "Rappelle-moi le vaccin dans deux semaines": [
        *sought("vaccin"),
        reminded("Vaccin", "Due Sunday 6 December 2026"),
    ],
    "Rappelle-moi le concert le 4 décembre à 17 h": [
        reminded("Concert", "Due Friday 4 December 2026, 17:00")
    ],
    "Rappelle-moi les cadeaux le 24/12": [
        *sought("cadeaux"),
        reminded("Cadeaux", "Due Thursday 24 December 2026"),
    ],
    "Rappelle-moi l'entretien lundi à huit heures et demie": [
        *sought("entretien"),
        reminded("Entretien", MONDAY + ", 08:30"),
    ],
    "Rappelle-moi mardi soir l'entraînement": [reminded("Entraînement", TUESDAY + ", 19:00")],
    "Rappelle-moi d'écrire le rapport la semaine prochaine": [reminded("Écrire le rapport", MONDAY)],
    "Rappelle-moi de faire les comptes à la fin du mois": [
        reminded("Faire les comptes", "Due Monday 30 November 2026")
    ],
    "Rappelle-moi demain à sept heures et quart le petit-déjeuner": [
        reminded("Petit-déjeuner", MONDAY + ", 07:15")
    ],
    "Rappelle-moi le contrôle technique le 1er mars 2027": [
        *sought("techniqu"),
        reminded("Contrôle technique", "Due Monday 1 March 2027"),
    ],
    "Rappelle-moi demain matin de prendre mes médicaments": [
        reminded("Prendre mes médicaments", MONDAY + ", 09:00")
    ],
}

LOOKING: dict[str, list[Call]] = {
    **dict.fromkeys(
        [
            "Qu'est-ce qu'il y a sur ma liste ?",
            "Montre-moi mes tâches",
            "Affichez les tâches à faire, s'il vous plaît",
            "Qu'est-ce que je dois encore faire ?",
            "Quelles tâches me reste-t-il ?",
            "Que me reste-t-il à faire ?",
            "Mes tâches",
            "Est-ce que j'ai quelque chose à faire ?",
        ],
        [look(completed=False)],
    ),
    "Montre toutes les tâches": [look()],
    "Quelles sont les tâches terminées ?": [look(completed=True)],
    "Qu'est-ce que j'ai terminé ?": [look(completed=True)],
    "Qu'est-ce que j'ai à faire vendredi ?": [look(day=FRIDAY, completed=False)],
    "Que dois-je faire aujourd'hui ?": [look(day=TODAY, completed=False)],
    "Quelles tâches sont en retard ?": [look(completed=False, limit=200, overdue=True)],
    "Combien de tâches ai-je ?": [EVERYTHING],
}

DATED = ("Dentiste | Due Thursday 26 November 2026, 15:00", "Payer le loyer | Due Tuesday 1 December 2026")

PLANNING = [
    Said(
        "Rappelle-moi le dentiste à 8h",
        (look("dentist", completed=False), updated(1, reminder_at="2026-11-26T08:00:00")),
        ("Je te rappellerai « Dentiste » : jeudi 26 novembre, 08:00.",),
        DATED,
    ),
    Said(
        "Rappelle-moi une heure avant le dentiste",
        (look("dentist", completed=False), updated(1, reminder_at="2026-11-26T14:00:00")),
        ("14:00",),
        DATED,
    ),
    Said(
        "Rappelle-moi le loyer la veille",
        (look("loyer", completed=False), updated(2, reminder_at="2026-11-30T09:00:00")),
        ("09:00",),
        DATED,
    ),
    Said(
        "Ne me rappelle plus le dentiste",
        (look("dentist", completed=False), updated(1, reminder_at=None)),
        ("Je ne te rappellerai pas",),
        DATED,
    ),
    Said(
        "Répète payer le loyer chaque mois",
        (look("loyer"), updated(2, due_on="2026-12-01", repeats="FREQ=MONTHLY")),
        ("chaque mois",),
        DATED,
    ),
    Said(
        "Ne répète plus payer le loyer",
        (look("loyer"), updated(2, repeats=None)),
        ("ne se répète plus",),
        DATED,
    ),
]

CHANGING = [
    *(
        Said(text, (look("lait", completed=False), done(1)), ("Terminé : « Acheter du lait ».",), TASKS)
        for text in [
            "Coche le lait",
            "Le lait est fait",
            "Marque le lait comme terminé",
            "J'ai acheté le lait",
            "Peux-tu cocher le lait ?",
        ]
    ),
    Said("Supprime le lait", (look("lait"), deleted(1)), ("Supprimé : « Acheter du lait ».",), TASKS),
    Said("Effacez appeler maman", (look("maman"), deleted(2)), (), TASKS),
    Said("Enlève le lait de la liste, s'il te plaît", (look("lait"), deleted(1)), (), TASKS),
    Said("Supprime toutes les tâches terminées", (look(completed=True, limit=25), deleted(4)), (), TASKS),
    Said(
        "Renomme acheter du lait en acheter de la crème",
        (look("lait"), updated(1, title="Acheter de la crème")),
        ("Renommé : « Acheter du lait » en « Acheter de la crème ».",),
        TASKS,
    ),
    Said(
        "Change appeler maman en appeler papa", (look("maman"), updated(2, title="Appeler papa")), (), TASKS
    ),
    Said(
        "Déplace appeler maman à mardi à 17h",
        (look("maman"), moved(2, TUESDAY + ", 17:00")),
        ("Nouvelle échéance de « Appeler maman » : mardi 24 novembre, 17:00.",),
        TASKS,
    ),
    Said("Décoche arroser les plantes", (look("plant", completed=True), reopened(4)), (), TASKS),
    Said("Supprime le dragon", (look("dragon"), EVERYTHING), ("aucune tâche comme « dragon »",), TASKS),
]

TALKING = [
    Said("oui", (deleted(1),), ("Supprimé :",), TASKS, ("Supprime le lait ?",)),
    Said("la deuxième", (deleted(1),), ("« Acheter du lait »",), OATS, ("Supprime acheter",)),
    Said("Coche la 2", (done(2),), ("Terminé : « Appeler maman ».",), TASKS, ("Montre-moi mes tâches",)),
    Said(
        "Supprime ça", (deleted(1),), ("Supprimé : « Chercher le pain ».",), (), ("Ajoute chercher le pain",)
    ),
    Said("Annule", (deleted(1),), ("n'est plus dans la liste",), (), ("Ajoute du pain",)),
    Said("Bonjour !", (), ("Bonjour !",)),
    Said("Merci beaucoup", (), ("De rien",)),
    Said("Que peux-tu faire ?", (), ("Par exemple",)),
]

NOTHING = [
    "Éteins la lumière",
    "Allume la lumière du salon",
    "Mets de la musique",
    "Joue une chanson d'Édith Piaf",
    "Quel temps fera-t-il demain ?",
    "Quelle heure est-il ?",
    "Mets un réveil à 7 heures",
    "Mets le minuteur sur dix minutes",
    "Appelle maman",
    "Envoie un message à Anna",
    "Raconte-moi une blague",
    "Quelle est la capitale de l'Allemagne ?",
    "Qui a gagné le match ?",
    "Ne supprime pas le lait",
    "Surtout ne supprime rien",
    "N'ajoute pas de lait",
    "Ne me rappelle pas ça",
    "Je n'ai pas appelé maman",
    "Dois-je supprimer le lait ?",
    "Si je suis à la maison, supprime le lait",
    "Quand il pleut, rappelle-moi",
    "Peut-être supprimer le lait",
    "Ajoute cette chanson à ma playlist",
    "Ajoute le film à la liste de lecture",
    "Monte le chauffage à 20 degrés",
    "Ouvre la porte",
    "Emmène-moi à Paris",
    "Traduis chien en anglais",
    "Combien font deux plus deux ?",
    "Je suis fatigué",
    "Il fait beau aujourd'hui",
    "Bonsoir",
    "Merci à toi",
    "Pourquoi le lait a été supprimé ?",
    "Tu ne dois pas supprimer le lait",
    "Monte le son de la télé",
    "Réponds à l'appel",
    "Baisse la musique",
    "Commande-moi une pizza",
    "Qu'est-ce que ça veut dire ?",
    "J'étais au cinéma hier",
    "Mets la radio",
    "Vide la liste de courses",
    "Note ce film cinq étoiles",
    "Supprime l'alarme de 7 heures",
]
