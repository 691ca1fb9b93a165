# llm/offline/sentences/lists.py -- what the offline model says of lists: counts, states, dates, what it did not find
# fmt: off
from llm.offline.sentences.sentence import Sentence

# A number of tasks, by their kind.
TASKS = {
    "": Sentence(en="no tasks | 1 task | {count} tasks", de="keine Aufgaben | 1 Aufgabe | {count} Aufgaben",
                 fr="0 tâche | 1 tâche | {count} tâches", es="0 tareas | 1 tarea | {count} tareas"),
    "open": Sentence(en="no open tasks | 1 open task | {count} open tasks",
                     de="keine offenen Aufgaben | 1 offene Aufgabe | {count} offene Aufgaben",
                     fr="0 tâche à faire | 1 tâche à faire | {count} tâches à faire",
                     es="0 tareas pendientes | 1 tarea pendiente | {count} tareas pendientes"),
    "completed": Sentence(en="no completed tasks | 1 completed task | {count} completed tasks",
                          de="keine erledigten Aufgaben | 1 erledigte Aufgabe | {count} erledigte Aufgaben",
                          fr="0 tâche terminée | 1 tâche terminée | {count} tâches terminées",
                          es="0 tareas hechas | 1 tarea hecha | {count} tareas hechas"),
    "overdue": Sentence(en="no overdue tasks | 1 overdue task | {count} overdue tasks",
                        de="keine überfälligen Aufgaben | 1 überfällige Aufgabe | {count} überfällige "
                           "Aufgaben", fr="0 tâche en retard | 1 tâche en retard | {count} tâches en retard",
                        es="0 tareas atrasadas | 1 tarea atrasada | {count} tareas atrasadas"),
}
MORE_THAN = Sentence(en="more than {number}", de="mehr als {number}", fr="plus de {number}",
                     es="más de {number}")
YOU_HAVE = Sentence(en="You have {tasks}{topic}.", de="Du hast {tasks}{topic}.", fr="Tu as {tasks}{topic}.",
                    es="Tienes {tasks}{topic}.")
YOU_HAVE_THESE = Sentence(en="You have {tasks}{topic}:\n{rows}", de="Du hast {tasks}{topic}:\n{rows}",
                          fr="Tu as {tasks}{topic} :\n{rows}", es="Tienes {tasks}{topic}:\n{rows}")
EMPTY = {
    "": Sentence(en="You have no tasks.", de="Du hast keine Aufgaben.", fr="Tu n'as aucune tâche.",
                 es="No tienes ninguna tarea."),
    "open": Sentence(en="You have no open tasks.", de="Du hast keine offenen Aufgaben.",
                     fr="Tu n'as aucune tâche à faire.", es="No tienes ninguna tarea pendiente."),
    "completed": Sentence(en="You have no completed tasks.", de="Du hast keine erledigten Aufgaben.",
                          fr="Tu n'as aucune tâche terminée.", es="No tienes ninguna tarea hecha."),
}
FOUND_NONE = {
    "": Sentence(en="I found no task{topic}.", de="Ich habe keine Aufgabe{topic} gefunden.",
                 fr="Je n'ai trouvé aucune tâche{topic}.", es="No he encontrado ninguna tarea{topic}."),
    "open": Sentence(en="I found no open task{topic}.", de="Ich habe keine offene Aufgabe{topic} gefunden.",
                     fr="Je n'ai trouvé aucune tâche à faire{topic}.",
                     es="No he encontrado ninguna tarea pendiente{topic}."),
    "completed": Sentence(en="I found no completed task{topic}.",
                          de="Ich habe keine erledigte Aufgabe{topic} gefunden.",
                          fr="Je n'ai trouvé aucune tâche terminée{topic}.",
                          es="No he encontrado ninguna tarea hecha{topic}."),
    "overdue": Sentence(en="I found no overdue task{topic}.",
                        de="Ich habe keine überfällige Aufgabe{topic} gefunden.",
                        fr="Je n'ai trouvé aucune tâche en retard{topic}.",
                        es="No he encontrado ninguna tarea atrasada{topic}."),
}
# What follows the number or the kind of tasks.
ABOUT = Sentence(en=" about {title}", de=" zu {title}", fr=" sur {title}", es=" sobre {title}")
LIKE = Sentence(en=" like {title}", de=" wie {title}", fr=" comme {title}", es=" como {title}")
FOR_DAY = Sentence(en=" due {day}", de=" für {day}", fr=" pour le {day}", es=" para el {day}")
DONE_ON = Sentence(en=" from {day}", de=" vom {day}", fr=" du {day}", es=" del {day}")

ON_LIST = Sentence(en=" on the list {title}", de=" auf der Liste {title}", fr=" dans la liste {title}",
                   es=" en la lista {title}")
NOT_THERE = Sentence(en="{title} is not on your list.", de="{title} steht nicht auf deiner Liste.",
                     fr="{title} n'est pas dans ta liste.", es="{title} no está en tu lista.")
NOT_THERE_NAMED = Sentence(en="{title} is not on the list {name}.", de="{title} steht nicht auf der Liste {name}.",
                           fr="{title} n'est pas dans la liste {name}.", es="{title} no está en la lista {name}.")
THERE_ALREADY = Sentence(en="{title} is on the list already.", de="{title} steht schon auf der Liste.",
                         fr="{title} est déjà dans la liste.", es="{title} ya está en la lista.")
