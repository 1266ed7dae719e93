#!/usr/bin/env python3
"""Adds up the test reports of a run: count-tests.py FOLDER. Ends with `N passed, N failed`.

A stage that failed without a failing test of its own (a crash, a build) counts as one failure.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def totals(path):
    """Passed, failed and skipped tests of one JUnit report."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" in outcomes:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(folder):
    passed = failed = skipped = 0
    for path in sorted(folder.glob("*.xml")):
        counts = totals(path)
        print(f"{path.stem:44} {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
        passed, failed, skipped = (
            passed + counts[0], failed + counts[1], skipped + counts[2],
        )
    stages = folder / "failed-stages"
    broken = stages.read_text().splitlines() if stages.exists() else []
    if len(broken) > failed:
        failed = len(broken)
    for name in broken:
        print(f"failed: {name}")
    print(f"{passed} passed, {failed} failed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: count-tests.py FOLDER")
    main(Path(sys.argv[1]))
