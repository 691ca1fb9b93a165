# llm/offline/sentences/questions.py -- what the offline model asks before it does what may not be meant
# fmt: off
from llm.offline.sentences.sentence import Sentence

OFFER = Sentence(
    en="I only keep your tasks. Shall I add {titles} as a task? | I only keep your tasks. Shall I add {titles} "
       "as tasks?",
    de="Ich führe nur deine Aufgaben. Soll ich {titles} als Aufgabe eintragen? | Ich führe nur deine Aufgaben. Soll "
       "ich {titles} als Aufgaben eintragen?",
    fr="Je ne tiens que tes tâches. Dois-je ajouter {titles} comme tâche ? | Je ne tiens que tes tâches. Dois-je "
       "ajouter {titles} comme tâches ?",
    es="Solo llevo tus tareas. ¿Añado {titles} como tarea? | Solo llevo tus tareas. ¿Añado {titles} como tareas?")
AND_MORE = Sentence(en="1 more | {count} more", de="1 weitere | {count} weitere", fr="1 autre | {count} autres",
                    es="1 más | {count} más")
ASK_FOR_ALL = Sentence(en="Shall I {verb} these {count} tasks?\n{titles}",
                       de="Soll ich diese {count} Aufgaben {verb}?\n{titles}",
                       fr="Dois-je {verb} ces {count} tâches ?\n{titles}",
                       es="¿Debo {verb} estas {count} tareas?\n{titles}")
# Replies that a question offers.
YES = Sentence(en="Yes", de="Ja", fr="Oui", es="Sí")
NO = Sentence(en="No", de="Nein", fr="Non", es="Mejor no")
DAYS = (Sentence(en="Today", de="Heute", fr="Aujourd'hui", es="Hoy"),
        Sentence(en="Tomorrow", de="Morgen", fr="Demain", es="Mañana"),
        Sentence(en="Next Monday", de="Nächsten Montag", fr="Lundi prochain", es="El próximo lunes"))
