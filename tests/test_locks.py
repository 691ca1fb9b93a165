"""The lock files hold everything an installation by pip asks for."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "tests/requirements.lock"]


def read(lock: str) -> dict[str, Requirement]:
    """Return what a lock file pins, by the name of the package."""
    lines = (PROJECT / lock).read_text().splitlines()
    pins = [Requirement(line.removesuffix("\\").strip()) for line in lines if line[:1].isalnum()]
    return {canonicalize_name(pin.name): pin for pin in pins}


def dependencies(pin: Requirement) -> Iterator[Requirement]:
    """Yield what a pinned package asks for here, with the extras it is pinned with."""
    try:
        asked = distribution(pin.name).requires or []
    except PackageNotFoundError:  # pinned for another platform
        return
    for requirement in map(Requirement, asked):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *pin.extras}):
            yield requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_with_its_extras(lock: str) -> None:
    # With hashes pip takes `name[extra]` for pinned only where the lock says so with the extra;
    # without it, the first newer release of the package breaks every new installation.
    pins = read(lock)
    asked = [dependency for pin in pins.values() for dependency in dependencies(pin)]
    assert len(asked) > 100
    missing = {
        str(dependency)
        for dependency in asked
        if (pin := pins.get(canonicalize_name(dependency.name))) is None
        or not dependency.extras <= pin.extras
    }
    assert not missing


# That of the generator is installed apart, with other versions.
@pytest.mark.parametrize("lock", [*LOCKS, "tests/generator/requirements.lock"])
def test_every_pin_is_one_version_and_no_address(lock: str) -> None:
    for pin in read(lock).values():
        assert pin.url is None
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
    assert "://" not in (PROJECT / lock).read_text()
