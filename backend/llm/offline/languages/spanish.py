# llm/offline/languages/spanish.py -- Spanish: its verbs and its sentences about tasks
from dates.calendars.folding import compile_folded, compile_rules, fold_word, join_words
from dates.calendars.spanish import SPANISH_CALENDAR
from llm.offline.languages.grammar import Grammar, fold_places, fold_verbs

_VERBS = {
    "add": "recorda notifica notificar avisa avise avisar añade añada añadir añadid agrega agregue agregar anota "
    "anote anotar apunta apunte "
    "apuntar recuerda "
    "recuerde "
    "recuerden recordar recordad incluye incluir",
    "put": "comenzar comienza iniciar inicia pone envía enviar manda mandar pon ponga poner poned mete meta meter "
    "crea cree crear haz haga hacer "
    "configura configure configurar "
    "programa programar establece establecer escribe escribir",
    "show": "mostra deci muestra muestre mostrar enseña enseñe enseñar di diga decir lista listar lee lea leer dame "
    "da dar ver "
    "abre abrir "
    "consulta consultar",
    "complete": "completa complete completar termina termine terminar tacha tache tachar finaliza finalizar",
    "mark": "marca marque marcar pon poner",
    "reopen": "desmarca desmarcar reabre reabra reabrir",
    "delete": "borra borre borrar elimina elimine eliminar quita quite quitar cancela cancele cancelar suprime "
    "suprimir "
    "remueve remover anula anular",
    "move": "mueve mueva mover aplaza aplace aplazar pospón posponer pospone pasa pase pasar retrasa "
    "retrasar",
    "redate": "cambia cambie cambiar",
    "repeat": "repite repetir repita",
    "rename": "renombra renombre renombrar cambia cambie cambiar",
}
_ERRANDS = (
    "acompañar alquilar arreglar barrer buscar cambiar cocinar colocar comprar conseguir contestar devolver dejar "
    "enviar "
    "entregar escribir estudiar felicitar hacer imprimir ir lavar limpiar llamar llevar mandar ordenar pagar pasear "
    "pedir "
    "planchar preparar recoger regar renovar reparar reservar responder revisar sacar solicitar terminar tirar "
    "vender visitar"
)
_PARTS = {
    "X": "(?P<text>.+)",
    "T": "(?P<target>.+?)",
    "command": join_words(" ".join(_VERBS.values()).split()),
    "errands": join_words(_ERRANDS.split()),
    "my": r"(?:(?:el|la|los|las|mi|mis|nuestra|nuestras|todas?|todos?|esas?|esos?|estas?|estos?|un|una|cuáles|qué"
    r"|actuales"
    r"|pendientes|próximos?|próximas?|nuevos?|de) ){0,5}",
    "task": r"(?:tareas?|recordatorios?|pendientes|cosas (?:por|que) hacer|quehaceres)",
    "which": r"(?: (?:pendientes?|actuales|atrasad[oa]s?|vencid[oa]s?|hech[oa]s?|terminad[oa]s?|completad[oa]s?"
    r"|perdid[oa]s?"
    r"|activ[oa]s?)){0,3}",
    "list": r"(?:listas?(?! de reproducción)(?: (?:de |del )?(?:la |las |los |el )?[\w-]{1,30})?|tareas"
    r"|recordatorios|pendientes|agenda|calendario"
    r"|compras?)",
    "done": r"(?:hech[oa]s?|terminad[oa]s?|completad[oa]s?|acabad[oa]s?|finalizad[oa]s?|complet[oa]s?)",
    "yet": r"(?:(?:ya|ahora|por fin|todas?|todos?) ){0,3}",
}

