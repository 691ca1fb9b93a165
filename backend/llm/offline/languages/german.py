# llm/offline/languages/german.py -- German: its verbs and its sentences about tasks
from dates.calendars.folding import compile_folded, compile_rules, fold_word, join_words
from dates.calendars.german import GERMAN_CALENDAR
from llm.offline.languages.grammar import Grammar, fold_places, fold_verbs

_VERBS = {
    "enter": "trage trag tragen eintragen",
    "add": "merke merk merken füge füg fügen hinzufügen notiere notier notieren aufschreiben vormerken "
    "ergänze ergänzen aufnehmen erinnere erinner erinnern",
    "put": "schick schicke schicken sende senden machen setze setz setzen schreibe schreib schreiben packe pack "
    "packen nimm nehmen tu tue tun lege leg legen "
    "anlegen stelle stell stellen erstelle erstell erstellen mache mach richte einrichten",
    "show": "zeige zeig zeigen nenne nenn nennen sage sag sagen liste lies lesen vorlesen gib geben öffne öffnen "
    "anzeigen auflisten ansehen",
    "complete": "hake hak haken abhaken erledige erledigen",
    "mark": "markiere markier markieren kennzeichne kennzeichnen setze setz setzen",
    "delete": "lösche lösch löschen entferne entfern entfernen streiche streich streichen nimm nehmen",
    "move": "verschiebe verschieb verschieben verlege verleg verlegen",
    "redate": "ändere ändern",
    "repeat": "wiederhole wiederholen mach mache machen",
    "rename": "benenne benenn benennen umbenennen nenne nennen ändere ändern",
}
_ERRANDS = (
    "abgeben abholen anmelden anrufen antworten aufräumen ausdrucken ausfüllen backen besorgen bestellen besuchen "
    "bezahlen bringen buchen bügeln einkaufen einreichen erneuern gießen holen kaufen kochen kündigen lernen mähen "
    "mailen packen putzen reparieren reservieren saugen schicken schneiden schreiben treffen überweisen vereinbaren "
    "verkaufen verlängern vorbereiten waschen wechseln zahlen zurückgeben zurückrufen"
)
_PARTS = {
    "X": "(?P<text>.+)",
    "T": "(?P<target>.+?)",
    "command": join_words(" ".join(_VERBS.values()).split()),
    "errands": join_words(_ERRANDS.split()),
    "the": r"(?:der|die|das|den|dem|des)",
    "my": r"(?:(?:der|die|das|den|dem|bei|mein\w{0,2}|unser\w{0,2}|alle\w?|diese\w?|heutig\w{1,2}|ganze\w?|gesamte\w?"
    r"|offene\w?|unerledigte\w?|erledigte\w?|fertige\w?|überfällige\w?|verpasste\w?|aktuelle\w?|anstehende\w?"
    r"|restliche\w?"
    r"|noch) ){0,5}",
    "task": r"(?:aufgaben?|erinnerung(?:en)?|to-?dos?|einträge?)",
    "list": r"(?:(?!play|wiedergabe|abspiel|kontakt)\w{0,20}listen?|einkäufe|einkaufszettel|kalender|aufgaben|to-?dos"
    r"|erinnerungen)(?: (?:namens )?\w{1,30})?",
    "done": r"(?:erledigt|fertig|abgeschlossen|gemacht|abgehakt|geschafft)",
    "yet": r"(?:(?:schon|jetzt|nun|bereits|endlich|auch|gerade|alle) ){0,3}",
    "final": r"\b(?:löschen|entfernen|streichen|setzen|stellen|erstellen|anlegen|einrichten|hinzufügen|anzeigen"
    r"|zeigen|abbrechen|machen|schicken|senden)",
    "not": r"(?:nicht|nie|niemals|keine?[nrms]?)",
}

