# llm/offline/languages/french.py -- French: its verbs and its sentences about tasks
from dates.calendars.folding import compile_folded, compile_rules, fold_word, join_words
from dates.calendars.french import FRENCH_CALENDAR
from llm.offline.languages.grammar import Grammar, fold_places, fold_verbs

_VERBS = {
    "add": "ajoute ajouter ajoutez ajoutes rajoute rajouter rajoutez rappelle rappelles rappeler rappelez note "
    "noter notez "
    "inscris inscrire inscrivez",
    "put": "définis définir règle régler prévois mets met mettre mettez place placer placez crée créer créez créé "
    "ecris écrire écrivez programme "
    "programmer "
    "programmez fais faire configure configurer",
    "show": "montre montrer montrez affiche afficher affichez liste lister listez donne donner donnez dis dire "
    "dites lis "
    "lire lisez voir vois ouvre ouvrir ouvrez",
    "complete": "coche cocher cochez termine terminer terminez complète compléter complétez finis finir finissez",
    "mark": "marque marquer marquez mets mettre mettez",
    "reopen": "décoche décocher décochez rouvre rouvrir rouvrez réouvrir",
    "delete": "supprime supprimer supprimez efface effacer effacez enlève enlever enlevez retire retirer retirez "
    "annule "
    "annuler annulez ôte ôter raye rayer barre barrer",
    "move": "déplace déplacer déplacez reporte reporter reportez décale décaler décalez repousse repousser "
    "repoussez",
    "redate": "change changer changez",
    "repeat": "répète répéter répétez",
    "rename": "renomme renommer renommez change changer changez remplace remplacer remplacez",
}
_ERRANDS = (
    "acheter aller amener appeler apporter arroser chercher commander compléter conduire contacter cuisiner déposer "
    "écrire "
    "envoyer faire imprimer laver nettoyer organiser payer planifier préparer prendre racheter ranger rappeler "
    "récupérer "
    "régler relire remplir rendre renouveler réparer répondre réserver résilier signer sortir téléphoner tondre "
    "vendre vérifier "
    "vider visiter"
)
_PARTS = {
    "X": "(?P<text>.+)",
    "T": "(?P<target>.+?)",
    "command": join_words(" ".join(_VERBS.values()).split()),
    "errands": join_words(_ERRANDS.split()),
    "my": r"(?:(?:le|la|les|mes|mon|ma|nos|notre|toutes?|tous|tout|ces|cette|ce|des|quelles|quels|prochaine?s) "
    r"|l'){0,5}",
    "task": r"(?:tâches?|rappels?|choses à faire|to-?dos?)",
    "which": r"(?: (?:à faire|en retard|en cours|terminée?s?|finie?s?|faite?s?|manquée?s?|restante?s?|ouverte?s?"
    r"|prévue?s?"
    r"|actuele?s?|actuels|du jour|complétée?s?)){0,3}",
    "list": r"(?:liste(?! de (?:lecture|diffusion))(?: (?:de |des |d'|du |pour )?(?:la |les |l')?[\w-]{1,30}(?: à "
    r"faire)?)?"
    r"|tâches|rappels|courses|agenda|calendrier|to-?dos?)",
    "done": r"(?:faite?s?|terminée?s?|finie?s?|complétée?s?|achevée?s?|réglée?s?)",
    "yet": r"(?:(?:déjà|bien|maintenant|enfin|toutes?|tous) ){0,3}",
}

