# llm/offline/parsing/errands.py -- whether a phrase that only begins with a verb is something to do for a person
import re

from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.services import is_kept, is_served, names_service
from llm.offline.parsing.vocabulary import VERBS, reads_as_task

_MAX_CHARACTERS = (
    500  # of a phrase that is looked at: what stands behind them says no more about who is to do it
)

# What one asks of a device, a service or an assistant. A person does these things too, so such a phrase is offered.
_COMMANDED = frozenset(
    """
        accept activate add adjust answer back begin calculate charge choose close compare compute connect convert copy
        count delete deliver describe display download draw edit eliminate encourage enjoy ensure enter evaluate
        exchange
        explain export figure find follow forward freeze help hit hold import inform investigate join keep launch let
        light listen load locate lock look merge offer open play post present process propose provide pull push put
        question
        race read receive record redeem release remove repeat report request research respond restart restore retrieve
        ride run save say scan search secure see select set share show shut sing solve sort start stop store subscribe
        support switch teach test top touch trade translate try tune turn unblock unlock unsubscribe update upgrade
        upload use validate verify wait wake
    """.split()
)
# What only hands can do: whatever its object is, nobody asks it of a program.
_BY_HAND = frozenset(
    """
        assemble bake bathe boil borrow bring brush build buy clean comb cook cycle darn declutter defrost
        donate dress dry dust dye feed fix fold fry glue grab grill groom harvest hoover
        hug iron knit laminate lend mend mop mount mow pack paint pay peel plaster plug polish prune purchase
        rake refill rent repair replace rinse roast sand scrape scrub sew sharpen shave ship shop shovel slice
        solder steam stitch sweep tidy tie tighten trim unpack vacuum wash wax weed weigh wipe wrap
    """.split()
)
_DEVICES = compile_pattern(r"""
    \b(?:lights?|lighting|lamps?|brightness|dimmer|volume|vocals|voice|mute|sound|speakers?|music|songs?|tracks?|albums?
    |playlists?|i-?tunes|spotify|netflix|youtube|pandora|deezer|vimeo|soundcloud|radio|podcasts?|episodes?|audiobooks?|stations?|jazz|alarms?|alerts?|timers?|weather|forecasts?
    |temperature|traffic|news|headlines|jokes?|thermostat|wi-?fi|bluetooth|settings?|apps?|website|browser|screen|plug
    |socket|coin|dice|language|balance|directions|route|location|info|information|meaning|definition|languages?
    |headphones|microphone|taxis?|cabs?|uber|lyft|twitter|tweets?|facebook|instagram|reddit|selfies?
    |screenshots?|haiku|limerick|coffee (?:maker|machine)
    |camera|notifications?|inbox|trivia|facts?|lyrics|stocks?
    |currency|exchange rate|status|scores?|prices?|calories|recipes?
    |pronunciation|synonyms?|poem|story|riddle|game|chess
    |routing number|credit (?:score|limit)|interest rate|apr|pin
    |stars?|points?|rating|out of (?:\d|five|six|ten)|of (?:6|six))\b""")
# Of what was spoken of before, which nobody knows here: "pick it up", "reserve that one".
_POINTED_AT = compile_pattern(r"""
    [\w-]+(?: (?:up|off|out|in|down|on|back|over|for))? (?:it|that|this|them|those|these|one|(?:the )?(?:other|same
    |first|second
    |last) one|\w+ of (?:them|those|these))\b.*""")
# A noun that may be a verb, and what it does: "transfer is still pending".
_SUM = compile_pattern(r"""
    (?:(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred|and|plus|to|with|minus|times
    |divided by|minutes?|seconds?|hours?|more|another|by|up|together|[-+*/,?])(?: |$))+""")
_PREDICATE = compile_pattern(r"""
    [\w-]+ (?:still |also |already )?(?P<aux>is|are|was|were|has|will|would|should|could|can|may|might|must|does|did
    |keeps?|fails?
    |failed|isn't|aren't|wasn't|hasn't|haven't|won't|can't|doesn't|didn't)\b.*""")
