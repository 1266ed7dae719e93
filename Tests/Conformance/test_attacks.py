"""The short form of `make attack`: every attack that is quick, beside an honest client."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Attacks"))

import catalogue  # noqa: E402
from arena import Arena  # noqa: E402

SHORT = catalogue.attacks(only_short=True)


@pytest.fixture(scope="module")
def arena():
    with Arena() as running:
        yield running


@pytest.mark.parametrize("attack", SHORT, ids=lambda attack: attack.name.replace(" ", "_"))
def test_an_attack_is_survived(arena, attack):
    """The bound holds, the honest client is served, and nothing is left behind."""
    verdict = arena.take(attack)
    assert verdict.is_survived, f"{verdict.problem}\n(bound: {attack.bound})"
