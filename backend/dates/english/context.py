# dates/english/context.py -- what the words around a date say of it
from dates.english.day_phrase import LAST, NEXT, THIS
from dates.english.days import TOMORROW, TONIGHT
from dates.english.holidays import FIRST_WORDS as HOLIDAY_WORDS
from dates.english.names import (
    AMBIGUOUS_WEEKDAYS,
    MONTH_INDEX,
    PARTS,
    PLURAL_WEEKDAYS,
    WEEKDAY_INDEX,
)
from dates.english.numbers import CARDINALS, ORDINALS, UNITS, parse_cardinal
from dates.english.recurrence import EVERY, GROUPS, WORK
from dates.english.recurrence import FIRST_WORDS as REPETITION_WORDS
from dates.english.words import Words

_STARTERS = (
    frozenset(
        """
            on by before until till til for from due starting beginning around at @ about approximately over during
            in after sometime early late later no as up the a an first last within half quarter couple few this next
            coming upcoming following past previous current day yesterday today tday end close beginning start begin
            top middle mid eod cob eob eow eom eoq eoy month month's year year's week's noon midday midnight lunch
            lunchtime between another + weekend week morning throughout
        """.split()
    )
    | TOMORROW
    | TONIGHT
    | WEEKDAY_INDEX.keys()
    | MONTH_INDEX.keys()
    | CARDINALS.keys()
    | ORDINALS.keys()
    | HOLIDAY_WORDS
    | REPETITION_WORDS
)
_NUMBERS = frozenset(["ymd", "dmy", "clock", "pair", "decimal", "ordinal", "number"])
_DATE_KINDS = frozenset(["ymd", "dmy", "clock", "pair", "ordinal"])
_CLEAR_WEEKDAYS = WEEKDAY_INDEX.keys() - AMBIGUOUS_WEEKDAYS
_CLEAR_MONTHS = MONTH_INDEX.keys() - {"may", "march", "mar", "sept"}
_DATE_WORDS = (
    _CLEAR_WEEKDAYS
    | _CLEAR_MONTHS
    | PLURAL_WEEKDAYS.keys()
    | TOMORROW
    | TONIGHT
    | frozenset("today yesterday am pm o'clock noon midnight ago hence onwards".split())
)
_COUNTED = UNITS | WEEKDAY_INDEX.keys() | MONTH_INDEX.keys()
_ZONES = frozenset("gmt utc cet cest bst est edt cst cdt mst mdt pst pdt ist jst aest aedt".split())
_SHORT_UNITS = frozenset(["am", "pm", "a.m", "p.m"])
_LINKS_AFTER = frozenset("on at of the in from before after until to by and or till".split())
_LINKS_BEFORE = frozenset("of after before from past since the , to and or until".split())
_LONG_UNITS = UNITS - {"minute", "minutes", "min", "mins", "hour", "hours", "hr", "hrs"}
# After one of these a phrase is part of something else than a due date.
_NOT_DATES = frozenset(
    """
        every each last past since weekly black good easter cyber ash shrove pancake palm whit super blue manic ruby
        bloody casual taco version v of than called named titled like is was are were be isn't wasn't to that not
        except without if whether vs versus part page pages chapter episode season room score ratio step level no number
        nr
    """.split()
)
# What may follow a bare weekday: the sentence goes on with something else.
_GOING_ON = frozenset("and then to about with because so but if when for regarding re at in by from".split())
# Words of a date that are capitals only in a title.
_SMALL_WORDS = frozenset("day after before the every in at on".split())
_REPORTING = frozenset("tell remind inform notify warn ask let write explain say announce".split())
# Of works one knows the names, which stand behind these: "watch Freaky Friday", "read Tuesdays with Morrie".
_OF_WORKS = frozenset(
    "watch rewatch stream see read reread listen hear learn play sing rehearse practise practice".split()
)
_MARKS = frozenset(".,;:!?)-–—(…")


def is_starter(words: Words, i: int) -> bool:
    """Whether a date can begin with this token."""
    return words.kind(i) in _NUMBERS or words.word(i) in _STARTERS


def ends_here(words: Words, first: int, end: int) -> bool:
    """Whether the clause ends, or goes on with something else, where the phrase does."""
    word = words.word(end)
    if first == 0 and word:
        return word in ":,"
    if not word or (
        word in _MARKS and not (word in "-–" and words.is_glued(end) and words.is_glued(end + 1))
    ):
        return True
    gap = words.text[words.tokens[end - 1].end : words.tokens[end].start]
    return word in _GOING_ON or "\n" in gap


def is_name(words: Words, first: int, end: int) -> bool:
    """Whether the phrase is a name or hangs on a word before it: "Black Friday", "mail of Tuesday", "v2.10"."""
    before = words.word(first - 1)
    lead = words.word(first)
    is_due = lead == "due" and before in ("is", "are", "be", "was", "were")
    if before in _NOT_DATES and (not is_due or _is_reported(words)):
        return True
    if first and _touches(words, first):
        return True
    last_token = words.tokens[end - 1]
    after = words.text[last_token.end : last_token.end + 2]
    if after[:1] in ("/", "@", "%", "'", "’", "_") and after[1:].strip():
        return True
    if after[:1] == "-" and after[1:].isalnum() and words.kind(end - 1) == "word":
        return True
    if words.is_glued(end) and (words.kind(end) in _NUMBERS or words.kind(end) == "word"):
        return True
    return _is_title(words, first, end)