_SENTENCES = (
    ("unknown", r"(?:<command>) .* (?:estrellas?|puntos?)|(?:<command>) .* (?:a|al|en|de)(?: \w{1,15})? (?:playlist"
                r"|lista de reproducción|favoritos|carrito"
                r"|contactos"
                r"|biblioteca|álbum)"),
    ("greeting", r"(?:hi|hola|buenas|buenos días|buenas (?:tardes|noches))(?: parley| a todos)?"),
    ("well", r"(?:cómo (?:estás|está(?: usted)?|te va)|qué tal)"),
    ("thanks", r"(?:muchas |mil )?gracias(?: .{0,20})?"),
    ("fine", r"ok(?:ay)?|vale|bien|genial|perfecto|muy bien|de acuerdo|estupendo"),
    ("bye", r"adiós|hasta (?:luego|mañana|pronto)|chao"),
    ("help", r"ayuda|ayúdame|qué (?:puedes|sabes) hacer.{0,30}|cómo funciona(?: esto)?"),
    ("left", r"stop|déjalo|nada|no,? gracias|olvídalo|da igual|para"),
    ("delete", r"(?:vacía|vacia|vaciar|limpia|limpiar) (?P<target><my><list>)"),
    ("undo", r"undo|deshaz(?:lo)?(?: (?:eso|el último cambio))?"
             r"|deshacer(?: (?:eso|el último cambio))?|revierte(?: eso)?"),
    ("add", r"no (?:te |se |me )?(?:olvides|olvide|olvidar|olvidarme)(?: de)? <X>|no me dejes olvidar (?P<text2>.+)"
            r"|no dejes? que (?:me )?olvide (?P<text3>.+)"),
    ("show", r"(?:qué (?:tengo|hay|me queda|queda|falta|debo|está|he)|cuáles son|qué es lo que tengo)\b.*\b(?:hacer"
             r"|pendientes?|lista|listas|falta"
             r"|queda|comprar|tareas?|recordatorios?|hecho|terminado|completado|hoy|mañana|semana|agenda)\b.{0,60}"),
    ("show", r"qué (?:tareas |cosas )?(?:hice|terminé|completé|acabé|logré)\b.{0,60}"),
    ("count", r"cuánt[oa]s (?:<task>|cosas)\b.*"),
    ("show", r"(?:qué|cuáles|cuál) (?:son |es )?<my>(?:<task>|<list>)\b.*|(?:tengo|hay) (?:algún |alguna |más |algo "
             r")?(?:<task>|que hacer|pendiente)\b.*"),
    ("add", r"(?:una? )?(?:nuev[oa] )?(?:tarea|recordatorio) (?:para|de) (?=\w{2,20}[aei]r(?:se|[mtl][eoa]s?)?\b)<X>"),
    ("add", r"(?:quiero|quisiera|necesito|me gustaría) que me (?:recuerdes?|avises?|hagas (?:acordar|recordar)) <X>"),
    ("delete", r"(?:detén|detener|suspende|suspender|desactiva|desactivar) (?P<target><my><task>\b.*)"),
    ("show", r"cuándo (?:es|son) <my><task>\b.*"),
    ("check", r"(?:está|están|hay) <T> en <my><list>"),
    ("show", r"<my>(?:<task>|<list>)<which>(?: (?:para|de|del|en) .{1,30})?"),
    ("add", r"(?:hazme|haceme|hágame) (?:acordar|recordar)(?: de)? <X>"),
    ("unremind", r"no (?:me|nos) (?:recuerdes|recuerde|avises)(?: más)?(?: de|del| sobre)? <T>"
                 r"|deja de (?:recordarme|avisarme)(?: de|del)? (?P<target2>.+)"),
    ("unrepeat", r"no (?P<target4>lo|la|los|las) repitas(?: más)?|no repitas(?: más)? <T>"
                 r"|deja de repetir (?P<target2>.+)"
                 r"|(?P<target3>.+?) (?:ya )?no (?:debe|deben) repetirse(?: más)?"),
    ("repeat", r"<T> (?:debe|deben|tiene que|tienen que) repetirse <X>"
               r"|haz que (?P<target2>.+?) se repitan? (?P<text2>.+)"),
    ("left", r"(?:yo |él )?no (?!gracias).*|(?:<command>) (?:no|nada|nunca)\b.*|nunca .*"),
    ("left", r"(?:si|cuando|en cuanto|quizás?|tal vez)\b.*"),
    ("add", r"(?:una? )?(?:nueva |nuevo )?(?:tarea|recordatorio)(?: (?:para|de|sobre|que diga)\b| ?:) ?<X>"),
    ("wish", r"(?:tengo que|tenemos que|hay que|debo|debería|me hace falta|necesito) (?!saber\b|que\b|ayuda\b"
            r"|ver\b)<X>"),
    ("check", r"(?:está|están) <yet><done> (?P<target>.+)|(?:está|están) (?P<target2>.+?) <yet>(?:<done>|pendiente)"
              r"|cuándo (?:es|tengo que|vence) (?P<target3>.+)"),
    ("question", r"(?:quién|qué|dónde|cuándo|por qué|cómo|cuánt[oa]s?|cuál|cuáles|debería|puedo|es|hay|eres|tienes"
                 r"|sabes)\b.*"),
    ("complete", r"<T> (?:está|están|:) ?<yet>(?:<done>|list[oa]s?)|(?:ya )?(?:he|hemos) <yet>(?:terminado|hecho"
                 r"|completado|acabado)(?: con| de)? (?P<target2>.+)"
                 r"|(?:ya )?(?:terminé|hice|completé|acabé)(?: con| de)? (?P<target3>.+)"),
    ("complete", r"(?:ya )?(?:he (?:comprado|pagado|llamado a?|enviado|limpiado|lavado|recogido|reservado|devuelto"
                 r"|mandado|escrito|preparado)"
                 r"|compré|pagué|llamé a|envié|limpié|lavé|recogí|reservé|devolví|mandé|preparé) (?P<target>.+)"),
    ("reopen", r"<T> (?:sigue|siguen|está|están) (?:todavía |aún )?(?:pendientes?|sin (?:hacer|terminar))"),
)  # fmt: skip
_REFERENCES = (
    ("it", r"(?:lo|la|eso|esto|es[ae]|est[ae]|ésa|ése|es[ae] (?:tarea|recordatorio)|(?:la|mi) tarea|(?:el|mi) "
           r"recordatorio)(?: "
           r"también)?"),
    ("them", r"los|las|es[ao]s|est[ao]s|l[oa]s dos|amb[oa]s|tod[oa]s ell[oa]s"),
    ("all completed tasks", r"<my>(?:<task> )?<done>|todo lo (?:hecho|terminado|completado)"),
    ("all open tasks", r"<my>(?:tareas|recordatorios) pendientes|todo lo pendiente"),
    ("all overdue tasks", r"todo lo (?:que está )?(?:atrasado|vencido|retrasado)"
                          r"|<my><task> (?:atrasad[oa]s|vencid[oa]s|retrasad[oa]s)"),
    ("all tasks except {but}", r"(?:todo|todas?|<my><task>),? (?:menos|excepto|salvo) (?P<but>.+)"),
    ("all tasks", r"todo lo(?: que (?:hay|está|tengo|queda))?|tod[oa]s?(?: (?:las|los|mis) (?:tareas"
                  r"|recordatorios|cosas))?|(?:las |los |mis )?(?:tareas"
                  r"|recordatorios)|(?:toda )?(?:la|mi) lista(?: entera)?"),
)  # fmt: skip
_ANSWERS = (
    ("yes", r"(?:sí|si|claro|vale|ok(?:ay)?|de acuerdo|exacto|correcto|por favor|por supuesto|hazlo|adelante)"
            r"(?:[,.! ]+(?:por favor|claro|gracias|hazlo|adelante)){0,3}"),
    ("no", r"(?:no|ningun[oa](?: de (?:l[oa]s dos|ell[oa]s))?|déjalo|cancela|nada|olvídalo)(?:[,.! ]+(?:gracias|por "
           r"favor|déjalo)){0,3}"),
    ("all", r"tod[oa]s|l[oa]s (?:dos|tres|cuatro)|amb[oa]s|todo"),
)  # fmt: skip
_FILTERS = (
    ("open", r"\b(?:pendientes?|por hacer|queda|quedan|falta|faltan|sin (?:hacer|terminar)|tengo que)\b"),
    ("done", r"(?<!sin )\b(?:hice|terminé|completé|acabé|logré|hech[oa]s?"
             r"|terminad[oa]s?|completad[oa]s?|acabad[oa]s?)\b"),
    ("overdue", r"\b(?:atrasad[oa]s?|vencid[oa]s?|retrasad[oa]s?|perdid[oa]s?)\b"),
    ("every", r"\b(?:tod[oa]s?|enter[oa])\b"),
    ("open_mark", r" como (?:no <done>|pendientes?)$"),
    ("done_mark", r" como <yet><done>$"),
)  # fmt: skip
_POSITIONS = {
    1: "primero primera primer uno",
    2: "segundo segunda dos",
    3: "tercero tercera tercer tres",
    4: "cuarto cuarta cuatro",
    5: "quinto quinta cinco",
    6: "sexto sexta",
    7: "séptimo séptima",
    8: "octavo octava",
    9: "noveno novena",
    10: "décimo décima",
    -1: "último última",
    0: "el la los las mi mis y número tarea tareas recordatorio",
}
_WORDS = """
    acabado hazme acordar avisame     a     llama envia apaga enciende sube baja llevame traduce contesta cuentame 
    pideme abre llamada llamado 
    significa eso cansado estoy buenas buenos noches dias ti anadas borrar borra terminado hecha muchas nunca 
    deberia debes
    deshaz deshacer olvides olvide olvidar borres el la los las un una unos unas y o no es son esta estan yo
    tu ella nosotros mi mis me te se lo al del de en con por para que quien cuando donde como cuanto cuantos
    cuantas cual cuales hoy manana pasado ayer tengo tienes tiene hay debo puedes podrias tarea tareas
    recordatorio recordatorios lista compra hola gracias si adios favor lunes martes miercoles jueves viernes
    sabado domingo todo todos todas toda ya pon pendientes hecho luz musica
"""
# "lista de la compra", "lista llamada Fiesta", 'lista "Oficina"', "lista Trabajo".
_NAMED_LIST = r"""
    \blista (?:de (?:la |las |los |mis )?|del |para (?:el |la |los |las )?|llamada )
    (?!reproducción|espera|contactos|invitados)"?(?P<name>[\w-]{2,30}(?: (?:por|que|para) hacer)?)"?
    |\blista "(?P<name3>[^"]{1,60})"|\blista (?P<name4>[\w-]{2,30})(?![\w-])"""