_SENTENCES = (
    ("unknown", r"(?:<command>) .* (?:étoiles?|points?)|(?:<command>) .* (?:à|au|aux|dans|sur|en)(?: \w{1,15}| l)? "
                r"?'?(?:playlist|liste de (?:lecture"
                r"|diffusion)"
                r"|favoris|panier|contacts|bibliothèque|album)"),
    ("greeting", r"(?:hi|bonjour|salut|bonsoir|coucou|hello)(?: parley| à tous)?"),
    ("well", r"(?:comment (?:ça va|vas[- ]tu|allez[- ]vous)|ça va)"),
    ("thanks", r"(?:merci|super,? merci)(?: (?:beaucoup|bien|à toi|.{0,20}))?"),
    ("fine", r"ok(?:ay)?|d'accord|super|parfait|très bien|génial|entendu|ça marche"),
    ("bye", r"au revoir|à (?:bientôt|plus(?: tard)?|demain)|bonne (?:nuit|soirée|journée)|salut"),
    ("help", r"aide|aide[- ]moi|à l'aide|que (?:peux[- ]tu|pouvez[- ]vous) faire.{0,30}|qu'est[- ]ce que tu (?:peux"
             r"|sais) faire"
             r"|comment ça marche"),
    ("left", r"laisse(?: tomber)?|rien|non,? merci|oublie(?: ça)?|tant pis|stop"),
    ("delete", r"(?:vide|vider|videz) (?P<target><my><list>)"),
    ("undo", r"undo|annule(?:r|z)?(?: (?:ça|cela|le dernier changement|la dernière action))?|reviens en arrière"
             r"|défais(?: ça)?"),
    ("add", r"(?:n'|ne )?(?:oublie|oublier|oubliez)(?: pas)? (?:de |d')<X>|(?:n'|ne )?oublie(?:z)? pas (?P<text2>.+)"
            r"|ne pas oublier (?:de |d'|:)? ?(?P<text3>.+)|(?:pense|pensez|penser) à (?P<text4>.+)"),
    ("add", r"(?:fais|faites)(?:[- ]moi)? penser (?:à |d')<X>"),
    ("unremind", r"ne (?:me|nous) rappell?e[rz]? plus (?:de |d')?<T>"
                 r"|arrête[rz]? de (?:me|nous) rappeler (?P<target2>.+)"),
    ("unrepeat", r"ne (?P<target4>le|la|les) répète[rz]? plus|ne répète[rz]? plus <T>"
                 r"|(?P<target2>.+?) ne doi(?:t|vent) plus se répéter|arrête[rz]? de répéter (?P<target3>.+)"),
    ("repeat", r"<T> doi(?:t|vent) se répéter <X>"),
    ("left", r"(?:je |tu |il |on |nous )?(?:ne |n').*\b(?:pas|jamais|rien|plus)\b.*|(?:<command>) (?:pas|jamais"
             r"|rien)\b.*"),
    ("left", r"(?:si|quand(?! (?:est|sont|dois|ai)\b)|lorsque|dès que|peut-être)\b.*"),
    ("count", r"combien (?:de |d'|ai-je de |j'ai de |il y a de |il reste de )?(?:<task>)\b.*|combien de choses "
              r".{0,60}"),
    ("show", r"(?:qu'?est[- ]ce qu(?:e j'ai|'il y a|e je dois|'il (?:me )?reste|i (?:est|reste))|qu'ai[- ]je|que "
             r"dois[- ]je|qu'y a[- ]t[- ]il"
             r"|quoi|que me reste[- ]t[- ]il)\b.*\b(?:faire|liste|prévu|retard|terminé|fini|fait|acheter|tâches"
             r"|rappels|reste|courses)\b.{0,60}"),
    ("show", r"qu'?est[- ]ce que j'ai(?: de prévu)? (?:aujourd'?hui|demain|après-demain|ce(?:tte)? \w{1,12}|lundi"
             r"|mardi"
             r"|mercredi|jeudi|vendredi|samedi|dimanche|la semaine prochaine)"),
    ("show", r"(?:quelles?|quels?) (?:sont|est) <my>(?:<task>|<list>)\b.*|(?:quelles?|quels?) (?:<task>)\b.*"),
    ("show", r"(?:est[- ]ce que j'ai|ai[- ]je|j'ai|y a[- ]t[- ]il|il y a) (?:encore |raté |manqué |oublié )?(?:des "
             r"|de |un |une |d'autres "
             r")?(?:<task>|quelque chose à faire)\b.*"),
    ("add", r"(?:une? )?(?:nouvelle |nouveau )?(?:tâche|rappel) (?:pour|de|d')(?= ?\w{2,20}(?:er|ir|re)\b) ?<X>"),
    ("add", r"que (?:tu|vous) me rappell?(?:es|iez) <X>"),
    ("check", r"(?:est[- ]ce qu'il y a|y a[- ]t[- ]il|il y a) (?:déjà |encore )?(?:du |de la |de l'|des |de "
              r"|d'|un |une )?<T> (?:sur|dans) <my><list>"),
    ("show", r"que reste[- ]t[- ]il (?:sur|dans) <my><list>"),
    ("complete", r"(?:j'ai|nous avons|on a) <yet>(?P<target>tout) (?:acheté|pris|fini|fait|terminé)"
                 r"(?: (?:sur|dans|de) <my><list>)?"
                 r"|(?P<target2>tout) (?:est|a été) <yet><done>(?: (?:sur|dans|de) <my><list>)?"
                 r"|(?P<target3>tout) (?:sur|dans) <my><list> est <yet><done>"),
    ("show", r"(?:quel est )?(?:le )?contenu de <my><list>"),
    ("check", r"(?!(?:<command>) tout\b)(?:est[- ]ce que )?<T> (?:est|sont)(?:-(?:ils?|elles?))? "
              r"(?:sur|dans) <my><list>"),
    ("delete", r"(?:désactive|arrête)[rz]? (?P<target><my><task>\b.*)"),
    ("show", r"quand (?:est|sont) <my><task>\b.*"),
    ("complete", r"<T>,? c'est <done>"),
    ("show", r"<my>(?:<task>|<list>)<which>(?: (?:pour|de|du|d'|sur) ?.{1,30})?"),
    ("add", r"(?:une? )?(?:nouvelle |nouveau )?(?:tâche|rappel)(?: (?:pour|de|d'|à|sur)\b| ?:) ?<X>"),
    ("wish", r"(?:je dois|il faut(?: que je)?|j'ai besoin de|il me faut|nous devons|on doit|je devrais|il faudrait) "
            r"(?:encore |absolument )?<X>"),
    ("check", r"<T> (?:est|sont)-(?:ils?|elles?) <yet><done>|quand (?:est|dois[- ]je) (?P<target2>.+)"
              r"|est[- ]ce que (?P<target3>.+) (?:est|sont) <yet><done>"),
    ("question", r"(?:qui|quoi|où|quand|pourquoi|comment|combien|quels?|quelles?|que|est[- ]ce|es[- ]tu|as[- ]tu"
                 r"|dois[- ]je|faut[- ]il|puis[- ]je"
                 r"|c'est)\b.*|qu'.*"),
    ("reopen", r"<T> n'est pas (?:encore )?<done>|(?P<target2>.+?) est (?:encore |toujours )?(?:à faire|ouverte?)"),
    ("complete", r"<T> (?:est|sont|:) ?<yet><done>|(?:j'ai|nous avons|on a) <yet>(?:terminé|fini|fait|complété"
                 r"|réglé)(?: avec| de| d')? ?(?P<target2>.+)"),
    ("complete", r"(?:j'ai|nous avons|on a) <yet>(?:acheté|payé|appelé|envoyé|nettoyé|lavé|réservé|rendu|rangé"
                 r"|préparé|récupéré|commandé|écrit|réparé) (?P<target>.+)"),
)  # fmt: skip
_REFERENCES = (
    ("it", r"(?:le|la|ça|cela|ceci|l'|celle-(?:ci|là)|celui-(?:ci|là)|cette tâche|ce rappel|(?:la|ma) tâche|(?:le"
           r"|mon) rappel)(?: "
           r"aussi)?"),
    ("them", r"les|ceux-(?:ci|là)|celles-(?:ci|là)|les deux|tous les deux|toutes les deux"),
    ("all completed tasks", r"<my><task> (?:<done>)|(?:tout ce qui est|celles qui sont) <done>"),
    ("all open tasks", r"<my><task> (?:ouvertes?|à faire|restantes?|en cours)"),
    ("all overdue tasks", r"tout(?:es)?(?: ce qui est| celles qui sont)? en retard|<my>(?:<task>|choses) en retard"
                          r"|(?:les|mes) retards"),
    ("all tasks except {but}", r"(?:tout|<my><task>),? (?:sauf|excepté|à part) (?P<but>.+)"),
    ("all tasks", r"tout ce qui (?:est|se trouve)|tout(?:es?)?(?: les tâches| les rappels| mes tâches"
                  r"| mes rappels)?|tous (?:les|mes) rappels"
                  r"|(?:les|mes|toutes mes) (?:tâches|rappels)"
                  r"|(?:toute )?(?:la|ma) liste(?: entière)?"),
)  # fmt: skip
_ANSWERS = (
    ("yes", r"(?:oui|ouais|ok(?:ay)?|d'accord|exactement|c'est ça|bien sûr|vas[- ]y|volontiers|s'il te plaît|s'il "
            r"vous plaît)"
            r"(?:[,.! ]+(?:merci|s'il (?:te|vous) plaît|vas[- ]y|bien sûr|c'est ça)){0,3}"),
    ("no", r"(?:non|aucune?(?: des deux)?|laisse(?: tomber)?|annule|rien|ni l'une? ni l'autre|oublie(?: ça)?)"
           r"(?:[,.! ]+(?:merci|laisse(?: tomber)?|s'il te plaît)){0,3}"),
    ("all", r"tous|toutes|tout|(?:toutes|tous) les (?:deux|trois|quatre)|les (?:deux|trois|quatre)|chacune?"),
)  # fmt: skip
_FILTERS = (
    ("open", r"\b(?:à faire|reste(?:nt)?|restantes?|ouvertes?|pas (?:encore )?<done>|en cours|dois)\b"),
    ("done", r"(?<!pas )(?<!encore )\b(?:terminée?s?|finie?s?|faites?|complétée?s?|ai fait|fait)\b"),
    ("overdue", r"\b(?:en retard|raté|oublié|manquée?s?|dépassée?s?)\b"),
    ("every", r"\b(?:tout|tous|toutes?|entière)\b"),
    ("open_mark", r" comme (?:non |pas )(?:encore )?<done>$| comme (?:à faire|ouverte?)$"),
    ("done_mark", r" (?:comme )?(?:étant )?<done>$"),
)  # fmt: skip
_POSITIONS = {
    1: "premier première",
    2: "deuxième second seconde deux",
    3: "troisième trois",
    4: "quatrième quatre",
    5: "cinquième cinq",
    6: "sixième",
    7: "septième",
    8: "huitième",
    9: "neuvième",
    10: "dixième",
    -1: "dernier dernière",
    0: "la le les mon ma mes et numéro tâche tâches rappel n",
}
_WORDS = """
    a de d l     appelle envoie envoyer joue allume eteins monte baisse emmene traduis reponds commande raconte 
    beaucoup bonsoir chien anglais toi toute chauffage son
    annule defais oublie oubliez le la les un une des du au aux et ou ne pas est sont je tu il elle nous vous
    moi mon ma mes ton ta tes ce cette ces dans sur pour avec chez par qui que quoi quand comment pourquoi
    combien quel quelle quels quelles aujourd'hui aujourd hui demain apres ai as avez faut dois peux peut
    pouvez est-ce c'est qu'est j'ai tous toutes tout toute tache taches rappel rappels liste courses bonjour
    salut merci oui non s'il plait lundi mardi mercredi jeudi vendredi samedi dimanche faire musique lumiere
"""
# "liste de courses", "liste nommée Fête", 'liste "Bureau"', "liste Travail".
_NAMED_LIST = r"""
    \bliste (?:de (?:la |l'|mes |nos )?|des |du |d'|pour (?:le |la |les |l')?|nommée |appelée )
    (?!lecture|diffusion|attente|contacts|plus|moins|invités)"?(?P<name>[\w-]{2,30}(?: à faire)?)"?
    |\bliste "(?P<name3>[^"]{1,60})"|\bliste (?P<name4>[\w-]{2,30})(?![\w-])"""
