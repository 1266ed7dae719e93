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
    slack_kilobytes: int
    run: Callable


REGISTRY = []


def attack(bound, *, short=False, slack_kilobytes=0):
    """Decorator: makes a function that takes the arena an attack. Its module is its group.

    `slack_kilobytes`: memory that stays behind on purpose, beyond a tenth of what there was."""

    def register(function):
        name = function.__name__.replace("_", " ")
        REGISTRY.append(Attack(name, function.__module__, bound, short, slack_kilobytes, function))
        return function

    return register


def expect(condition, text):
    """Raises `Broken` unless the condition holds."""
    if not condition:
        raise Broken(text)
