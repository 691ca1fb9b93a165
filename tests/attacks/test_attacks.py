# test_attacks.py -- every attack in small, in every test run; `make attack` is the long one.
from pathlib import Path

import pytest

from attacks.attack import LITTLE, attack_all

pytestmark = pytest.mark.slow


def test_the_server_holds_under_attack(tmp_path: Path) -> None:
    assert attack_all(tmp_path, f"sqlite:///{tmp_path / 'parley.db'}", LITTLE) == []
