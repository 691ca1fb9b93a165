# llm/offline/parsing/vocabulary.py -- English words: verbs of tasks, past forms, stems, words without content
import re
from functools import lru_cache

from dates.calendars.folding import fold_text
from llm.offline.languages.registry import GRAMMARS

# Verbs of everyday tasks. "X and Y" means two tasks if Y begins with one of them.
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
        invoice iron jog join keep kiss knit laminate land launch learn leave lend let lift light listen load
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

# Verbs without an object: "buy milk and exercise" means two tasks, "bread and water" one.
_INTRANSITIVE = frozenset(
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

# A task to "buy milk" is done when the user says "I got the milk".
_SYNONYMS = {
    "get": "buy", "purchase": "buy", "grab": "buy", "order": "buy", "pick": "buy",
    "phone": "call", "ring": "call", "mail": "email", "hoover": "vacuum", "tidy": "clean",
}  # fmt: skip

_EMPTY = frozenset(
    """
        a an and any are as at be been do for from had has have i in is it its me my of off on one ones
        our out some that the their them this to up was we were with you your about task tasks item just
        der das dem des ein eine einen einem einer zum zur und
        le la les du des une aux dans mon mes el los las una del mis
    """.split()
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def is_verb(word: str) -> bool:
    return word.lower() in VERBS


def find_past_base(word: str) -> str | None:
    """`buy` for "bought", `call` for "called"; None unless the word is a past form of a known verb."""
    word = word.lower()
    if word in _PAST:
        return _PAST[word]
    known = word.endswith("ed") and word not in VERBS and stem_word(word) in _VERB_STEMS
    return stem_word(word) if known else None


def is_past(word: str) -> bool:
    """Whether "I <word> ..." is a statement about the past."""
    return word.lower() in _SAME_IN_PAST or find_past_base(word) is not None


def reads_as_task(text: str) -> bool:
    """Whether `text` could be a task: a verb with an object, or a verb that needs none."""
    first, _, rest = text.strip().partition(" ")
    word = first.rstrip(",.;:!?").lower()
    return word in _INTRANSITIVE or (word in VERBS and bool(rest.strip()))


def stem_word(word: str) -> str:
    """The stem that the forms of a word share: `call` for calls, called and calling."""
    word = re.sub(r"['’]s?$", "", word.lower())
    if word in _PAST:
        word = _PAST[word]
    elif len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 5 and word.endswith("ing"):
        word = _undouble_letter(word[:-3])
    elif len(word) > 4 and word.endswith("ed"):
        word = _undouble_letter(word[:-2])
    elif len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes", "oes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    word = word[:-1] if len(word) > 3 and word.endswith("e") else word
    return _SYNONYM_STEMS.get(word, word)


def _undouble_letter(word: str) -> str:
    doubled = len(word) > 2 and word[-1] == word[-2] and word[-1] not in "lsz"
    return word[:-1] if doubled else word


_SYNONYM_STEMS: dict[str, str] = {}
_SYNONYM_STEMS.update({stem_word(word): stem_word(head) for word, head in _SYNONYMS.items()})
_VERB_STEMS = frozenset(
    stem_word(fold_text(verb))
    for verbs in (VERBS, *(grammar.errand_verbs for grammar in GRAMMARS.values()))
    for verb in verbs
)
_FINAL_VERBS = frozenset(stem_word(fold_text(verb)) for verb in GRAMMARS["de"].errand_verbs)


def is_verb_stem(word: str) -> bool:
    return word in _VERB_STEMS


def is_final_verb(word: str) -> bool:
    """Whether a task may end with the word as its verb: "Milch kaufen"."""
    return word in _FINAL_VERBS


def split_content_words(text: str) -> list[str]:
    """The words that carry meaning, in order, in lower case; all words if none does."""
    every = [word.lower() for word in _TOKEN.findall(text)]
    return [word for word in every if word not in _EMPTY] or every


@lru_cache(maxsize=2048)
def stem_text(text: str) -> tuple[str, ...]:
    """The stems of the content words. The cache matters: each step of a run compares each task with each phrase."""
    return tuple(stem_word(word) for word in split_content_words(fold_text(text)))