_LIST_NAMES = {
    **dict.fromkeys(["compra", "compras", "super", "supermercado"], "Compra"),
}
_TITLES = (
    ("", r"^(?:que (?:tengo que|debo|hay que) |que |de |sobre |para |acerca de )+(?:(?:el|la|los|las|mi) "
         r"(?!.*\b\w+[aei]r\b))?"),
    ("", r"^(?:unas|unos|el|la|los|las) "),
    ("", r"\b(?:a|para|el|de|en|y|por|la|del|al)$"),
)  # fmt: skip

SPANISH = Grammar(
    language="es",
    verbs=fold_verbs(_VERBS),
    enclitics={"me": "", "nos": "", "lo": "eso", "la": "eso", "los": "esos", "las": "esos"},
    sentences=compile_rules(_SENTENCES, _PARTS),
    courtesy_start=compile_folded(r"""
            (?:(?:por favor|porfa|hola|oye|vale|ok(?:ay)?|bueno|y|luego|parley|sí|no,|ahora|entonces)[,!.]* (?=\S+ ?\S)
            |(?P<can>(?:me |nos |lo |la )?(?:puedes|podrías|puede|podría|podéis|quieres)(?: usted)?|(?:quiero
            |quisiera|me gustaría)(?= (?:que )?(?:añad|agreg|apunt|borr|elimin|ver |cre|marc|mov|pon))(?: que)?)
            (?: por favor)?,? )+""", _PARTS),
    courtesy_verb=compile_folded(r"(?P<verb>\w+)(?: (?:por favor|usted|también))+ ?", _PARTS),
    courtesy_end=compile_folded(r"(?:[,.!]? (?:por favor|porfa|gracias)){1,3}$", _PARTS),
    particles=compile_folded(r" (?:también|como (?:nueva )?tarea)$", _PARTS),
    task=compile_folded(r"""
        (?:una? |la |el )?(?:nueva |nuevo )?(?:tarea|recordatorio)\b(?: ?:|,| (?:llamad[oa]|titulad[oa]|que diga))?
        (?: (?:para|de|del|sobre|acerca de|que)\b(?: (?:el|la|los|las)\b(?! .*\b\w+[aei]r\b))?)? ?""", _PARTS),
    list=compile_folded(r"(?:^|[ ,])(?:a|en|de|del|al)(?: |$)<my><list>(?=$|[: ])", _PARTS),
    named_list=compile_folded(_NAMED_LIST, {}),
    plain_list="lista",
    on_list="a la lista",
    main_list=compile_folded(r"(?:tareas?|recordatorios?|pendientes|cosas|quehaceres|to-?dos?|todo)"
                             r"(?: (?:por|que|para) hacer)?"
                             r"|hacer", {}),
    list_names=_LIST_NAMES,
    joint=compile_folded(r",? (?:y|e|así como) |, ", _PARTS),
    into=compile_folded(r" (?:a|al|en|por|como|para|para el|hasta) ", _PARTS),
    titles=compile_rules(_TITLES, _PARTS),
    wrapping=compile_folded(r"""
        ^(?:el|la|los|las|mi|mis|es[ae]|est[ae]|al|a) |^(?:tarea|recordatorio)s?\b(?: (?:de|del|para|con|sobre
        |llamad[oa]))?:? ?(?=\S)
        |^(?:el|la|l[oa]s) (?:de|del|con) |^(?:con|de|del) (?=\S)| (?:de|en) <my><list>$""", _PARTS),
    references=compile_rules(_REFERENCES, _PARTS),
    answers=compile_rules(_ANSWERS, _PARTS),
    positions=fold_places(_POSITIONS),
    noun=compile_folded(r"\b(?:<task>|<list>|todo|lo que tengo)\b", _PARTS),
    filters=compile_rules(_FILTERS, _PARTS),
    reminds=compile_folded(r"""
        \b(?:recuerd[ae]n?(?:me|nos)?|recordar(?:me|nos)|recuerdes?|avisa(?:me|nos)|recordatorio)\b""", _PARTS),
    about=compile_folded(r"""
        \b(?:recuerd[ae]n?(?:me|nos)|recordatorio)\b(?!.*\b\w{2,20}[aei]r(?:se|[mtl][eoa]s?)?\b)""", _PARTS),
    errand=compile_folded(r"(?:<errands>)(?:me|le|les|lo|la|los|las|nos)? \S.*", _PARTS),
    errand_verbs=frozenset(_ERRANDS.split()),
    calendar=SPANISH_CALENDAR,
    words=frozenset(map(fold_word, f"{_WORDS} {_ERRANDS}".split())),
)  # fmt: skip
