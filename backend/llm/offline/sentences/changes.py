# llm/offline/sentences/changes.py -- what the offline model says of changes: done, not done, and questions before them
# fmt: off
from llm.offline.sentences.sentence import Sentence

ADDED = Sentence(en="Added {title}{details}.", de="Eingetragen: {title}{details}.",
                 fr="Ajouté : {title}{details}.", es="Añadido: {title}{details}.")
ADDED_SEVERAL = Sentence(en="Added {count} tasks:\n{tasks}", de="{count} Aufgaben eingetragen:\n{tasks}",
                         fr="{count} tâches ajoutées :\n{tasks}", es="{count} tareas añadidas:\n{tasks}")
ADD_IN_PARTS = Sentence(en="I add {count} at a time. Please send again all from {title} on.",
                        de="Ich trage {count} auf einmal ein. Bitte schick alles ab {title} noch einmal.",
                        fr="J'en ajoute {count} à la fois. Renvoie tout à partir de {title}, s'il te plaît.",
                        es="Añado {count} a la vez. Envía otra vez todo desde {title}, por favor.")
COMPLETED = Sentence(en="Done: {titles}.", de="Erledigt: {titles}.", fr="Terminé : {titles}.",
                     es="Hecho: {titles}.")
REOPENED = Sentence(en="Reopened {titles}.", de="Wieder offen: {titles}.",
                    fr="De nouveau à faire : {titles}.", es="Otra vez pendiente: {titles}.")
DELETED = Sentence(en="Deleted {titles}.", de="Gelöscht: {titles}.", fr="Supprimé : {titles}.",
                   es="Borrado: {titles}.")
RENAMED = Sentence(en="Renamed {pairs}.", de="Umbenannt: {pairs}.", fr="Renommé : {pairs}.",
                   es="Renombrado: {pairs}.")
RENAMED_PAIR = Sentence(en="{old} to {new}", de="{old} in {new}", fr="{old} en {new}", es="{old} como {new}")
DESCRIBED = Sentence(en="{title} now says: {text}", de="Bei {title} steht jetzt: {text}",
                     fr="{title} contient maintenant : {text}", es="{title} dice ahora: {text}")
NOT_DESCRIBED = Sentence(en="{title} has no description any more.", de="{title} hat keine Beschreibung mehr.",
                         fr="{title} n'a plus de description.", es="{title} ya no tiene descripción.")
MOVED = Sentence(en="{title} is now due {day}.", de="{title} ist jetzt fällig: {day}.",
                 fr="Nouvelle échéance de {title} : {day}.", es="Nueva fecha de {title}: {day}.")
NOT_DUE = Sentence(en="{title} has no date any more.", de="{title} hat kein Datum mehr.",
                   fr="{title} n'a plus de date.", es="{title} ya no tiene fecha.")

# What completes "I could not ..." and "Shall I ...".
COMPLETE = Sentence(en="complete", de="erledigen", fr="terminer", es="completar")
REOPEN = Sentence(en="reopen", de="wieder öffnen", fr="rouvrir", es="reabrir")
DELETE = Sentence(en="delete", de="löschen", fr="supprimer", es="borrar")
RENAME = Sentence(en="rename", de="umbenennen", fr="renommer", es="renombrar")
DESCRIBE = Sentence(en="describe", de="beschreiben", fr="décrire", es="describir")
ADD = Sentence(en="add", de="eintragen", fr="ajouter", es="añadir")
ADD_NOTE = Sentence(en="add a note to", de="um eine Notiz ergänzen", fr="ajouter une note à",
                    es="añadir una nota a")
RESCHEDULE = Sentence(en="reschedule", de="verschieben", fr="déplacer", es="cambiar la fecha de")
UNDO_CHANGE = Sentence(en="undo the change of", de="wieder wie vorher machen", fr="annuler le changement de",
                       es="deshacer el cambio de")

NOT_CHANGED = Sentence(en="I could not {verb} {title}: {reason}",
                       de="Ich konnte {title} nicht {verb}: {reason}",
                       fr="Je n'ai pas pu {verb} {title} : {reason}",
                       es="No he podido {verb} {title}: {reason}")
NO_TASK_CAME_BACK = Sentence(en="no task came back.", de="es kam keine Aufgabe zurück.",
                             fr="aucune tâche n'est revenue.", es="no ha vuelto ninguna tarea.")
TOO_LONG_TO_CHANGE = Sentence(en="The description of {title} is too long for me to change.",
                              de="Die Beschreibung von {title} ist zu lang, ich kann sie nicht ändern.",
                              fr="La description de {title} est trop longue, je ne peux pas la changer.",
                              es="La descripción de {title} es demasiado larga, no puedo cambiarla.")
