# tests/console/browser/tasks/conftest.py -- a person with tasks, where no day begins or ends during a test.
import pytest

from support.api.dated_tasks import make_person
from support.servers import Person, Server


@pytest.fixture
def ann(site: Server) -> Person:
    return make_person(site)
