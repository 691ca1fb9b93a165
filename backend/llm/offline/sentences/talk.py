# llm/offline/sentences/talk.py -- what the offline model says besides its work: greetings, help, what it cannot do
# fmt: off
from llm.offline.sentences.sentence import Sentence

_EXAMPLES = Sentence(en="For example:\n- Add buy milk tomorrow and call mom\n- What's left?\n- I bought "
                        "the milk\n- Move call mom to Friday at 5pm",
                     de="Zum Beispiel:\n- Erinnere mich morgen daran, Milch zu kaufen\n- Was steht an?\n- "
                        "Milch ist erledigt\n- Verschiebe Milch auf Freitag um 17 Uhr",
                     fr="Par exemple :\n- Rappelle-moi demain d'acheter du lait\n- Qu'est-ce que j'ai à "
                        "faire ?\n- Le lait est fait\n- Déplace le lait à vendredi à 17 h",
                     es="Por ejemplo:\n- Recuérdame mañana comprar leche\n- ¿Qué tengo que hacer?\n- La "
                        "leche está hecha\n- Mueve la leche al viernes a las 17:00")


def _add_examples(en: str, de: str, fr: str, es: str) -> Sentence:
    return Sentence(
        en=f"{en} {_EXAMPLES.en}",
        de=f"{de} {_EXAMPLES.de}",
        fr=f"{fr} {_EXAMPLES.fr}",
        es=f"{es} {_EXAMPLES.es}",
    )


SMALL_TALK = {
    "greeting": Sentence(en="Hello! Tell me what you need to do, and I will keep the list.",
                         de="Hallo! Sag mir, was du zu tun hast, und ich führe die Liste.",
                         fr="Bonjour ! Dis-moi ce que tu as à faire, et je tiens la liste.",
                         es="¡Hola! Dime qué tienes que hacer y yo llevo la lista."),
    "well": Sentence(en="All good here, thank you. What would you like to get done?",
                     de="Alles gut hier, danke. Was möchtest du erledigen?",
                     fr="Tout va bien, merci. Que veux-tu faire ?",
                     es="Todo bien, gracias. ¿Qué quieres hacer?"),
    "thanks": Sentence(en="You are welcome!", de="Gern geschehen!", fr="De rien !", es="¡De nada!"),
    "fine": Sentence(en="Good. Tell me when there is something else.",
                     de="Gut. Sag Bescheid, wenn noch etwas ist.", fr="Bien. Dis-moi s'il y a autre chose.",
                     es="Bien. Avísame si hay algo más."),
    "bye": Sentence(en="Goodbye! Your tasks will be here.",
                    de="Auf Wiedersehen! Deine Aufgaben bleiben hier.",
                    fr="Au revoir ! Tes tâches restent ici.", es="¡Adiós! Tus tareas se quedan aquí."),
    "left": Sentence(en="All right, I have left everything as it is.",
                     de="In Ordnung, ich habe alles gelassen, wie es ist.",
                     fr="D'accord, j'ai tout laissé en l'état.",
                     es="De acuerdo, lo he dejado todo como está."),
    "help": _add_examples(en="I keep your list of tasks: I can add, show, rename, describe, reschedule, "
                             "complete, reopen and delete them.",
                          de="Ich führe deine Aufgabenliste: Ich kann Aufgaben eintragen, zeigen, "
                             "umbenennen, verschieben, erledigen, wieder öffnen und löschen.",
                          fr="Je tiens ta liste de tâches : je peux les ajouter, les montrer, les "
                             "renommer, les déplacer, les terminer, les rouvrir et les supprimer.",
                          es="Llevo tu lista de tareas: puedo añadirlas, mostrarlas, renombrarlas, "
                             "moverlas, completarlas, reabrirlas y borrarlas."),
    "lists": Sentence(
        en="A list comes into being with the first thing on it: “add milk to the shopping list”.",
        de="Eine Liste entsteht mit dem Ersten, was darauf steht: „add milk to the shopping list“.",
        fr="Une liste naît avec sa première tâche : « add milk to the shopping list ».",
        es="Una lista nace con lo primero que se pone en ella: «add milk to the shopping list».",
    ),
    "question": _add_examples(en="I can only help with your tasks, so I have no answer to that, and I have "
                                 "changed nothing.",
                              de="Ich kann nur bei deinen Aufgaben helfen, darauf habe ich keine Antwort. "
                                 "Ich habe nichts geändert.",
                              fr="Je ne peux aider que pour tes tâches, je n'ai donc pas de réponse à "
                                 "cela, et je n'ai rien changé.",
                              es="Solo puedo ayudar con tus tareas, así que no tengo respuesta a eso y no "
                                 "he cambiado nada."),
    "unknown": _add_examples(en="I did not understand that, so I have changed nothing. I can help with "
                                "your tasks.",
                             de="Das habe ich nicht verstanden und deshalb nichts geändert. Ich kann bei "
                                "deinen Aufgaben helfen.",
                             fr="Je n'ai pas compris, je n'ai donc rien changé. Je peux aider pour tes "
                                "tâches.",
                             es="No lo he entendido, así que no he cambiado nada. Puedo ayudar con tus "
                                "tareas."),
}
# What "I can't do that here" names.
TOOLS = {
    "add_task": Sentence(en="adding tasks", de="Aufgaben einzutragen", fr="ajouter des tâches",
                         es="añadir tareas"),
    "list_tasks": Sentence(en="looking at tasks", de="Aufgaben anzusehen", fr="regarder les tâches",
                           es="mirar las tareas"),
    "complete_task": Sentence(en="completing or reopening tasks",
                              de="Aufgaben abzuhaken oder wieder zu öffnen",
                              fr="terminer ou rouvrir des tâches", es="completar o reabrir tareas"),
    "update_task": Sentence(en="changing tasks", de="Aufgaben zu ändern", fr="changer des tâches",
                            es="cambiar tareas"),
    "delete_task": Sentence(en="deleting tasks", de="Aufgaben zu löschen", fr="supprimer des tâches",
                            es="borrar tareas"),
}
OTHER_TOOL = Sentence(en="the tool for it", de="das", fr="faire cela", es="hacer eso")
NOT_POSSIBLE_HERE = Sentence(en="I can't do that here: {tool} is not possible.",
                             de="Das kann ich hier nicht: {tool} ist nicht möglich.",
                             fr="Je ne peux pas faire ça ici : {tool} n'est pas possible.",
                             es="No puedo hacer eso aquí: {tool} no es posible.")