_WEATHER = compile_pattern(r"""
    \b(?:sunrise|sunset|humid\w*|rain\w*|snow\w*|sunny|clouds?|cloudy|wind|windy|storms?|stormy|hail|uv|hot|hotter|cold
    |colder|warm|warmer|chilly|degrees|celsius|fahrenheit|hurricanes?|tornado\w*|pollen|precipitation|freezing|tides?)\b""")
_FINITE = compile_pattern(r"""
    \b(?:is|are|am|was|were|has|have|had|will|would|shall|should|could|can|may|might|must|do|does|did|expires?|i|we|you|he|she
    |they|it|i'm|i'll|i've|it's|that's|let's|isn't|aren't|don't|doesn't|didn't|won't|can't|hasn't|haven't)\b""")
_TO_THE_ASSISTANT = compile_pattern(r"\b(?:me|you|your|yours|yourself)\b")
_ABOUT_THE_ASSISTANT = compile_pattern(r"\b(?:you|your|yours|yourself)\b")
_QUESTION_WORD = "(?:if|whether|how|what|when|where|which|who|whose|why)"
_QUESTION_BEHIND = compile_pattern(
    rf"\w+(?: (?:out|up|on|to see|and see|and tell|for|me|us|more|about)){{0,3}} {_QUESTION_WORD}\b"
)
_MADE = compile_pattern(r"""
    (?:make|have) (?:(?:an?|the|my|our|some|another|doctors?'?|dentists?'?|dental|hair|vet|dinner|lunch)(?: )){0,4}
    (?:appointments?|reservations?|bookings?|dinner|lunch|breakfast|brunch|supper|soup|salad|cake|cookies|pancakes|bread
    |bed|beds|payments?|deposit|phone calls?|calls?|copies|a copy|costumes?|meeting)\b.*""")
_BOOKED = compile_pattern(r"""
    (?:book|reserve) .*\b(?:appointments?|dentist|doctor|vet|hair\w*|check-?up|mechanic|optician|massage|plumber
    |electrician
    |flights?|hotels?|trips?|train|bus|ferry|holidays?|vacation|lessons?|class|session|babysitter|sitter|venue|dj|photographer|band|caterer)\b.*""")
_DONE_AT_HOME = compile_pattern(r"""
    do (?:(?:the|my|our|some|a|all|more|\w+'s)(?: )){0,2}(?:\w+ )?(?:laundry|dishes|homework|housework|chores?|shopping
    |cleaning|ironing|washing(?: up)?|taxes|paperwork|assignments?|errands?|yoga|exercises?|work-?out|push-?ups|sit-?ups
    |stretches|essay|presentation|accounts|accounting|expenses|inventory|groceries|garden(?:ing)?|yard ?work)\b.*""")
