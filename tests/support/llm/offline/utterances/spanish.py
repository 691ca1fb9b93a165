# support/llm/offline/utterances/spanish.py -- what people say in Spanish, and what comes of it.
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
    "Comprar leche",
    "Llamar a mamá",
    "Escribir el informe | 20 páginas. " + FRIDAY,
    "[x] Regar las plantas",
)
OATS = ("Comprar leche", "Comprar leche de avena", "Llamar a mamá")

ADDING: dict[str, list[Call]] = {
    "Recuérdame dar de comer al gato": [add("Dar de comer al gato")],
    "Recuérdame mañana lavar el coche": [reminded("Lavar el coche", MONDAY)],
    "Recuérdeme el martes la reunión de padres": [*sought("reunión"), reminded("Reunión de padres", TUESDAY)],
    "¿Puedes recordarme sacar la basura esta noche?": [reminded("Sacar la basura", TODAY + ", 19:00")],
    "¿Podría recordarme pasado mañana la factura, por favor?": [reminded("Factura", TUESDAY)],
    "Recuérdame a las 18:00 cocinar": [reminded("Cocinar", TODAY + ", 18:00")],
    "Añade regar las plantas cada dos semanas": [
        add("Regar las plantas", TODAY, repeats="FREQ=WEEKLY;INTERVAL=2")
    ],
    "Añade pasta a mi lista de la compra": [add("Pasta", place="Compra")],
    "Pon mantequilla en la lista de la compra, por favor": [add("Mantequilla", place="Compra")],
    "Agrega dentífrico, jabón y champú a la lista": [add("Dentífrico"), add("Jabón"), add("Champú")],
    "¿Puedes poner café en mi lista de la compra?": [add("Café", place="Compra")],
    "Nueva tarea: entregar la declaración el próximo viernes": [add("Entregar la declaración", FRIDAY)],
    "Crea una nueva tarea para ordenar el sótano": [add("Ordenar el sótano")],
    "Quiero añadir una tarea: limpiar las ventanas": [add("Limpiar las ventanas")],
    "Apunta dentista el lunes a las 9:30": [add("Dentista", MONDAY + ", 09:30")],
    "Anota: buscar un regalo para Lea": [add("Buscar un regalo para Lea")],
    "No te olvides de renovar los pasaportes": [add("Renovar los pasaportes")],
    "Tengo que pagar el alquiler el viernes": [add("Pagar el alquiler", FRIDAY)],
    "Hay que reservar el vuelo": [add("Reservar el vuelo")],
    "Avísame mañana de la entrega": [reminded("Entrega", MONDAY)],
    "Recordatorio para llamar al banco": [add("Llamar al banco")],
    "Quiero que me recuerdes comprar sal": [add("Comprar sal")],
    "Haceme acordar de pagar el gas": [add("Pagar el gas")],
    "El martes recuérdame regar el jardín": [reminded("Regar el jardín", TUESDAY)],
    "comprar pan": [add("Comprar pan")],
    "recoger la receta y visitar a la abuela": [add("Recoger la receta"), add("Visitar a la abuela")],
    "Anade una tarea preparar la cena": [add("Preparar la cena")],
    "Apúntame comprar sellos": [add("Comprar sellos")],
    "Recuérdame el paquete dentro de tres días": [
        *sought("paquet"),
        reminded("Paquete", "Due Wednesday 25 November 2026"),
    ],
    "Recuérdame en media hora sacar el pastel": [reminded("Sacar el pastel", TODAY + ", 10:13")],
    "Recuérdame la vacuna en dos semanas": [
        *sought("vacuna"),
        reminded("Vacuna", "Due Sunday 6 December 2026"),
    ],
    "Recuérdame el concierto el 4 de diciembre a las 17:00": [
        reminded("Concierto", "Due Friday 4 December 2026, 17:00")
    ],
    "Recuérdame los regalos el 24/12": [
        *sought("regalo"),
        reminded("Regalos", "Due Thursday 24 December 2026"),
    ],
    "Recuérdame la entrevista el lunes a las ocho y media": [
        *sought("entrevista"),
        reminded("Entrevista", MONDAY + ", 08:30"),
    ],
    "Recuérdame el martes por la noche el entrenamiento": [
        *sought("entrenamiento"),
        reminded("Entrenamiento", TUESDAY + ", 19:00"),
    ],
    "Recuérdame escribir el informe la próxima semana": [reminded("Escribir el informe", MONDAY)],
    "Recuérdame hacer las cuentas a fin de mes": [
        reminded("Hacer las cuentas", "Due Monday 30 November 2026")
    ],
    "Recuérdame mañana a las siete y cuarto el desayuno": [reminded("Desayuno", MONDAY + ", 07:15")],
    "Recuérdame la revisión del coche el 1 de marzo de 2027": [
        *sought("revisión"),
        reminded("Revisión del coche", "Due Monday 1 March 2027"),
    ],
    "Recuérdame mañana por la mañana tomar las pastillas": [
        reminded("Tomar las pastillas", MONDAY + ", 09:00")
    ],
}

LOOKING: dict[str, list[Call]] = {
    **dict.fromkeys(
        [
            "¿Qué hay en mi lista?",
            "Muéstrame mis tareas",
            "Enséñeme las tareas pendientes, por favor",
            "¿Qué me queda por hacer?",
            "¿Qué tareas tengo pendientes?",
            "¿Qué tengo que hacer?",
            "Mis tareas",
            "¿Tengo algo que hacer?",
        ],
        [look(completed=False)],
    ),
    "Muestra todas las tareas": [look()],
    "¿Qué tareas están terminadas?": [look(completed=True)],
    "¿Qué he terminado?": [look(completed=True)],
    "¿Qué tengo que hacer el viernes?": [look(day=FRIDAY, completed=False)],
    "¿Qué debo hacer hoy?": [look(day=TODAY, completed=False)],
    "¿Qué tareas están atrasadas?": [look(completed=False, limit=200, overdue=True)],
    "¿Cuántas tareas tengo?": [EVERYTHING],
}

