# isolation/conftest.py -- one person who has everything, and one who tries to get at it.


import pytest

from support.api.isolation import Theirs, with_everything
from support.servers import Server


@pytest.fixture(scope="module")
def theirs(server: Server) -> Theirs:
    return with_everything(server.person(display_name="The first"), "A secret plan", server.person())


@pytest.fixture(scope="module")
def intruder(server: Server) -> Theirs:
    return with_everything(server.person(display_name="The second"), partner=server.person())
