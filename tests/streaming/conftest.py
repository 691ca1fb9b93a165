# streaming/conftest.py -- a second worker on the same database.


from collections.abc import Iterator

import pytest

from support.llm.scripted_model import ScriptedModel
from support.servers import Server, serving, settings_for


@pytest.fixture
def elsewhere(scripted: Server, own_database_url: str) -> Iterator[Server]:
    """Another worker on the same database."""
    with serving(settings_for(own_database_url), ScriptedModel()) as other:
        yield other
