"""How pages look."""

from __future__ import annotations

STYLE = """
:root { --ink: #1d2733; --soft: #5c6b7a; --rule: #dde3e9; --paper: #fff; --one: #2f6fb0; --two: #c2762b;
        --band: #b9d3ec; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaf0; --soft: #9aa8b6; --rule: #36424e; --paper: #151b21; --one: #6ba8e5; --two: #e0a05c;
          --band: #2a4a69; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.7rem; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .7rem 1.2rem; margin: 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-weight: 600; }
figure { margin: .8rem 0; }
figcaption, p { color: var(--soft); font-size: .88rem; margin: .3rem 0; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .label, svg .right { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .tick, svg .title, svg .missing { fill: var(--soft); }
svg .missing { font-style: italic; }
svg .grid { stroke: var(--rule); }
svg .band { fill: var(--band); }
svg .line { fill: none; stroke: var(--one); stroke-width: 1.5; }
svg .bar { fill: var(--one); }
svg .static { fill: var(--two); }
svg .curve { fill: none; stroke-width: 1.5; }
svg .hue0 { --hue: var(--one); } svg .hue1 { --hue: var(--two); } svg .hue2 { --hue: #3f9a6b; }
svg .hue3 { --hue: #b0476a; } svg .hue4 { --hue: #7d63b8; } svg .hue5 { --hue: #8a7a2f; }
svg .hue6 { --hue: #3b9bab; } svg .hue7 { --hue: #8c6a58; }
svg .curve { stroke: var(--hue); } svg .point { fill: var(--hue); }
svg .range { stroke: var(--ink); stroke-width: 2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; }
"""
"""Style sheet, for bright and dark screens."""