# Verbs whose object decides, with the objects that make an errand of them.
_BY_OBJECT = {
    "make": _MADE,
    "have": _MADE,
    "do": _DONE_AT_HOME,
    "check": compile_pattern(r"""
        check (?:(?:on|in on|in with|up on) \w.*|(?:(?:the|my|our|all|\w+'s)(?: )){1,3}(?:\w+ )?
        (?:oven|mail(?:box)?|post|tires?|tyres?|oil|batter(?:y|ies)|smoke (?:detectors?|alarms?)|fridge|laundry|dryer
        |washer
        |stove|pressure|homework|garden|plants?|doors?|locks?|windows?|fuses?|gutters?|cats?|dogs?|kids?|children|pets?)\b.*)"""),
    "book": _BOOKED,
    "reserve": _BOOKED,
    "learn": compile_pattern(r"learn (?!more|about|from)\w.*"),
    "go": compile_pattern(
        r"go (?:to|for|see|get|pick|out|by|through|over|visit|buy|on an?|grocery|\w+ing)\b.*"
    ),
    "pick": compile_pattern(r"pick (?:up|.{1,60} up|out) .*"),
    "take": compile_pattern(r"take (?!(?:an? )?(?:note|memo|video|picture|photo)\b).*"),
    "brew": compile_pattern(r"brew (?!.*\b(?:coffee|tea|cup)\b).*"),
    "prepare": compile_pattern(r"prepare (?!.*\b(?:coffee|tea|cup|espresso)\b).*"),
    "talk": compile_pattern(r"talk (?:to|with) .*"),
    "speak": compile_pattern(r"speak (?:to|with) .*"),
    "give": compile_pattern(
        r"give (?!an?\b|some|any|another|more|info|details|updates?|options|suggestions|results)\w.*"
    ),
    "tell": compile_pattern(
        r"tell (?!an?\b|another|some|more|about|the (?:time|date|story|truth|difference))\w.*"
    ),
    "change": compile_pattern(r"""
        change (?:(?:the|my|our|all|some|a|\w+'s)(?: )){0,3}(?:\w+ )?(?:sheets|bed(?:ding)?|oil|tires?|batter(?:y|ies)
        |bulbs?|light ?bulbs?|diapers?|nappy|nappies|filters?|water|clothes|towels|litter|locks?|strings
        |brakes?)\b.*"""),
}
_INFORMED = compile_pattern(rf"""
    (?:know|hear|understand|believe|think|say|see|listen|use|be|search|locate|verify|view)\b.*
    |(?:find|look up|look for) (?!(?:my|our|his|her|their|\w+'s)\b).*
    |(?:check|find|tell|see|figure out) {_QUESTION_WORD}\b.*""")
_REQUEST = compile_pattern(r"""
    (?:(?:hey|ok|okay|so|and|then|just|also|alexa|siri|olly|google|parley|assistant|computer|pda|well|yes|hi|hello)
    [,!:.]*(?: )){0,5}
    (?:please|pls|plz|kindly|(?:can|could|would|will|won't|can't) (?:you|we)|would you mind|(?:i'd|i would) like you to
    |i (?:want|need) you to|be so kind|do me a favou?r|alexa|siri|olly|google|computer|pda)\b""")


_NOUNS = re.compile(r"[^\W\d_][\w'’-]*(?: [\w'’-]+){1,4}\.?")
_NO_NOUN_PHRASE = compile_pattern(r"""
    \b(?:i|you|he|she|it|we|they|me|us|him|them|this|that|these|those|there|here|who|what|which|whose|when|where|why|how
    |is|are|am|was|were|be|been|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must|not|no|never|yes
    |maybe|please|thanks?|hello|hi|bye|if|because|very|too|so|really|than|nice|good|bad|great|cool|well|sorry|okay|ok
    |i'm|it's|that's|don't|doesn't|didn't|isn't|aren't|won't|can't)\b""")
_ANSWERED = compile_pattern(
    r"(?:tell|show|give|send|read) (?:me|us)\b.*|let me know\b.*|find out (?:if|whether|how|what)\b.*"
)
_MEDIA = compile_pattern(r"""
    (?:an?|the|this|that|these|those|another|some|current|more)(?: (?:current|new|whole|other))? (?:songs?|tunes?
    |tracks?
    |albums?|artists?|bands?|music|videos?|movies?|shows?|episodes?|podcasts?|contacts?)\b.*""")
_FOREIGN_LIST = compile_pattern(r"""
    \b(?:to|on|onto|in|into) (?:(?:my|the|our|his|her|an?|this|that) )?(?:[\w&-]+(?:'s)? ){0,6}?
    (?:play[- ]?lists?|albums?|soundtracks?|discography|queue|contacts?(?: list)?|cards?|profile|address book
    |phone ?book|favou?rites|library|accounts?|spreadsheet|database
    |bookmarks)\b""")


