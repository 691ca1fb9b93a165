# tests/console/browser/people/conftest.py -- a team of people who talk to each other in the console.
import pytest

from support.api.accounts import Team, make_people, make_team
from support.servers import Server


@pytest.fixture
def team(site: Server) -> Team:
    """Its members are “The owner”, “The admin” and “The member”."""
    return make_team(make_people(site, "owner", "admin", "member"))