DATED = ("Dentista | Due Thursday 26 November 2026, 15:00", "Pagar el alquiler | Due Tuesday 1 December 2026")

PLANNING = [
    Said(
        "Recuérdame el dentista a las 8",
        (look("dentista", completed=False), updated(1, reminder_at="2026-11-26T08:00:00")),
        ("Te recordaré «Dentista»: jueves 26 de noviembre, 08:00.",),
        DATED,
    ),
    Said(
        "Recuérdame una hora antes del dentista",
        (look("dentista", completed=False), updated(1, reminder_at="2026-11-26T14:00:00")),
        ("14:00",),
        DATED,
    ),
    Said(
        "No me recuerdes el dentista",
        (look("dentista", completed=False), updated(1, reminder_at=None)),
        ("No te recordaré",),
        DATED,
    ),
    Said(
        "Repite pagar el alquiler cada mes",
        (look("alquiler"), updated(2, due_on="2026-12-01", repeats="FREQ=MONTHLY")),
        ("cada mes",),
        DATED,
    ),
    Said(
        "No repitas más pagar el alquiler",
        (look("alquiler"), updated(2, repeats=None)),
        ("ya no se repite",),
        DATED,
    ),
]

CHANGING = [
    *(
        Said(text, (look("lech", completed=False), done(1)), ("Hecho: «Comprar leche».",), TASKS)
        for text in [
            "Tacha la leche",
            "La leche está hecha",
            "Marca la leche como hecha",
            "Ya he comprado la leche",
            "¿Puedes completar la leche?",
        ]
    ),
    Said("Borra la leche", (look("lech"), deleted(1)), ("Borrado: «Comprar leche».",), TASKS),
    Said("Elimine llamar a mamá", (look("mamá"), deleted(2)), (), TASKS),
    Said("Quita la leche de la lista, por favor", (look("lech"), deleted(1)), (), TASKS),
    Said("Borra todas las tareas terminadas", (look(completed=True, limit=25), deleted(4)), (), TASKS),
    Said(
        "Renombra comprar leche a comprar nata",
        (look("lech"), updated(1, title="Comprar nata")),
        ("Renombrado: «Comprar leche» como «Comprar nata».",),
        TASKS,
    ),
    Said(
        "Cambia llamar a mamá por llamar a papá",
        (look("llamar"), look("mamá"), updated(2, title="Llamar a papá")),
        (),
        TASKS,
    ),
    Said(
        "Mueve llamar a mamá al martes a las 17:00",
        (look("mamá"), moved(2, TUESDAY + ", 17:00")),
        ("Nueva fecha de «Llamar a mamá»: martes 24 de noviembre, 17:00.",),
        TASKS,
    ),
    Said("Desmarca regar las plantas", (look("planta", completed=True), reopened(4)), (), TASKS),
    Said("Borra el dragón", (look("dragón"), EVERYTHING), ("ninguna tarea como «dragón»",), TASKS),
]

TALKING = [
    Said("sí", (deleted(1),), ("Borrado:",), TASKS, ("¿Borra la leche?",)),
    Said("la segunda", (deleted(1),), ("«Comprar leche»",), OATS, ("Borra comprar",)),
    Said("Tacha la 2", (done(2),), ("Hecho: «Llamar a mamá».",), TASKS, ("Muéstrame mis tareas",)),
    Said("Bórralo", (deleted(1),), ("Borrado: «Traer pan».",), (), ("Añade traer pan",)),
    Said("Deshaz eso", (deleted(1),), ("ya no está en la lista",), (), ("Añade pan",)),
    Said("¡Hola!", (), ("¡Hola!",)),
    Said("Muchas gracias", (), ("¡De nada!",)),
    Said("¿Qué puedes hacer?", (), ("Por ejemplo",)),
]

NOTHING = [
    "Apaga la luz",
    "Enciende la luz del salón",
    "Pon música",
    "Pon una canción de Rosalía",
    "¿Qué tiempo hará mañana?",
    "¿Qué hora es?",
    "Pon una alarma a las 7",
    "Pon el temporizador en diez minutos",
    "Llama a mamá",
    "Envía un mensaje a Ana",
    "Cuéntame un chiste",
    "¿Cuál es la capital de Francia?",
    "¿Quién ganó el partido?",
    "No borres la leche",
    "Por favor, no borres nada",
    "No añadas leche",
    "No me lo recuerdes",
    "No he llamado a mamá",
    "¿Debería borrar la leche?",
    "Si estoy en casa, borra la leche",
    "Cuando llueva, recuérdame",
    "Quizás borrar la leche",
    "Añade esta canción a mi playlist",
    "Añade la película a la lista de reproducción",
    "Sube la calefacción a 20 grados",
    "Abre la puerta",
    "Llévame a Madrid",
    "Traduce perro al inglés",
    "¿Cuánto es dos más dos?",
    "Estoy cansado",
    "Hace buen tiempo hoy",
    "Buenas noches",
    "Gracias a ti",
    "¿Por qué se borró la leche?",
    "Tú no debes borrar la leche",
    "Sube el volumen de la tele",
    "Contesta la llamada",
    "Baja la música",
    "Pídeme una pizza",
    "¿Qué significa eso?",
    "Ayer estuve en el cine",
    "Pon la radio",
    "Dale cuatro estrellas a este libro",
    "Borra la alarma de las 7",
]
