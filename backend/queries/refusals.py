# queries/refusals.py -- why a query is not run, or has failed.


class QueryRefused(Exception):
    """The text is a sentence that a model can act on. It says nothing of how the database is reached.

    `sql` is what was run, if it came so far.
    """

    def __init__(self, reason: str, sql: str | None = None) -> None:
        super().__init__(reason)
        self.sql = sql
