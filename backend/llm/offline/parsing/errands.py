# llm/offline/parsing/errands.py -- whether a phrase that only begins with a verb is something to do for a person
import re

from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.vocabulary import VERBS, reads_as_task

_MAX_CHARACTERS = (
    500  # of a phrase that is looked at: what stands behind them says no more about who is to do it
)

# What one asks of a device, a service or an assistant. A person does these things too, so such a phrase is offered.
_COMMANDED = frozenset(
    """
        accept activate add adjust answer back begin calculate charge choose close compare compute connect convert copy
        count delete deliver describe display download edit eliminate encourage enjoy ensure enter evaluate exchange
        explain export figure find follow forward freeze help hit hold import inform investigate join keep launch let
        light load locate lock look merge offer open play post present process propose provide pull push put question
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
    |playlists?|radio|podcasts?|episodes?|audiobooks?|stations?|jazz|alarms?|alerts?|timers?|weather|forecasts?
    |temperature|traffic|news|headlines|jokes?|thermostat|wi-?fi|bluetooth|settings?|apps?|website|browser|screen|plug
    |socket|coin|dice|language|balance|directions|route|location|info|information|meaning|definition|languages?
    |headphones|microphone
    |coffee (?:maker|machine)|camera|notifications?|inbox|trivia|facts?|lyrics|stocks?
    |currency|exchange rate|status|scores?|prices?|calories|recipes?
    |pronunciation|synonyms?|poem|story|riddle|game|chess
    |routing number|credit (?:score|limit)|interest rate|apr|pin)\b""")
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
_DONE_AT_HOME = compile_pattern(r"""
    do (?:(?:the|my|our|some|a|all|more|\w+'s)(?: )){0,2}(?:\w+ )?(?:laundry|dishes|homework|housework|chores?|shopping
    |cleaning|ironing|washing(?: up)?|taxes|paperwork|assignments?|errands?|yoga|exercises?|work-?out|push-?ups|sit-?ups
    |stretches|essay|presentation|accounts|accounting|expenses|inventory|groceries|garden(?:ing)?|yard ?work)\b.*""")
# Verbs whose object decides, with the objects that make an errand of them.
_BY_OBJECT = {
    "make": _MADE,
    "have": _MADE,
    "do": _DONE_AT_HOME,
    "check": compile_pattern(r"check (?:on|in on|in with|up on)? ?(?!out|to see|for|over|that)\w.*"),
    "learn": compile_pattern(r"learn (?!more|about|from)\w.*"),
    "go": compile_pattern(
        r"go (?:to|for|see|get|pick|out|by|through|over|visit|buy|on an?|grocery|\w+ing)\b.*"
    ),
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
    (?:know|hear|understand|believe|think|say|see|listen|use)\b.*|find out\b.*
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
_FOREIGN_LIST = compile_pattern(r"""
    \b(?:to|on|onto|in|into) (?:(?:my|the|our|his|her|an?|this|that) (?:[\w-]+(?:'s)?(?: )){0,4})?
    (?:play-?lists?|albums?|queue|contacts?|address book|phone ?book|favou?rites|library|accounts?|spreadsheet|database
    |bookmarks)\b""")


def asks_for_answer(text: str) -> bool:
    """Whether the assistant is to tell something: "tell me ...", "find out if ..."."""
    return _ANSWERED.fullmatch(text[:_MAX_CHARACTERS]) is not None


def names_foreign_list(text: str) -> bool:
    """Whether something is to go where Parley keeps nothing: "to my playlist", "to the contacts"."""
    return _FOREIGN_LIST.search(text[:_MAX_CHARACTERS]) is not None


def is_request(text: str) -> bool:
    """Whether the sentence asks somebody: "can you ...", "please ...", "i want you to ..."."""
    return _REQUEST.match(text.lstrip(" ,;")) is not None


def reads_as_errand(text: str) -> bool:
    """Whether a person does this: a verb with its object, and no device, service or question behind it."""
    text = text[:_MAX_CHARACTERS]
    word = text.partition(" ")[0].rstrip(",.;:!?").lower()
    if not reads_as_task(text) or _TO_THE_ASSISTANT.search(text):
        return False
    if word != "ask" and _QUESTION_BEHIND.match(text):
        return False
    if (objects := _BY_OBJECT.get(word)) and not objects.fullmatch(text):
        return False
    if word in ("make", "have", "do", "change"):
        return True
    if word in _BY_HAND:
        return not text.lower().startswith("bring up")
    return word in VERBS and word not in _COMMANDED and not _DEVICES.search(text)


def reads_as_duty(text: str) -> bool:
    """Whether what follows "I need to" is something to do, and not something to be told or done by the assistant."""
    text = text[:_MAX_CHARACTERS]
    if _INFORMED.fullmatch(text) or _ABOUT_THE_ASSISTANT.search(text) or _QUESTION_BEHIND.match(text):
        return text.lower().startswith("ask ")
    return not _DEVICES.search(text) or text.partition(" ")[0].lower() in _BY_HAND


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