_SENTENCES = (
    ("unknown", r"(?:<command>) .* (?:sterne?n?|punkten?)|(?:<command>) .* (?:zu[rm]?|ins?|im|auf|an)(?: \w{1,15})? "
                r"(?:playlist|wiedergabeliste|favoriten"
                r"|warenkorb"
                r"|kontakte\w?|bibliothek|album)(?: (?:hinzu|ein|auf))?"),
    ("unknown", r"erinner[en]? (?:meine?n?|unsere?n?|den|die|das|alle) .*"),
    ("greeting", r"(?:hallo|hi|hey|guten (?:tag|morgen|abend)|servus|moin)(?: parley| zusammen)?"),
    ("well", r"wie geht(?:'s| es)(?: (?:dir|ihnen))?"),
    ("thanks", r"(?:(?:vielen|herzlichen|besten) )?danke?(?: (?:dir|ihnen|schön|sehr|.{0,20}))?"),
    ("fine", r"ok(?:ay)?|gut|prima|super|toll|alles klar|in ordnung|passt"),
    ("bye", r"tschü(?:ss?|ß)|auf wiedersehen|bis (?:bald|später|dann)|gute nacht"),
    ("help", r"hilfe|hilf mir|was (?:kannst du|können sie)(?: alles| für mich)?(?: tun| machen)?|wie funktioniert "
             r"das"),
    ("left", r"stop|schon gut|vergiss es|lass (?:es|das)|abbrechen|nichts|nein,? danke"),
    ("delete", r"(?:leere?n?|räume?n?) (?P<target><my><list>)(?: (?:leer|auf|aus))?"
               r"|mach(?:e|en)? (?P<target2><my><list>) leer"),
    ("undo", r"undo|(?:mach(?:e|en)? )?(?:das |es )?(?:wieder )?rückgängig(?: machen)?"),
    ("add", r"(?:vergiss|vergessen) nicht,? <X>|nicht vergessen ?[:,]? (?P<text2>.+)|lass mich nicht vergessen,? "
            r"(?P<text3>.+)"),
    ("place", r"ich (?:brauche|hätte gerne?) (?P<text>.+)"),
    ("show", r"(?:an was|woran) (?:muss|soll|sollte) ich\b.*|was fehlt .{0,20}<list>"),
    ("show", r"(?:was|wann) (?:ist|sind) <my>(?:(?:nächste|letzte)\w? )?<task>\b.*|sind (?:da |dort )?(?:noch "
             r"|irgendwelche )*<task>\b.*"),
    ("count", r"wie ?viele? <my>(?:<task>|sachen)\b.*"),
    ("show", r"was (?:steht|ist|habe ich|haben wir|gibt es|muss ich|soll ich|sollte ich|liegt|kommt)\b.*\b(?:an|tun"
             r"|machen"
             r"|erledigen|offen|übrig|fällig|überfällig|geplant|noch|vor|nächstes|kaufen|einkaufen|besorgen|erledigt"
             r"|<list>)\b.{0,40}"),
    ("show", r"was habe ich .{0,40}(?:<done>)|(?:welche|was für|was sind) <my>(?:<task>|<list>)\b.*"),
    ("show", r"(?:habe ich|gibt es|haben wir) .{0,40}(?:<task>|zu tun|zu erledigen)\b.*"),
    ("show", r"(?!.*(?!anzeigen|zeigen)<final>$)<my>(?:<task>|<list>)(?: (?:für|von|vom|in|zu) .{1,30}| anzeigen)?"),
    ("unremind", r"erinner[en]? (?:(?:mich|uns) )?(?:nicht(?: mehr)?|nie(?: wieder)?) (?:an|wegen) <T>"
                 r"|erinner[en]? (?:(?:mich|uns) )?(?:an|wegen) (?P<target2>.+?) nicht(?: mehr)?"),
    ("unrepeat", r"wiederhole[n]? <T> nicht(?: mehr)?"
                 r"|(?P<target2>.+?) (?:soll|sollen|muss|müssen) sich nicht(?: mehr)? wiederholen"
                 r"|(?P<target3>.+?) nicht(?: mehr)? wiederholen"),
    ("repeat", r"<T> (?:soll|sollen|muss|müssen) sich <X> wiederholen"),
    ("left", r"(?:ich|du|wir|sie) .*\b<not>\b.*|(?:<command>) <not>\b.*|.* nicht \w{2,20}en"
             r"|(?:<command>) .*\b<not>(?: (?:hinzu|ein|ab|um|auf|daran|als .{1,20}))?"),
    ("left", r"(?:wenn|falls|sobald|vielleicht|solange)\b.*"),
    ("delete", r"(?:nimm|nehmen?) <T> (?:von|vom|aus) <my><list>(?: (?:heraus|raus|runter|weg))?"),
    ("add", r"(?:mich |uns )?(?P<text>.*\berinner(?:n|t werden)\b.*)"),
    ("add", r"(?!.*<final>$)(?:eine )?(?:neue )?(?:aufgabe|erinnerung|to-?do)(?: (?:an|für|zum|zur)\b|:) ?<X>"
            r"|(?:mach (?:eine "
            r")?)?notiz(?: an mich)?: ?"
            r"(?P<text2>.+)"),
    ("wish", r"(?:ich|wir|man) (?:muss|müssen|müsste|sollte|soll|darf nicht vergessen,?)(?: (?:noch|unbedingt"
            r"|dringend))* <X>"),
    ("check", r"(?:ist|sind|steht|stehen) (?:noch |schon )?<T> (?:auf|in) <my><list>"),
    ("check", r"(?:ist|sind) <T> <yet>(?:<done>|offen|fällig)|wann (?:ist|sind|muss ich) (?P<target2>.+?)(?: fällig"
              r"| dran)?"),
    ("question", r"(?:wer|wo|wann|warum|wieso|weshalb|welche\w?|wie|was|woher|wohin|ist|sind|war|hat|haben|soll"
                 r"|sollte|darf"
                 r"|wird|bist|hast|habe ich|weißt)\b.*"),
    ("reopen", r"(?:öffne|öffnen) <T> (?:wieder|erneut)|(?P<target2>.+) wieder öffnen"
               r"|(?P<target3>.+?) (?:ist|sind) (?:doch |noch )*(?:nicht <done>|offen)"),
    ("rename", r"<T> (?:soll|sollte)(?: jetzt| nun)? <X> heißen"),
    ("complete", r"<T>(?::| ist| sind| wurden?| habe ich) <yet><done>(?: worden)?|<done>:? (?P<target3>.+)"),
    ("complete", r"(?:ich|wir) (?:haben?|bin|sind) <yet>(?:mit )?<T> <yet>(?:<done>|(?:ab|an|ein|be|ge"
                 r"|auf)\w{3,20}[tn])"),
    ("delete", r"(?:brich|sage?|storniere|stoppe|beende|deaktiviere) (?P<target><my><task>\b.*?)(?: ab)?"),
    ("verb", r"(?P<text>.+?),? (?P<verb>machen|schicken|senden|nennen|sagen|hinzufügen|eintragen|notieren"
             r"|aufschreiben|vormerken|aufnehmen|setzen"
             r"|schreiben"
             r"|packen|erstellen|anlegen|einrichten|stellen|anzeigen|zeigen|auflisten|vorlesen|ansehen|abhaken"
             r"|erledigen"
             r"|markieren|kennzeichnen|löschen|entfernen|streichen|verschieben|verlegen|umbenennen|nehmen)"),
)  # fmt: skip
_REFERENCES = (
    ("it", r"(?:es|das|die|den|der|ihn|sie|diese[rns]?)(?: (?:auch|wieder))?|(?:die|diese|meine) (?:aufgabe"
           r"|erinnerung)"),
    ("them", r"sie alle|diese alle|beiden?|alle beide|die beiden"),
    ("all completed tasks", r"alles?,? (?:erledigte|was (?:schon )?<done> ist)"
                            r"|<my>(?:erledigte|fertige|abgeschlossene)[ns]?(?: <task>| sachen)?"),
    ("all open tasks", r"<my>(?:offene|unerledigte|restliche)[ns]?(?: <task>| sachen)?"),
    ("all overdue tasks", r"(?:alles?|alle|was) (?:was )?(?:überfällig(?: ist)?|überfällige[ns]?)(?: <task>| sachen)?"
                          r"|<my>überfällige[ns]?(?: <task>| sachen)?|überfälliges"),
    ("all tasks except {but}", r"alles?(?: <my>(?:<task>|sachen))?,? (?:außer|bis auf) (?P<but>.+)"),
    ("all tasks", r"alles?|(?:alle |meine |die )+(?:aufgaben|erinnerungen|to-?dos|einträge|sachen)|(?:die |meine "
                  r"|ganze )*\w{0,20}liste"),
)  # fmt: skip
_ANSWERS = (
    ("yes", r"(?:ja|jawohl|jep|jo|klar|sicher|genau|richtig|stimmt|gerne?|ok(?:ay)?|mach das|bitte)"
            r"(?:[,.! ]+(?:bitte|genau|gerne?|mach das|danke|klar)){0,3}"),
    ("no", r"(?:nein|nee?|nö|keine?[rns]?(?: davon| von .{1,10})?|lass (?:es|das)|abbrechen|nichts|vergiss es)"
           r"(?:[,.! ]+(?:danke|lieber nicht|bitte|lass es)){0,3}"),
    ("all", r"alle|alle (?:beide|drei|vier|zusammen|davon)|beide"),
)  # fmt: skip
_FILTERS = (
    ("open", r"\b(?:offen\w{0,2}|unerledigt\w{0,2}|nicht <done>|noch|übrig|ausstehend\w{0,2}|zu (?:tun|erledigen))\b"),
    ("done", r"(?<!nicht )(?<!un)\b(?:erledigt\w{0,2}|fertig\w{0,2}|abgeschlossen\w{0,2}|geschafft|gemacht)\b"),
    ("overdue", r"\b(?:überfällig\w{0,2}|verpasst\w{0,2}|verspätet\w{0,2})\b"),
    ("every", r"\b(?:alle[sn]?|ganze\w?|gesamte\w?|sämtliche\w?)\b"),
    ("open_mark", r" (?:wieder )?als (?:noch )?(?:nicht |un) ?<done>$| (?:wieder )?als offen$| auf offen$"),
    ("done_mark", r" (?:als|auf) <yet><done>$"),
)  # fmt: skip
_POSITIONS = {
    1: "erste ersten erster erstes eins",
    2: "zweite zweiten zweiter zweites zwei",
    3: "dritte dritten drittes drei",
    4: "vierte vierten viertes vier",
    5: "fünfte fünften fünftes fünf",
    6: "sechste sechsten",
    7: "siebte siebten",
    8: "achte achten",
    9: "neunte neunten",
    10: "zehnte zehnten",
    -1: "letzte letzten letztes",
    0: "die der das den meine meinen und erinnerung nummer nr aufgabe aufgaben punkt",
}
_WORDS = """
    vielen dank steht nach ins ruf schick spiel spiele dreh stell navigiere ubersetze bestell erzahl lied licht 
    wetter wird dir ihnen
    ruckgangig vergiss vergessen der die das den dem des ein eine einen einem einer und oder nicht ist sind
    war ich du wir sie mir mich mein meine meinen meiner meinem bitte auf fur zu zum zur von vom mit bei aus
    an am im um heute morgen ubermorgen was wie wo wann wer welche habe hast hat haben muss soll kannst
    konntest konnen konnten alle alles noch schon erledigt aufgabe aufgaben erinnerung erinnerungen liste
    einkaufsliste hallo danke ja nein dass daran wenn uhr guten tschuss hilfe warum mach mache spiele schalte
"""
# "Einkaufsliste", "Liste namens Party", "Liste für die Arbeit", 'Liste "Büro"', "Liste Arbeit".
_NAMED_LIST = r"""
    \b(?!play|wiedergabe|abspiel|kontakt|mailing|warte|preis|liste)(?P<name>[\w-]{2,30}?)(?:(?<=ung|eit|ion|auf|tag|aub|end|aft|amt)s)?-?(?:listen?|zettel)
    (?![\w-])
    |\blisten? (?:namens|mit dem namen|für (?:die |den |das )?)(?: )?"?(?P<name2>[\w-]{2,30})"?
    |\blisten? "(?P<name3>[^"]{1,60})"|\blisten? (?P<name4>[\w-]{2,30})(?![\w-])"""
