# table.py -- the verdicts as a table: for each source, for all, and for each half of the lines.
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import median

from brain.sentences import Sentence
from brain.verdicts import DateVerdict, Verdict

Judged = Sequence[tuple[Sentence, Verdict]]
Row = tuple[str, ...]
NO_DATE_RIGHT: tuple[DateVerdict, ...] = ("wrong day", "wrong time", "spurious")
RECURRING: tuple[DateVerdict, ...] = ("rule", "kept", "one-off")
ACTION_COLUMNS = ("sentences", "action right", "action, title and date", "else changed")
HALVES = (("even lines", 0), ("odd lines", 1))


def write_table(judged: Judged) -> str:
    asked = [one for one in judged if one[0].group not in ("other", "date")]
    others = [one for one in judged if one[0].group == "other"]
    dated = [one for one in judged if one[1].date is not None]
    parts = [
        write_part(
            ("what a list is asked for", *ACTION_COLUMNS), asked, describe_actions
        ),
        write_part(
            ("what is meant for others", "sentences", "false actions", "could be a task: added", "tasks changed"),
            others,
            describe_false_actions,
        ),
        write_part(
            ("dates", "sentences", "right", "wrong", "missed", "recurring", "as a rule", "as one date"),
            dated,
            describe_dates,
        ),
        write_part(("kind", *ACTION_COLUMNS), asked, describe_actions, lambda sentence: sentence.group),
        write_part(("language", *ACTION_COLUMNS), asked, describe_actions, lambda sentence: sentence.language),
        describe_processor([verdict.seconds for _, verdict in judged]),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def write_part(
    head: Row,
    judged: Judged,
    describe: Callable[[Judged], Row],
    name: Callable[[Sentence], str] = lambda sentence: sentence.source,
) -> str:
    if not judged:
        return ""
    named: dict[str, list[tuple[Sentence, Verdict]]] = {}
    for one in judged:
        named.setdefault(name(one[0]), []).append(one)
    rows = [(key, *describe(named[key])) for key in sorted(named)]
    rows.append(("all", *describe(judged)))
    for half, rest in HALVES:
        if chosen := [one for one in judged if one[0].number % 2 == rest]:
            rows.append((half, *describe(chosen)))
    return align_columns([head, *rows])


def align_columns(rows: Sequence[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first, *others = widths
    lines = [
        "  ".join(
            (row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True)))
        )
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def share(part: int, of: int) -> str:
    return f"{part} = {100 * part / of:.1f} %" if of else "-"


def count(verdicts: Iterable[bool]) -> int:
    return sum(verdicts)


def describe_actions(judged: Judged) -> Row:
    of = len(judged)
    return (
        str(of),
        share(count(verdict.action_right for _, verdict in judged), of),
        share(count(verdict.is_exact for _, verdict in judged), of),
        share(count(verdict.changed and not verdict.action_right for _, verdict in judged), of),
    )


def describe_false_actions(judged: Judged) -> Row:
    """An action is false where no reader would take the sentence for a task."""
    clear = [verdict for sentence, verdict in judged if not sentence.could_be_a_task]
    unclear = [verdict for sentence, verdict in judged if sentence.could_be_a_task]
    false = count(verdict.changed for verdict in clear)
    added = count(verdict.changed for verdict in unclear)
    changed = count(verdict.changed_existing for _, verdict in judged)
    return (
        str(len(judged)),
        f"{false} of {len(clear)} = {100 * false / len(clear):.2f} %" if clear else "-",
        f"{added} of {len(unclear)}",
        str(changed),
    )


def describe_dates(judged: Judged) -> Row:
    found = Counter(verdict.date for _, verdict in judged)
    recurring = sum(found[verdict] for verdict in RECURRING)
    once = len(judged) - recurring
    return (
        str(len(judged)),
        share(found["right"], once),
        share(sum(found[verdict] for verdict in NO_DATE_RIGHT), once),
        share(found["missed"] + found["no task"], once),
        str(recurring),
        share(found["rule"], recurring),
        share(found["one-off"], recurring),
    )


def describe_processor(seconds: Sequence[float]) -> str:
    if not seconds:
        return ""
    milliseconds = f"{median(seconds) * 1000:.2f} ms, worst {max(seconds) * 1000:.1f} ms"
    return f"processor of the model for a sentence: median {milliseconds}"