MORE_TO_CHANGE = Sentence(en="There are more; I do {count} at a time, so please ask again.",
                          de="Es gibt noch mehr; ich mache {count} auf einmal, bitte sag es noch einmal.",
                          fr="Il y en a d'autres ; j'en fais {count} à la fois, redemande s'il te plaît.",
                          es="Hay más; hago {count} a la vez, así que pídemelo otra vez.")
# What a message says to add a task, whatever its words are.
ADD_COMMAND = Sentence(en="add {text}", de="Neue Aufgabe: {text}", fr="Nouvelle tâche : {text}",
                       es="Nueva tarea: {text}")
SAY_ADD = Sentence(en="To make a task of that, say “add {text}”.",
                   de="Wenn das eine Aufgabe werden soll, sag: „Neue Aufgabe: {text}“.",
                   fr="Pour en faire une tâche, dis : « Nouvelle tâche : {text} ».",
                   es="Para hacer una tarea de eso, di: «Nueva tarea: {text}».")

ASK_WHAT_TO_ADD = Sentence(en="What would you like to add?", de="Was soll ich eintragen?",
                           fr="Que veux-tu ajouter ?", es="¿Qué quieres añadir?")
ASK_NEW_TITLE = Sentence(en="What should it be called?", de="Wie soll es heißen?",
                         fr="Comment faut-il l'appeler ?", es="¿Cómo se debe llamar?")
ASK_NOTE = Sentence(en="What should the note say?", de="Was soll in der Notiz stehen?",
                    fr="Que doit dire la note ?", es="¿Qué debe decir la nota?")
ASK_WHEN = Sentence(en="To which day or time?", de="Auf welchen Tag oder welche Uhrzeit?",
                    fr="Pour quel jour ou quelle heure ?", es="¿Para qué día o a qué hora?")
ASK_TO_CHANGE = Sentence(en="Shall I {verb} {titles}?", de="Soll ich {titles} {verb}?",
                         fr="Dois-je {verb} {titles} ?", es="¿Debo {verb} {titles}?")
ASK_TO_CHANGE_MANY = Sentence(en="Shall I {verb} these?{titles}", de="Soll ich diese {verb}?{titles}",
                              fr="Dois-je {verb} celles-ci ?{titles}", es="¿Debo {verb} estas?{titles}")
ASK_IF_MEANT = Sentence(en="Do you mean {title}?", de="Meinst du {title}?", fr="Tu veux dire {title} ?",
                        es="¿Te refieres a {title}?")
ASK_WHICH = Sentence(en="Which one do you mean?\n{tasks}", de="Welche meinst du?\n{tasks}",
                     fr="De laquelle parles-tu ?\n{tasks}", es="¿A cuál te refieres?\n{tasks}")
NOT_CLEAR_WHICH = Sentence(en="I can't tell which one you mean.", de="Ich verstehe nicht, welche du meinst.",
                           fr="Je ne comprends pas de laquelle tu parles.",
                           es="No entiendo a cuál te refieres.")

NOTHING_TO_UNDO = Sentence(en="There is nothing that I can undo.",
                           de="Es gibt nichts, was ich rückgängig machen kann.",
                           fr="Il n'y a rien que je puisse annuler.", es="No hay nada que pueda deshacer.")
OFF_THE_LIST_AGAIN = Sentence(en="{title} is off the list again.",
                              de="{title} steht nicht mehr auf der Liste.",
                              fr="{title} n'est plus dans la liste.", es="{title} ya no está en la lista.")
BACK_ON_THE_LIST = Sentence(en="{title} is back on the list.", de="{title} steht wieder auf der Liste.",
                            fr="{title} est de nouveau dans la liste.",
                            es="{title} está otra vez en la lista.")
DONE_AGAIN = Sentence(en="{title} is done again.", de="{title} ist wieder erledigt.",
                      fr="{title} est de nouveau terminé.", es="{title} está hecho otra vez.")
OPEN_AGAIN = Sentence(en="{title} is open again.", de="{title} ist wieder offen.",
                      fr="{title} est de nouveau à faire.", es="{title} está pendiente otra vez.")
ALL_AS_BEFORE = Sentence(en="{count} tasks are as they were before.",
                         de="{count} Aufgaben sind wieder wie vorher.",
                         fr="{count} tâches sont de nouveau comme avant.",
                         es="{count} tareas están otra vez como antes.")
AS_BEFORE = Sentence(en="{title} is as it was before.", de="{title} ist wieder wie vorher.",
                     fr="{title} est de nouveau comme avant.", es="{title} está otra vez como antes.")