def asks_for_answer(text: str) -> bool:
    """Whether the assistant is to tell something: "tell me ...", "find out if ..."."""
    return _ANSWERED.fullmatch(text[:_MAX_CHARACTERS]) is not None


def names_foreign_list(text: str) -> bool:
    """Whether something is to go where Parley keeps nothing: "to my playlist", "to the contacts"."""
    text = text[:_MAX_CHARACTERS]
    return _FOREIGN_LIST.search(text) is not None or _MEDIA.fullmatch(text) is not None


def is_request(text: str) -> bool:
    """Whether the sentence asks somebody: "can you ...", "please ...", "i want you to ..."."""
    return _REQUEST.match(text.lstrip(" ,;")) is not None


def reads_as_errand(text: str) -> bool:
    """Whether a person does this: a verb with its object, and no device, service or question behind it."""
    text = text[:_MAX_CHARACTERS]
    word = text.partition(" ")[0].rstrip(",.;:!?").lower()
    if not reads_as_task(text) or _TO_THE_ASSISTANT.search(text) or _POINTED_AT.match(text):
        return False
    if word != "ask" and _QUESTION_BEHIND.match(text):
        return False
    if (objects := _BY_OBJECT.get(word)) and not objects.fullmatch(text):
        return False
    if word in ("make", "have", "do", "change", "book", "reserve"):
        return True
    if word in _BY_HAND:
        return not text.lower().startswith("bring up")
    return word in VERBS and word not in _COMMANDED and not _DEVICES.search(text) and not is_kept(text)


def reads_as_duty(text: str) -> bool:
    """Whether what follows "I need to" is something to do, and not something to be told or done by the assistant."""
    text = text[:_MAX_CHARACTERS]
    if _POINTED_AT.match(text) or names_service(text):
        return False
    if _INFORMED.fullmatch(text) or _ABOUT_THE_ASSISTANT.search(text) or _QUESTION_BEHIND.match(text):
        return text.lower().startswith("ask ")
    word = text.partition(" ")[0].lower()
    if word in ("change", "modify", "update", "correct", "edit", "exchange"):
        return reads_as_errand(text)
    return not _DEVICES.search(text) or word in _BY_HAND


def reads_as_wish(text: str) -> bool:
    """Whether what follows "I want to" is something that a person does alone, not said to whoever serves them."""
    return reads_as_errand(text) and not is_served(text) and not names_service(text)


def tells_something(text: str) -> bool:
    """Whether there is a verb in what could be a thing and a date: "my card expires next week" is no event."""
    return _FINITE.search(text[:_MAX_CHARACTERS]) is not None


def is_weather(text: str) -> bool:
    return _WEATHER.search(text[:_MAX_CHARACTERS]) is not None


def is_statement(text: str) -> bool:
    """Whether what seems to begin with a verb tells of something: "cash has come"; but "call Will" does not."""
    m = _PREDICATE.match(text[:_MAX_CHARACTERS])
    return m is not None and (m["aux"].islower() or text.isupper())


def is_said_to_device(text: str) -> bool:
    """Whether "add" and this may be said to a timer, a calculator or a bank: "5 minutes", "2 and 3", "money"."""
    text = text[:_MAX_CHARACTERS]
    if reads_as_task(text):
        return False
    return bool(_DEVICES.search(text) or _SUM.fullmatch(text)) or is_kept(text)


def is_noun_phrase(text: str) -> bool:
    """Whether a few words name a thing, and could be a task of which the verb was left out: "dentist appointment"."""
    words = text.lower().split(" ")
    return (
        1 < len(words) <= 5
        and _NOUNS.fullmatch(text) is not None
        and not _NO_NOUN_PHRASE.search(text)
        and not _DEVICES.search(text)
    )


def names_device(text: str) -> bool:
    """Whether the phrase is about what a device or a service does: lights, music, an alarm, the weather."""
    return _DEVICES.search(text[:_MAX_CHARACTERS]) is not None