def _is_reported(words: Words) -> bool:
    """Whether it is what somebody is told: "tell Bob the rent is due Friday"."""
    return words.word(0) in _REPORTING and words.word(1) not in ("me", "us", "i")


def _touches(words: Words, first: int) -> bool:
    """Whether the phrase is glued to what stands before it: "mp3", "x/5", "non-Friday"."""
    return words.is_glued(first) and words.text[words.tokens[first].start - 1] not in '("“«[,;:!?…—'


def _is_title(words: Words, first: int, end: int) -> bool:
    """Whether it is written with capitals as a title is: "Friday Night Lights", "The Day After Tomorrow"."""
    small = [i for i, token in enumerate(words.tokens) if token.kind == "word" and not words.is_capital(i)]
    if not small:
        return False
    inner = [i for i in range(max(first, 1), end) if words.kind(i) == "word"]
    functions = [i for i in inner if words.word(i) in _SMALL_WORDS or words.word(i) in PARTS]
    if any(words.is_capital(i) for i in functions):
        return True
    after_is_name = words.is_capital(end) and words.kind(end) == "word"
    is_single = end - first == 1 and words.word(first) in TOMORROW | TONIGHT | {"today"}
    if is_single and first and words.is_capital(first) and after_is_name:
        return True
    if _is_name_of_work(words, first):
        return True
    return words.word(first - 1) in PARTS and words.is_capital(first - 1) and first > 1


def _is_name_of_work(words: Words, first: int) -> bool:
    """Whether it goes on a name behind a verb of works: all words between are capitals, but for "to" and "the"."""
    if not words.is_capital(first):
        return False
    i = first - 1
    while i >= 0 and (words.is_capital(i) and words.word(i) not in _OF_WORKS):
        i -= 1
    if words.word(i) in ("to", "the"):
        i -= 1
    return words.word(i) in _OF_WORKS


def is_residue_after(words: Words, end: int) -> bool:
    """Whether what follows is about the date too, and was not understood."""
    j = words.skip(end, (",",))
    if words.word(end) == "(":
        return False
    if words.word(j) in ("except", "excluding", "unless"):
        return True
    if words.word(j) in ("and", "or") and words.kind(j + 1) == "number" and not words.kind(j + 2):
        return True  # "at 8 and 20"
    for k in range(j, j + 3):
        if _is_about_date(words, k, is_next=k == end):
            return True
        if words.word(k) not in _LINKS_AFTER:
            return False
    return False


def _is_about_date(words: Words, k: int, *, is_next: bool) -> bool:
    word, after = words.word(k), words.word(k + 1)
    if words.kind(k) in _DATE_KINDS or word in _DATE_WORDS or word in PARTS:
        return True
    if is_next and (word in _ZONES or word in _LONG_UNITS or word in ("week", "fortnight")):
        return True
    if word in NEXT | LAST | THIS and (
        after in UNITS or after in WEEKDAY_INDEX or after in MONTH_INDEX or after == "weekend"
    ):
        return True
    if word in EVERY:
        return is_next or after in UNITS or after in WEEKDAY_INDEX
    if words.kind(k) == "number":
        is_year = len(word) == 4 and word.startswith(("19", "20")) and is_next
        return is_year or after in _LONG_UNITS or after in _SHORT_UNITS
    if (
        word in ("month", "year", "week", "weekend")
        and words.word(k - 1) == "the"
        and words.word(k - 2) == "of"
    ):
        return True
    return word in CARDINALS and after in _LONG_UNITS


def is_unread_repetition(words: Words, i: int) -> bool:
    """Whether a repetition begins here that no rule can say: "every few days", "twice a week"."""
    word, after, later = words.word(i), words.word(i + 1), words.word(i + 2)
    if word in EVERY:
        is_day = (
            after in UNITS or after in WEEKDAY_INDEX or after in ("so", "few", "couple", "other", "single")
        )
        return is_day or later in UNITS or later in WEEKDAY_INDEX or later in WORK | GROUPS
    return word in ("times", "twice") and after in ("a", "per", "every", "each") and later in UNITS


def is_residue_before(words: Words, first: int) -> bool:
    """Whether what stands before is about the date too: "2 days after", "the third", "8/5"."""
    k = first - 1
    if words.word(k) in _LINKS_BEFORE and words.word(first) != ",":
        k -= 1
        k = k - 1 if words.word(k) in _LINKS_BEFORE else k
    word = words.word(k)
    linked = k < first - 1
    if words.kind(k) in ("ymd", "dmy", "pair", "ordinal") or (words.kind(k) == "clock"):
        return True
    if word in _CLEAR_WEEKDAYS | _CLEAR_MONTHS and not linked:
        return True
    if word in _LONG_UNITS:
        return (
            linked or parse_cardinal(words, k - 1) is not None or words.word(k - 1) in ("a", "couple", "few")
        )
    return word in ("minutes", "hours", "hour", "minute") and linked