_LIST_NAMES = {
    **dict.fromkeys(["einkauf", "einkaufs", "einkaufen", "einkaufe", "lebensmittel"], "Einkauf"),
    **dict.fromkeys(["pack", "packen"], "Packen"),
    **dict.fromkeys(["putz", "putzen"], "Putzen"),
    **dict.fromkeys(["wunsch", "wunsche"], "Wünsche"),
    **dict.fromkeys(["geschenk", "geschenke"], "Geschenke"),
}
_TITLES = (
    ("", r"^(?:ein|an|hinzu), (?:um )?"),
    ("", r"\b(?:daran |dran )?erinner(?:n|t werden)\b[ ,]*"),
    ("", r"^(?:mich |uns |bitte )+"),
    ("", r"^(?:daran|dran)\b[ ,]*"),
    ("", r"^dass (?:ich|wir) (?=.*\b(?:muss|soll|sollte|müssen|will|möchte)$)"),
    ("", r" (?:muss|soll|sollte|müssen|will|möchte)$"),
    ("", r"^(?:ans?|ums?|um|über|wegen) (?:(?:den|das|die|meine?[nms]?|eine?n?) )?(?!.* \w{2,20}en$)"),
    ("{verb}", r"\bzu (?P<verb>\w{2,30}(?:en|ern|eln|un))$"),
    ("{before}{verb}", r"\b(?P<before>ab|an|auf|aus|bei|durch|ein|fertig|fest|frei|her|hin|hoch|los|mit|nach|nieder"
                       r"|raus|rein"
                       r"|runter|teil|um|vor|vorbei|weg|weiter|zurück|zusammen)zu(?P<verb>\w{2,30}(?:en|ern|eln"
                       r"|un))$"),
    ("", r"\b(?:bitte|fällig|bis|am|um|für)$"),
    ("", r"^(?:den|das|die|einen?|ein) (?!.*n$)"),
)  # fmt: skip

