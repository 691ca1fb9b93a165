# llm/offline/parsing/services.py -- what is asked of banks, shops and hosts, in the words of a note
from llm.offline.parsing.patterns import compile_pattern

_MAX_CHARACTERS = 500  # of a phrase that is looked at

# Things that are kept by a bank, a shop or a provider.
_CARD = r"""
    (?:bank|credit|debit|gift|visa|virtual|physical|prepaid|disposable|additional|spare|another|new|my|our|the|this|a|old)
    (?: )cards?(?! (?:for|to|from) (?!the atm))"""
_KEPT = compile_pattern(rf"""
    (?:\$\d|\b(?:{_CARD}|visas?|mastercards?|accounts?|pass ?codes?|pins?|transfers?|transactions?|refunds?
    |beneficiar(?:y|ies)|top[- ]?ups?|(?:my|our) identity|source of (?:my )?funds|funds|money|cash|dollars|bucks
    |direct debit|savings|checking|currenc(?:y|ies)|balance|insurance claim|routing number)\b)""")
_ALSO_KEPT = compile_pattern(r"""
    \b(?:purchase|subscription|membership|personal (?:details|information)|details|data|demographics|address
    |phone number|payments?|deposits?|delivery|flights?|hotels?|tickets?|reservations?|bookings?|rooms?|tables?
    |(?:my|our) (?:last )?name)\b""")
# Who talks with people about such a thing has something to do; and a bill is paid.
_TALKED_ABOUT = compile_pattern(r"""
    (?:call|phone|ring|email|mail|write|ask|tell|visit|meet|go|text|talk|speak|remind|contact|pay|thank|find|bring|take
    |pick up|renew)\b""")
# What is asked of whoever takes orders: "I want to order pizza" is said to them, "order pizza" may be a note.
_SERVED = frozenset(
    """
        add apply book buy cancel change check choose close delete depart deposit eat enroll enrol exchange find follow
        fly get go have hear join leave make move open order pay pick place purchase receive register remove rent
        reserve
        return schedule see send sign sit stay stop take top transfer travel try update upgrade use view visit watch
        withdraw
    """.split()
)


def is_kept(text: str) -> bool:
    """Whether this is about what a bank keeps, and no talk with people about it."""
    text = text[:_MAX_CHARACTERS]
    return _KEPT.search(text) is not None and _TALKED_ABOUT.match(text) is None


def names_service(text: str) -> bool:
    """Whether this may be something that a bank, a shop or a host does."""
    text = text[:_MAX_CHARACTERS]
    return _TALKED_ABOUT.match(text) is None and (is_kept(text) or _ALSO_KEPT.search(text) is not None)


def is_served(text: str) -> bool:
    """Whether a person who wants this may say so to whoever serves them."""
    return text.partition(" ")[0].rstrip(",.;:!?").lower() in _SERVED
