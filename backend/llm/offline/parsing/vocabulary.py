# llm/offline/parsing/vocabulary.py -- English words: which are verbs of doing, what is their base, which carry meaning
import re
from functools import lru_cache

# Everyday things that people put on a list. "X and Y" is two tasks where Y begins with one of these.
VERBS = frozenset(
    """
        accept activate adjust adopt air answer apologise apologize apply appoint argue arrange ask
        assemble assign attach attend back bake bathe beat begin bike boil book borrow brew bring brush
        build buy calculate call cancel catch celebrate change charge chase check choose clean clear
        climb close collect comb compare compile complete compose compost confirm congratulate connect
        contact convert cook copy correct count cover create cut cycle dance darn deal decide declutter
        decorate defrost delete deliver deploy deposit design dig discuss disinfect do donate download
        draft draw dress drink drive drop dry dust dye eat edit eliminate email empty encourage enjoy
        enrol enroll ensure enter evaluate exchange exercise explain explore export extend fax feed
        fetch figure file fill finalise finalize find finish fix fold follow forward freeze fry gather
        get give go grab grill groom grow hand hang harvest have head help hide hike hire hit hold
        hoover host hug hunt implement import inform inspect install interview invest investigate invite
        invoice iron jog join keep kiss knit laminate land launch learn leave lend let lift light load
        lock look mail make march meditate meet mend merge message migrate mix mop mount move mow
        negotiate notify nurse offer oil open order organise organize overhaul pack paint pair park pay
        peel phone photograph pick place plan plant plaster play plug polish post practice practise pray
        prepare present print process proofread propose prune publish pull purchase push put question
        quit race rake reach read rearrange rebook rebuild receive record recycle redeem redo refactor
        refill refund register rehearse relax release relocate remove renew renovate rent repair repay
        replace reply report request research reserve respond rest restart restock restore retrieve
        return review revise rewrite ride ring rinse roast run sand save say scan schedule scrape scrub
        search secure see select sell send serve set sew share sharpen shave shine ship shop shovel
        shower shred shut sign sing skype slice solve sort speak spend spray start steam stitch stock
        stop store stretch study submit subscribe support swap sweep swim switch take talk teach tell
        test text thank throw tidy tie tighten top touch trade train transfer translate treat trim try
        tune turn type unblock unpack unplug unsubscribe update upgrade upload use vacuum validate
        verify visit volunteer vote wait wake walk wash watch water wax weed weigh wipe work wrap write
        yoga zip
    """.split()
)

# These need no object: "buy milk and exercise" is two tasks, "bread and water" is none.
_ALONE = frozenset(
    """
    exercise meditate shower vacuum relax study hoover jog swim pray nap yoga
""".split()
)

_PAST = {
    "ate": "eat", "baked": "bake", "beaten": "beat", "began": "begin", "begun": "begin", "bought": "buy",
    "brought": "bring", "built": "build", "caught": "catch", "chose": "choose", "chosen": "choose",
    "did": "do", "done": "do", "drank": "drink", "drawn": "draw", "drew": "draw", "driven": "drive",
    "drove": "drive", "dug": "dig", "eaten": "eat", "fed": "feed", "fixed": "fix", "found": "find",
    "froze": "freeze", "gave": "give", "given": "give", "gone": "go", "got": "get", "gotten": "get",
    "grew": "grow", "held": "hold", "hung": "hang", "kept": "keep", "knitted": "knit", "left": "leave",
    "lent": "lend", "lit": "light", "made": "make", "met": "meet", "mown": "mow", "paid": "pay", "ran": "run",
    "rang": "ring", "redid": "redo", "rewritten": "rewrite", "rewrote": "rewrite", "ridden": "ride",
    "rode": "ride", "rung": "ring", "said": "say", "sang": "sing", "saw": "see", "seen": "see",
    "sent": "send",     "sewn": "sew", "shook": "shake", "sold": "sell", "spent": "spend", "spoke": "speak",
    "spoken": "speak", "swam": "swim", "swept": "sweep", "swum": "swim", "taken": "take", "taught": "teach",
    "threw": "throw", "thrown": "throw", "told": "tell", "took": "take", "visited": "visit", "went": "go",
    "woke": "wake", "woken": "wake", "written": "write", "wrote": "write",
}  # fmt: skip
_SAME_IN_PAST = frozenset(["beat", "cut", "hit", "let", "put", "quit", "read", "set", "shut"])

# Verbs that people use for one another when they tell what they did.
_FAMILY = {
    "get": "buy", "purchase": "buy", "grab": "buy", "order": "buy", "pick": "buy",
    "phone": "call", "ring": "call", "mail": "email", "hoover": "vacuum", "tidy": "clean",
}  # fmt: skip

_EMPTY = frozenset(
    """
        a an and any are as at be been do for from had has have i in is it its me my of off on one ones
        our out some that the their them this to up was we were with you your about task tasks item just
    """.split()
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def is_verb(word: str) -> bool:
    return word.lower() in VERBS


def base_of_past(word: str) -> str | None:
    """`buy` for "bought", `call` for "called"; None for what is no past form of a known verb."""
    word = word.lower()
    if word in _PAST:
        return _PAST[word]
    known = word.endswith("ed") and word not in VERBS and stem(word) in _VERB_STEMS
    return stem(word) if known else None


def is_past(word: str) -> bool:
    """Whether "I <word> ..." tells of something that was done."""
    return word.lower() in _SAME_IN_PAST or base_of_past(word) is not None


def starts_a_task(text: str) -> bool:
    """Whether `text` reads like a thing to do of its own: a verb with something to do it to."""
    first, _, rest = text.strip().partition(" ")
    word = first.rstrip(",.;:!?").lower()
    return word in _ALONE or (word in VERBS and bool(rest.strip()))


def stem(word: str) -> str:
    """What the forms of a word have in common: `call` for calls, called and calling."""
    word = re.sub(r"['’]s?$", "", word.lower())
    if word in _PAST:
        word = _PAST[word]
    elif len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 5 and word.endswith("ing"):
        word = _single(word[:-3])
    elif len(word) > 4 and word.endswith("ed"):
        word = _single(word[:-2])
    elif len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    word = word[:-1] if len(word) > 3 and word.endswith("e") else word
    return _FAMILY_STEMS.get(word, word)


def _single(word: str) -> str:
    doubled = len(word) > 2 and word[-1] == word[-2] and word[-1] not in "lsz"
    return word[:-1] if doubled else word


_FAMILY_STEMS: dict[str, str] = {}
_FAMILY_STEMS.update({stem(word): stem(head) for word, head in _FAMILY.items()})
_VERB_STEMS = frozenset(stem(verb) for verb in VERBS)


def is_verb_stem(word: str) -> bool:
    return word in _VERB_STEMS


def content(text: str) -> list[str]:
    """The words that carry meaning, in order, as written but in lower case."""
    every = [word.lower() for word in _TOKEN.findall(text)]
    return [word for word in every if word not in _EMPTY] or every


@lru_cache(maxsize=2048)
def stems(text: str) -> tuple[str, ...]:
    """Each task is compared with every part of a message, in every step of a run: its words are taken apart once."""
    return tuple(stem(word) for word in content(text))
