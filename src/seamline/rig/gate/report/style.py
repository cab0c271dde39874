"""How the HTML report looks: ink on paper, light and dark, on a screen, a phone and in print. No state is told by colour alone."""

from __future__ import annotations

from typing import Final

CSS: Final = """
:root {
  color-scheme: light dark;
  --paper: #faf8f3; --raised: #fffdf9; --ink: #1d1c19; --soft: #5e5a51; --faint: #716c61; --line: #e5dfd2; --rule: #c9c1b0;
  --accent: #17597a; --good: #2c6b45; --good-tint: #e3eee4; --bad: #ab2413; --bad-tint: #f8e3dd; --open: #8a5a00; --open-tint: #f6ead0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --raised: #1a1d22; --ink: #ece8df; --soft: #a8a397; --faint: #918c81; --line: #2b2f36; --rule: #454a53;
    --accent: #7cc0de; --good: #79c598; --good-tint: #1d2b24; --bad: #ff8d7b; --bad-tint: #351f1c; --open: #e6b450; --open-tint: #2f2818;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums lining-nums;
  font: 400 1rem/1.5 "Public Sans", "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
}
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentcolor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
code, .where { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; font-size: .8125em; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; }
.sheet { max-width: 74rem; margin: 0 auto; padding: clamp(1.25rem, 4vw, 3.5rem) clamp(1rem, 4vw, 3rem) 4rem; }
.about { color: var(--faint); font-size: .8125rem; letter-spacing: .02em; }
h1 { font-size: clamp(2rem, 5vw, 3rem); line-height: 1.1; letter-spacing: -.02em; font-weight: 600; margin: .5rem 0 .5rem; }
h1 .version { color: var(--soft); font-weight: 400; }
.summary { color: var(--soft); max-width: 44rem; }
.verdict { display: flex; align-items: center; gap: 1rem; margin: 2rem 0 0; padding: 1.1rem 1.4rem; border-radius: 10px; background: var(--good-tint); }
.verdict.failed { background: var(--bad-tint); }
.verdict strong { display: block; font-size: 1.375rem; line-height: 1.25; letter-spacing: -.01em; }
.verdict p { color: var(--soft); }
.mark { flex: none; width: 1.25em; height: 1.25em; vertical-align: -.27em; }
.verdict .mark { width: 2.75rem; height: 2.75rem; }
.passed > .mark, .mark.passed { color: var(--good); }
.failed > .mark, .mark.failed { color: var(--bad); }
.part > .mark, .mark.part { color: var(--good); }
.missing { display: block; color: var(--open); font-size: .8125rem; text-indent: 0; }
.proof li { flex-wrap: wrap; }
.proof .missing { flex-basis: 100%; padding-left: 1.4rem; }
.legend .mark { width: 1rem; height: 1rem; }
.unjudged > .mark, .mark.unjudged { color: var(--open); }
.later > .mark, .mark.later, .apart > .mark, .mark.apart { color: var(--faint); }
.way { display: grid; grid-template-columns: repeat(5, 1fr); margin: 2rem 0 0; }
.way li { position: relative; padding: 1.5rem 1rem 0 0; border-top: 2px solid var(--line); font-size: .875rem; }
.way li.passed { border-color: var(--good); }
.way li.failed { border-color: var(--bad); }
.way li.part { border-color: var(--good); border-top-style: dashed; }
.way li.unjudged { border-color: var(--open); }
.way .mark { position: absolute; top: -.8rem; left: 0; width: 1.5rem; height: 1.5rem; background: var(--paper); border-radius: 50%; }
.way b { display: block; font-size: 1.0625rem; }
.way .asks { color: var(--soft); line-height: 1.35; display: block; }
.way .asked { color: var(--accent); font-size: .75rem; font-weight: 600; }
.way .count { color: var(--faint); font-size: .8125rem; display: block; margin-top: .25rem; }
h2 { font-size: 1.5rem; letter-spacing: -.015em; font-weight: 600; margin: 3.75rem 0 .35rem; }
h2 + p { color: var(--soft); max-width: 44rem; margin-bottom: 1.25rem; }
.question { display: grid; grid-template-columns: 3rem minmax(0, 1fr) 13.5rem; gap: 0 1.25rem; padding: 1.5rem 0; border-top: 1px solid var(--line); }
.question > .number { font-size: 2.25rem; line-height: 1; color: var(--faint); font-weight: 300; }
.question h3 { font-size: 1.125rem; line-height: 1.35; font-weight: 600; margin-bottom: .5rem; }
.question .says li { padding: .2rem 0 .2rem 1rem; text-indent: -1rem; max-width: 46rem; }
.question .says li::before { content: "–"; display: inline-block; width: 1rem; text-indent: 0; color: var(--faint); }
.question .cannot { margin-top: .6rem; padding: .5rem .8rem; border-left: 3px solid var(--open); background: var(--open-tint); border-radius: 0 5px 5px 0; max-width: 46rem; }
.where { color: var(--faint); overflow-wrap: anywhere; text-indent: 0; }
.proof { font-size: .8125rem; }
.proof .standing { font-weight: 600; font-size: .875rem; display: flex; gap: .4rem; align-items: center; margin-bottom: .5rem; }
.proof li { display: flex; gap: .4rem; align-items: flex-start; padding: .1rem 0; line-height: 1.4; }
.proof li .mark { width: 1rem; height: 1rem; margin-top: .12rem; }
.proof li a { overflow-wrap: anywhere; text-decoration: none; }
.proof li a:hover { text-decoration: underline; }
.proof .later, .proof .apart { color: var(--faint); }
.lacking { border: 1px solid var(--line); border-left: 4px solid var(--bad); background: var(--raised); border-radius: 6px; padding: 1rem 1.25rem; margin: 0 0 .9rem; }
.lacking.unjudged { border-left-color: var(--open); }
.lacking h3 { font-size: 1.0625rem; font-weight: 600; }
.lacking .reason { margin: .15rem 0 .5rem; }
.lacking .remedy { color: var(--soft); margin-top: .5rem; }
.evidence { font-size: .875rem; line-height: 1.45; }
.evidence li { padding: .15rem 0; overflow-wrap: anywhere; }
.evidence .code { font-weight: 600; }
.replay { display: block; margin: .35rem 0; padding: .55rem .75rem; border: 1px solid var(--line); border-radius: 5px; background: var(--paper); overflow-x: auto; white-space: pre; user-select: all; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 0 0 1.5rem; }
.figures dt { color: var(--faint); font-size: .8125rem; }
.figures dd { font-size: 1.5rem; line-height: 1.2; letter-spacing: -.01em; }
.figures div { display: flex; flex-direction: column-reverse; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1rem .5rem 0; border-top: 1px solid var(--line); }
thead th { border: 0; color: var(--faint); font-weight: 400; font-size: .8125rem; white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
tbody th .mark { margin-right: .4rem; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.happens { color: var(--soft); min-width: 14rem; }
.seeds { display: flex; flex-wrap: wrap; gap: 3px; padding-top: .25rem; max-width: 11rem; }
.seeds i { width: 11px; height: 11px; border-radius: 3px; background: var(--good); }
.seeds i.quiet { background: none; border: 1.5px solid var(--rule); }
.seeds i.broken { background: var(--bad); border-radius: 0; transform: rotate(45deg) scale(.85); }
.legend { color: var(--faint); font-size: .8125rem; margin-top: .75rem; display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; }
.legend span { display: inline-flex; gap: .4rem; align-items: center; }
.legend .seeds { padding: 0; }
details { border-top: 1px solid var(--line); }
summary { display: flex; gap: .6rem; padding: .6rem 0; cursor: pointer; list-style: none; align-items: flex-start; }
summary::-webkit-details-marker { display: none; }
summary .mark { margin-top: .12rem; }
summary .title { flex: 1; }
summary .title code { color: var(--faint); margin-left: .35rem; }
summary .reason { display: block; color: var(--soft); font-size: .875rem; }
summary::after { content: "+"; color: var(--faint); width: 1rem; text-align: center; }
details[open] > summary::after { content: "–"; }
details > .evidence { padding: 0 0 1rem 1.9rem; }
.stage-title { display: flex; gap: .75rem; align-items: baseline; margin: 2rem 0 .4rem; }
.stage-title h3 { font-size: 1.125rem; font-weight: 600; }
.stage-title span { color: var(--faint); font-size: .875rem; }
.picture img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; }
figcaption { color: var(--faint); font-size: .8125rem; margin-top: .5rem; }
footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--faint); font-size: .8125rem; }
footer .replay { color: var(--ink); }
@media (max-width: 56rem) {
  .way { grid-template-columns: 1fr; gap: 0; margin-left: .75rem; }
  .way li { border-top: 0; border-left: 2px solid var(--line); padding: 0 0 1.1rem 1.5rem; }
  .way .mark { top: 0; left: -.8rem; }
  .question { grid-template-columns: 2rem minmax(0, 1fr); }
  .question > .number { font-size: 1.5rem; }
  .proof { grid-column: 2; margin-top: .9rem; }
}
@media print {
  body { background: #fff; font-size: 11px; }
  .sheet { max-width: none; padding: 0; }
  .skip { display: none; }
  .question, .lacking, tr, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

MARKS: Final = {
    "passed": '<circle cx="12" cy="12" r="10" fill="currentColor"/><path d="M7.2 12.4l3.2 3.2 6.4-7" fill="none" stroke="var(--paper)" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>',
    "part": '<circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" stroke-width="2"/><path d="M12 3a9 9 0 0 0 0 18z" fill="currentColor"/>',
    "failed": '<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" fill="currentColor"/><path d="M8.3 8.3l7.4 7.4m0-7.4l-7.4 7.4" fill="none" stroke="var(--paper)" stroke-width="2.4" stroke-linecap="round"/>',
    "unjudged": '<path d="M12 1.5L22.5 12 12 22.5 1.5 12z" fill="currentColor"/><path d="M9.6 9.6a2.5 2.5 0 1 1 3.5 2.3c-.8.35-1.1.8-1.1 1.6" fill="none" stroke="var(--paper)" stroke-width="2" stroke-linecap="round"/><circle cx="12" cy="16.6" r="1.3" fill="var(--paper)"/>',
    "later": '<circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.4 3.2"/>',
    "apart": '<path d="M5 12h14" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>',
}
"""Paths of a mark in a box of 24: a disc with a tick, a disc half full, an octagon with a cross, a diamond with a question mark, a dotted ring, a dash."""
