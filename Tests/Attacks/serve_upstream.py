"""The upstream of the attacks, in a process of its own; ends when its standard input does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Conformance"))

from upstream import Upstream  # noqa: E402


def main():
    with Upstream() as upstream:
        size = 10 * (1 << 20)

        @upstream.on("ten-megabytes")
        async def ten_megabytes(exchange):
            await exchange.start(200, [("content-type", "application/octet-stream")])
            for _ in range(size // 65_536):
                await exchange.send(bytes(65_536))
            await exchange.end()

        print(upstream.port, flush=True)
        sys.stdin.read()


main()