FOUND_ELSEWHERE = Sentence(en="The list {name} has nothing like it; it is on your main list.",
                           de="Die Liste {name} hat nichts dergleichen; es steht auf deiner Hauptliste.",
                           fr="La liste {name} n'a rien de tel ; c'est dans ta liste principale.",
                           es="La lista {name} no tiene nada así; está en tu lista principal.")
AND = Sentence(en="and", de="und", fr="et", es="y")
OR = Sentence(en="or", de="oder", fr="ou", es="o")
MORE_ROWS = Sentence(en="There is 1 more; ask about a word to see fewer. | There are {count} more; ask "
                        "about a word to see fewer.",
                     de="Es gibt noch 1 weitere; frag nach einem Wort, um weniger zu sehen. | Es gibt noch "
                        "{count} weitere; frag nach einem Wort, um weniger zu sehen.",
                     fr="Il y en a encore 1 ; demande un mot pour en voir moins. | Il y en a encore "
                        "{count} ; demande un mot pour en voir moins.",
                     es="Hay 1 más; pregunta por una palabra para ver menos. | Hay {count} más; pregunta "
                        "por una palabra para ver menos.")
MORE_ROWS_AT_LEAST = Sentence(en="There are more; ask about a word to see fewer. | There are at least 1 "
                                 "more; ask about a word to see fewer. | There are at least {count} more; "
                                 "ask about a word to see fewer.",
                              de="Es gibt noch mehr; frag nach einem Wort, um weniger zu sehen. | Es gibt "
                                 "noch mindestens 1 weitere; frag nach einem Wort, um weniger zu sehen. | "
                                 "Es gibt noch mindestens {count} weitere; frag nach einem Wort, um "
                                 "weniger zu sehen.",
                              fr="Il y en a d'autres ; demande un mot pour en voir moins. | Il y en a "
                                 "encore au moins 1 ; demande un mot pour en voir moins. | Il y en a "
                                 "encore au moins {count} ; demande un mot pour en voir moins.",
                              es="Hay más; pregunta por una palabra para ver menos. | Hay al menos 1 más; "
                                 "pregunta por una palabra para ver menos. | Hay al menos {count} más; "
                                 "pregunta por una palabra para ver menos.")
SAME_FOR_MORE = Sentence(en="The same goes for {count} more.", de="Das Gleiche gilt für {count} weitere.",
                         fr="Il en va de même pour {count} autres.", es="Lo mismo vale para {count} más.")

IS_DONE = Sentence(en="{title}{details} is done.", de="{title}{details} ist erledigt.",
                   fr="{title}{details} : c'est terminé.", es="{title}{details} está hecho.")
IS_OPEN = Sentence(en="{title}{details} is still open.", de="{title}{details} ist noch offen.",
                   fr="{title}{details} : c'est encore à faire.", es="{title}{details} sigue pendiente.")
ALREADY_DONE = Sentence(en="{title} is already done.", de="{title} ist schon erledigt.",
                        fr="{title} : c'est déjà terminé.", es="{title} ya está hecho.")
ALREADY_OPEN = Sentence(en="{title} is already open.", de="{title} ist schon offen.",
                        fr="{title} : c'est déjà à faire.", es="{title} ya está pendiente.")
FOUND_THESE = Sentence(en="I found these, with ✓ for done:\n{rows}",
                       de="Das habe ich gefunden, ✓ heißt erledigt:\n{rows}",
                       fr="Voici ce que j'ai trouvé, ✓ veut dire terminé :\n{rows}",
                       es="He encontrado esto, ✓ significa hecho:\n{rows}")
NO_SUCH_NUMBER = Sentence(en="There is no number {numbers}: the last list has only one task. | There is no "
                             "number {numbers}: the last list has {count} tasks.",
                          de="Es gibt keine Nummer {numbers}: Die letzte Liste hat nur eine Aufgabe. | Es "
                             "gibt keine Nummer {numbers}: Die letzte Liste hat {count} Aufgaben.",
                          fr="Il n'y a pas de numéro {numbers} : la dernière liste n'a qu'une tâche. | Il "
                             "n'y a pas de numéro {numbers} : la dernière liste a {count} tâches.",
                          es="No hay número {numbers}: la última lista tiene solo una tarea. | No hay "
                             "número {numbers}: la última lista tiene {count} tareas.")
LEFT_ALL = Sentence(en="I found no task like {title}, so I left all as they are.",
                    de="Ich habe keine Aufgabe wie {title} gefunden und deshalb alles gelassen, wie es ist.",
                    fr="Je n'ai trouvé aucune tâche comme {title}, j'ai donc tout laissé en l'état.",
                    es="No he encontrado ninguna tarea como {title}, así que lo he dejado todo como está.")
NOTHING_BUT = Sentence(en="There is nothing but {titles}.", de="Es gibt nur {titles}.",
                       fr="Il n'y a que {titles}.", es="Solo hay {titles}.")
GONE = Sentence(en="I can no longer find {title}.", de="Ich kann {title} nicht mehr finden.",
                fr="Je ne trouve plus {title}.", es="Ya no encuentro {title}.")
NO_LOOK = Sentence(en="I could not look at your tasks: {reason}",
                   de="Ich konnte deine Aufgaben nicht ansehen: {reason}",
                   fr="Je n'ai pas pu regarder tes tâches : {reason}",
                   es="No he podido mirar tus tareas: {reason}")
NO_SENSE = Sentence(en="the answer made no sense", de="die Antwort ergab keinen Sinn",
                    fr="la réponse n'avait pas de sens", es="la respuesta no tenía sentido")
