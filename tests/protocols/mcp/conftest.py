# mcp/conftest.py -- both eras of the protocol.


import pytest

from support.api.mcp_client import ERAS


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value
