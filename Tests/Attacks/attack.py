"""What an attack is: a function that attacks, and returns what it saw or raises `Broken`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

# Gateways, upstreams and clients are those of the conformance tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Conformance"))


class Broken(AssertionError):
    """The gateway did not hold what it promises."""


@dataclass(frozen=True)
class Attack:
    """`bound` says what must hold, `short` whether it is quick enough for every test run."""

    name: str
    group: str
    bound: str
    short: bool
    run: Callable


REGISTRY = []


def attack(bound, *, short=False):
    """Decorator: makes a function that takes the arena an attack. Its module is its group."""

    def register(function):
        name = function.__name__.replace("_", " ")
        REGISTRY.append(Attack(name, function.__module__, bound, short, function))
        return function

    return register


def expect(condition, text):
    """Raises `Broken` unless the condition holds."""
    if not condition:
        raise Broken(text)