GERMAN = Grammar(
    language="de",
    verbs=fold_verbs(_VERBS),
    enclitics={},
    sentences=compile_rules(_SENTENCES, _PARTS),
    courtesy_start=compile_folded(r"""
            (?:(?:bitte|hey|hallo|ok(?:ay)?|also|und|dann|parley|ja|nein,|so|jetzt)[,!.]* (?=\S+ ?\S)
            |(?P<can>(?:kannst|könntest|würdest|willst|magst) du|(?:können|könnten|würden) sie|ich (?:möchte|will
            |würde gerne?))
            (?: (?:bitte|mal|mir))*,? )+""", _PARTS),
    courtesy_verb=compile_folded(r"(?P<verb>\w+)(?: (?:sie|bitte|mal|doch|mir|mich|uns|dir|sich|jetzt"
                                 r"|einfach))+(?=[ ,]|$)", _PARTS),
    courtesy_end=compile_folded(r"(?:[,.!]? (?:bitte|danke|danke schön)){1,3}$", _PARTS),
    particles=compile_folded(r" (?:hinzu|ein|auf|an|ab|um|vor|dazu|drauf|heraus|raus|weg|runter|als (?:neue "
                             r")?<task>)$", _PARTS),
    task=compile_folded(r"""
        (?:eine[nm]? |die |noch eine |mir )*(?:neue[nr]? )?(?:aufgabe|erinnerung|to-?do|eintrag|punkt)\b(?: (?:ein
        |hinzu|an|auf|hinzufügen|anlegen|erstellen)\b)?(?::|,| (?:namens|mit dem (?:titel|namen)|für|an|um|zum?|zur
        |über|wegen)\b(?: <the>\b)?)* ?""", _PARTS),
    list=compile_folded(r"(?:^|[ ,])(?:zu[rm]?|aufs?|ins?|im|an|von|vom|aus) <my><list>(?: (?:hinzu|ein|auf))?(?=$"
                        r"|[: ])", _PARTS),
    named_list=compile_folded(_NAMED_LIST, {}),
    plain_list="Liste",
    on_list="auf die Liste",
    main_list=compile_folded(r"(?:meine|deine|diese|aufgaben?|to-?-?dos?|todo|erinnerungs?|erinnerungen|merk|haupt|gesamt|erledigungs?"
                             r"|pendenzen|tages)-?", {}),
    list_names=_LIST_NAMES,
    joint=compile_folded(r",? (?:und|sowie) |, ", _PARTS),
    into=compile_folded(r" (?:in|zu|nach|auf|zum|auf den|bis) ", _PARTS),
    titles=compile_rules(_TITLES, _PARTS),
    wrapping=compile_folded(r"""
        ^(?:<the>|meine?[nmrs]?|diese[nrs]?) |^(?:aufgabe|erinnerung|punkt)(?:n|en)?\b(?: (?:mit|für|um|an|namens
        |zu[rm]?|über))?:? (?=\S)
        |^(?:mit|an|für|zu) (?=<the> )| (?:von|aus|auf) <my><list>$""", _PARTS),
    references=compile_rules(_REFERENCES, _PARTS),
    answers=compile_rules(_ANSWERS, _PARTS),
    positions=fold_places(_POSITIONS),
    noun=compile_folded(r"\b(?:<task>|<list>|alles|aufgabenliste|was ich .{0,40}(?:zu (?:tun|erledigen)|machen muss"
                        r"|tun muss|erledigen muss))\b", _PARTS),
    filters=compile_rules(_FILTERS, _PARTS),
    reminds=compile_folded(r"\b(?:erinner(?:e|n|t)?|erinnerung)\b", _PARTS),
    about=compile_folded(r"\b(?:ans?|wegen)\b(?!.*\bzu \w{2,30}n\b)", _PARTS),
    errand=compile_folded(r"\S.* (?:zu \w{2,30}en|\w{2,12}zu\w{2,30}en|<errands>)", _PARTS),
    errand_verbs=frozenset(_ERRANDS.split()),
    calendar=GERMAN_CALENDAR,
    words=frozenset(map(fold_word, f"{_WORDS} {_ERRANDS}".split())),
)  # fmt: skip
