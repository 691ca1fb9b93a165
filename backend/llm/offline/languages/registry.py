# llm/offline/languages/registry.py -- the languages besides English that the offline model understands
from llm.offline.languages.french import FRENCH
from llm.offline.languages.german import GERMAN
from llm.offline.languages.grammar import Grammar
from llm.offline.languages.spanish import SPANISH
from llm.offline.sentences.sentence import Language

GRAMMARS: dict[Language, Grammar] = {grammar.language: grammar for grammar in (GERMAN, FRENCH, SPANISH)}