NEEDS_MODEL = Sentence(
    en="I cannot query data: that needs a language model, and none is set up here. Your operator can name one (MODEL).",
    de="Daten kann ich nicht abfragen: Dafür braucht es ein Sprachmodell, und hier ist keines eingerichtet. Wer den "
       "Server betreibt, kann eines angeben (MODEL).",
    fr="Je ne peux pas interroger de données : il faut un modèle de langage, et aucun n'est configuré ici. La personne "
       "qui gère le serveur peut en indiquer un (MODEL).",
    es="No puedo consultar datos: hace falta un modelo de lenguaje y aquí no hay ninguno configurado. Quien gestiona "
       "el servidor puede indicar uno (MODEL).",
)
INCONSISTENT = Sentence(en="I stopped here, because what was done so far does not fit what you asked.",
                        de="Ich habe hier aufgehört, denn was bisher geschah, passt nicht zu dem, was du "
                           "wolltest.",
                        fr="Je me suis arrêté ici, car ce qui a été fait ne correspond pas à ce que tu as "
                           "demandé.",
                        es="Me he parado aquí, porque lo hecho hasta ahora no encaja con lo que has pedido.")
TOO_LONG = Sentence(en="That is too long or too complicated for me, so I have changed nothing. Please send "
                       "it in smaller parts.",
                    de="Das ist mir zu lang oder zu kompliziert, ich habe nichts geändert. Bitte schick es "
                       "in kleineren Teilen.",
                    fr="C'est trop long ou trop compliqué pour moi, je n'ai rien changé. Envoie-le en plus "
                       "petits morceaux.",
                    es="Es demasiado largo o complicado para mí, así que no he cambiado nada. Envíalo en "
                       "partes más pequeñas.")
REPEAT_THE_REST = Sentence(en="That is as much as I do at once. Please repeat the last request. | That is "
                              "as much as I do at once. Please repeat the last {count} requests.",
                           de="Mehr mache ich nicht auf einmal. Bitte wiederhole die letzte Bitte. | Mehr "
                              "mache ich nicht auf einmal. Bitte wiederhole die letzten {count} Bitten.",
                           fr="Je n'en fais pas plus à la fois. Répète la dernière demande, s'il te plaît. "
                              "| Je n'en fais pas plus à la fois. Répète les {count} dernières demandes, "
                              "s'il te plaît.",
                           es="No hago más a la vez. Repite la última petición, por favor. | No hago más a "
                              "la vez. Repite las últimas {count} peticiones, por favor.")
UNKNOWN_LANGUAGE = Sentence(en="I understand English, German, French and Spanish only, so I have changed "
                               "nothing.",
                            de="Ich verstehe nur Englisch, Deutsch, Französisch und Spanisch und habe "
                               "nichts geändert.",
                            fr="Je ne comprends que l'anglais, l'allemand, le français et l'espagnol, je "
                               "n'ai donc rien changé.",
                            es="Solo entiendo inglés, alemán, francés y español, así que no he cambiado "
                               "nada.")
