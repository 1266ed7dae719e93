"""Panels of horizontal bars as SVG, readable on light and dark grounds."""

from dataclasses import dataclass
from html import escape

WIDTH, LABEL, ROW, HEAD, FOOT = 760, 110, 24, 46, 18
#: A bar more than this many times the median is cut off, or the others could not be told apart.
LONGEST = 3.0
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.unit { fill: #59636e; font-size: 12px }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .unit { fill: #9198a1 }
  .bar { fill: #656c76 }
  .ours { fill: #4493f8 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One peer's figure."""

    name: str
    value: float
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    """The bars of one scenario; shorter ones are better."""

    title: str
    unit: str
    bars: list

    @property
    def height(self):
        return HEAD + ROW * len(self.bars) + FOOT


def drawn(panels):
    """The whole chart."""
    height = sum(panel.height for panel in panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             f"<title>{escape(', '.join(panel.title for panel in panels))}</title>",
             f"<style>{STYLE}</style>"]
    top = 0
    for panel in panels:
        parts += panel_parts(panel, top)
        top += panel.height
    return "\n".join([*parts, "</svg>", ""])


def panel_parts(panel, top):
    values = sorted(bar.value for bar in panel.bars)
    end = min(values[-1], values[len(values) // 2] * LONGEST)
    yield f'<text class="title" x="0" y="{top + 18}">{escape(panel.title)}</text>'
    yield f'<text class="unit" x="0" y="{top + 36}">{escape(panel.unit)}, less is better</text>'
    for number, bar in enumerate(panel.bars):
        y = top + HEAD + number * ROW
        length = min(bar.value, end) / end * (WIDTH - LABEL - 110)
        style = "ours" if bar.is_ours else "bar"
        cut = " (cut off)" if bar.value > end else ""
        yield f'<text x="0" y="{y + 14}">{escape(bar.name)}</text>'
        yield (f'<rect class="{style}" x="{LABEL}" y="{y}" width="{length:.1f}" '
               f'height="{ROW - 6}" rx="2"/>')
        yield f'<text x="{LABEL + length + 6:.1f}" y="{y + 14}">{figure(bar.value)}{cut}</text>'


def figure(value):
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
