"""What is to be found on no page, as scripts for a browser."""

from __future__ import annotations

#: What is to be hit by a finger and is smaller than 44 pixels either way, its label counted.
SMALL = """
const seen = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: false});
const box = (one) => (one.closest('label') ?? one).getBoundingClientRect();
return [...document.querySelectorAll('button, a[href], input, select, summary, textarea')]
  .filter((one) => seen(one) && !one.classList.contains('unseen') && !one.classList.contains('skip'))
  .map((one) => [one, box(one)])
  .filter(([one, {width, height}]) => width && (height < 43.5 || width < 43.5))
  .map(([one, {width, height}]) => [one.outerHTML.slice(0, 110), width, height].join(' '));
"""
#: What reaches beyond the right edge of the window and is in no part that scrolls on its own.
_BEYOND = """
const alone = (one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX);
const scrolls = (one) => one && (alone(one) || scrolls(one.parentElement));
return [...document.querySelectorAll(PARTS)]
  .filter((one) => one.checkVisibility() && !one.closest('.unseen, .skip') && !scrolls(one.parentElement))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 90));
"""


def beyond(parts: str = "#page *") -> str:
    """What of the page, or of some parts of it, reaches beyond the window."""
    return _BEYOND.replace("PARTS", repr(parts))
