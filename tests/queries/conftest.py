# conftest.py -- a shop on each engine.
import pytest

from support.queries.shops import Shop, open_shop


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(request.param, request, tmp_path_factory.mktemp("shop"))
