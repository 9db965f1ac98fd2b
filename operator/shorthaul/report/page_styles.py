"""The looks of the page: one style sheet, light and dark, for screens and paper, no outside asset.

Colours of the tiers run from near (cold) to far (warm) and differ in lightness too, so that they
can be told apart without colour vision; every drawing has its numbers in a table beside it.
"""

from collections.abc import Mapping

from shorthaul.units import Tier

TIER_COLOURS: Mapping[Tier, str] = {
    Tier.HOST: "#1b5e8c",
    Tier.RACK: "#2a9d8f",
    Tier.ZONE: "#a3c585",
    Tier.REGION: "#e9b44c",
    Tier.BEYOND: "#c8553d",
}

STYLE_SHEET = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1c2430; --quiet: #5a6675;
  --line: #d8dee6; --panel: #f5f7fa; --good: #1a7f37; --mark: 37, 99, 235; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --text: #e4e9f0;
  --quiet: #9aa7b8; --line: #313b48; --panel: #1a2029; --good: #56d364; --mark: 88, 140, 250; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 3rem; background: var(--ground);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0 .75rem; }
.quiet { color: var(--quiet); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr));
  gap: .75rem; margin: 1.25rem 0; padding: 0; }
.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; }
.figures dt { color: var(--quiet); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); font-size: .9rem; padding-bottom: .35rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; }
thead th { color: var(--quiet); font-size: .85rem; }
.number { text-align: right; white-space: nowrap; }
.gain { color: var(--good); }
.name { overflow-wrap: break-word; min-width: 11rem; }
.code { white-space: nowrap; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem; }
.heat td { text-align: right; white-space: nowrap; }
.swatch { display: inline-block; width: .8em; height: .8em; border-radius: .15em;
  margin-right: .4em; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
svg .axis { stroke: var(--quiet); fill: none; }
svg .curve { stroke: rgb(var(--mark)); stroke-width: 2; fill: none; }
svg .knee { fill: rgb(var(--mark)); }
@media print { body { max-width: none; } .wide { overflow: visible; } }
"""
