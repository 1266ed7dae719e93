"""Reads what callgrind wrote: instructions by library and function, and calls of the allocator."""

import re
from collections import Counter
from dataclasses import dataclass, field

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
NAMED = re.compile(r"\((\d+)\)(?: (.*))?")


@dataclass
class Profile:
    """What one process did from beginning to end, and what one request cost: the difference of
    two processes over the difference of their requests."""

    instructions: int = 0
    allocations: int = 0
    by_library: Counter = field(default_factory=Counter)
    by_function: Counter = field(default_factory=Counter)
    allocated_by: Counter = field(default_factory=Counter)

    def per_request(self, fewer, requests):
        def each(more, less):
            return Counter({name: (more[name] - less[name]) / requests for name in more})

        return Profile(
            (self.instructions - fewer.instructions) / requests,
            (self.allocations - fewer.allocations) / requests,
            each(self.by_library, fewer.by_library), each(self.by_function, fewer.by_function),
            each(self.allocated_by, fewer.allocated_by))


def read(path):
    """The profile in a file of callgrind's."""
    profile, names = Profile(), {"ob": {}, "fn": {}}
    library = function = called = None
    is_call = False
    for line in path.open(errors="replace"):
        key, equals, value = line.rstrip("\n").partition("=")
        if equals and key in ("ob", "fn", "cfn", "cob"):
            name = named(names[key[-2:]], value)
            if key == "ob":
                library = name.rsplit("/", 1)[-1]
            elif key == "fn":
                function = name
            elif key == "cfn":
                called = name.split("'")[0]
        elif equals and key == "calls":
            is_call = True
            # One allocator may call another.
            if called in ALLOCATORS and function not in ALLOCATORS:
                count = int(value.split()[0])
                profile.allocations += count
                profile.allocated_by[function] += count
        elif line[:1].isdigit() or line[:1] in "+-*":
            if not is_call:
                count = int(line.split()[1])
                profile.instructions += count
                profile.by_library[library] += count
                profile.by_function[function] += count
            is_call = False
    return profile


def named(known, value):
    """Names stand in full where they come first, as numbers afterwards."""
    number, name = NAMED.match(value).groups()
    if name is not None:
        known[number] = name
    return known[number]