_LIST_NAMES = {
    **dict.fromkeys(["courses", "course", "achats", "commissions"], "Courses"),
}
_TITLES = (
    ("", r"^(?:de |d'|que je dois |que je (?=\w)|qu'il faut |que |à |pour |sur )(?:(?:le|la|les|l'|mon|ma|mes)\b "
         r"?(?!.*\w+er\b))?"),
    ("", r"^(?:des|du|de la|de l'|le|la|les) ?\b(?!plus)"),
    ("", r"^(?:l'|d')"),
    ("", r"\b(?:à|pour|le|de|avant|du|d'|dans|et)$"),
)  # fmt: skip

FRENCH = Grammar(
    language="fr",
    verbs=fold_verbs(_VERBS),
    enclitics={},
    sentences=compile_rules(_SENTENCES, _PARTS),
    courtesy_start=compile_folded(r"""
            (?:(?:s'il (?:te|vous) plaît|stp|svp|hey|bonjour|salut|ok(?:ay)?|alors|et|puis|parley|oui|non,|merci de
            |veuillez|bon|maintenant)[,!.]* (?=\S+ ?\S)
            |(?P<can>(?:est[- ]ce que )?(?:tu|vous) (?:peux|pourrais|pouvez|pourriez|veux)|(?:peux|pourrais|veux)[- 
            ]tu|(?:pouvez|pourriez|voulez)[- ]vous
            |je (?:voudrais|veux|souhaite)|j'aimerais)(?: (?:s'il (?:te|vous) plaît|me|nous)\b)*,? (?:m')?)+""", 
            _PARTS),
    courtesy_verb=compile_folded(
        r"(?P<verb>\w+)(?:[- ](?:moi|nous)\b| (?:s'il (?:te|vous) plaît|stp|svp)\b)+ ?", _PARTS),
    courtesy_end=compile_folded(r"(?:[,.!]? (?:s'il (?:te|vous) plaît|stp|svp|merci)(?: d'avance)?){1,3}$", _PARTS),
    particles=compile_folded(r" (?:aussi|comme (?:nouvelle )?tâche)$", _PARTS),
    task=compile_folded(r"""
        (?:une? |la |le |l')?(?:nouvelle |nouveau )?(?:tâche|rappel|to-?do)\b(?: ?:|,| (?:appelée?|intitulée?
        |nommée?))?(?: (?:pour|de|à|sur)\b(?: (?:le|la|les)\b)?| d'| l')? ?""",
        _PARTS),
    list=compile_folded(r"(?:^|[ ,])(?:à|sur|dans|de|du|en|aux?)(?: |$)<my><list>(?=$|[: ])", _PARTS),
    named_list=compile_folded(_NAMED_LIST, {}),
    plain_list="liste",
    on_list="à la liste",
    main_list=compile_folded(r"(?:tâches?|rappels?|choses|trucs|to-?dos?|todo)(?: à faire)?|faire", {}),
    list_names=_LIST_NAMES,
    joint=compile_folded(r",? (?:et|ainsi que) |, ", _PARTS),
    into=compile_folded(r" (?:en|à|au|par|pour|comme|vers|jusqu'à) ", _PARTS),
    titles=compile_rules(_TITLES, _PARTS),
    wrapping=compile_folded(r"""
        ^(?:le|la|les|mon|ma|mes|ce|cette|cet|des|du) |^l'|^(?:tâche|rappel)s?\b(?: (?:de|du|des|d'|pour|avec|sur
        |appelée?))?:? ?(?=\S)
        |^(?:celle|celui|ceux) (?:avec|de|du|pour) |^(?:avec|pour|de) (?=\S)| (?:de|du|dans|sur) <my><list>$""", 
        _PARTS),
    references=compile_rules(_REFERENCES, _PARTS),
    answers=compile_rules(_ANSWERS, _PARTS),
    positions=fold_places(_POSITIONS),
    noun=compile_folded(r"\b(?:<task>|<list>|tout|ce que (?:j'ai|je dois))\b", _PARTS),
    filters=compile_rules(_FILTERS, _PARTS),
    reminds=compile_folded(r"\b(?:rappell?e[rsz]?[- ](?:moi|nous)|(?:me|nous) rappell?(?:er|es|iez)|rappel)\b", _PARTS),
    about=compile_folded(r"(?:moi|nous|rappel)\b(?!.*\b(?:de |d')?\w{2,20}(?:er|ir|re)\b)", _PARTS),
    errand=compile_folded(r"(?:d'|de )?(?:<errands>) \S.*", _PARTS),
    errand_verbs=frozenset(_ERRANDS.split()),
    calendar=FRENCH_CALENDAR,
    words=frozenset(map(fold_word, f"{_WORDS} {_ERRANDS}".split())),
)  # fmt: skip
