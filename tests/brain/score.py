# score.py -- from the command line to the table.
"""A server of its own (SQLite, loopback, no rate limits) hears each sentence in a new conversation. Run it with
`make brain`, `make brain FILE=sentences.jsonl`, or `python tests/brain/run.py [FILE] [--failures OUT]`; sentences.py
says what stands in a file. Without one it takes the sentences of the tests."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from brain.asking import ask_all
from brain.sentences import read_own_sentences, read_sentences, write_failures
from brain.table import write_table


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="sentences, one JSON object a line")
    parser.add_argument("--failures", type=Path, help="write the even lines that went wrong here")
    arguments = parser.parse_args(words)
    sentences = read_sentences(arguments.file) if arguments.file else read_own_sentences()
    with tempfile.TemporaryDirectory() as folder:
        verdicts = ask_all(sentences, Path(folder), lambda text: print(text, file=sys.stderr))
    print(write_table(verdicts))
    if arguments.failures:
        write_failures(verdicts, arguments.failures)
