# mcp/conftest.py -- both eras of the protocol.


import pytest

from support.clients.mcp_client import ERAS


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The SQL of a call is the same in both eras: on further engines the current one is enough."""
    if config.getoption("all_engines"):
        return
    left_out = {item for item in items if isinstance(item, pytest.Function) and is_tried_elsewhere(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def is_tried_elsewhere(test: pytest.Function) -> bool:
    params = test.callspec.params if hasattr(test, "callspec") else {}
    return params.get("era") == "legacy" and params.get("engine_name") in ("postgresql", "mariadb")


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value
