#!/usr/bin/env python3
"""Attacks the gateway and tells what came of it: `make attack`. Exit 1 unless all were survived.

    run.py [--short] [WORD…]      only the quick ones; only those whose name contains a WORD
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import catalogue  # noqa: E402
from arena import Arena  # noqa: E402


def line(verdict):
    before, after = verdict.kilobytes
    honest = verdict.honest
    mark = "survived" if verdict.is_survived else "FAILED"
    return (f"{mark:8} {verdict.attack.group}: {verdict.attack.name} [{verdict.seconds:.1f} s]\n"
            f"         bound:    {verdict.attack.bound}\n"
            f"         observed: {verdict.problem or verdict.observed}\n"
            f"         beside:   honest client {honest['calls'] - honest['failed']:,} of "
            f"{honest['calls']:,}, slowest {honest['slowest'] * 1_000:.0f} ms; "
            f"memory {before:,} kB before, {after:,} kB after")


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    chosen = catalogue.attacks(only_short="--short" in sys.argv, words=words)
    begun = time.monotonic()
    failed = []
    with Arena() as arena:
        for attack in chosen:
            verdict = arena.take(attack)
            print(line(verdict), flush=True)
            if not verdict.is_survived:
                failed.append(attack.name)
    print(f"\n{len(chosen) - len(failed)} of {len(chosen)} attacks survived in "
          f"{time.monotonic() - begun:.0f} s")
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
