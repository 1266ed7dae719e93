"""All attacks, in the order in which they are made."""

import importlib

from attack import REGISTRY

MODULES = ("http2_resets", "http2_floods", "http2_heads", "http2_windows", "http2_misuse", "http1",
           "tls", "resources")


def attacks(only_short=False, words=()):
    """The attacks whose name or group contains one of the words, if there are words."""
    if not REGISTRY:
        for module in MODULES:
            importlib.import_module(module)
    return [attack for attack in REGISTRY
            if (attack.short or not only_short)
            and (not words or any(word in f"{attack.group} {attack.name}" for word in words))]
