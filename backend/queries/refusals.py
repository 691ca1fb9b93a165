# queries/refusals.py -- why a query is not run, or has failed.


class QueryRefused(Exception):
    """The text is a sentence that a model can act on. It says nothing of how the database is reached."""
