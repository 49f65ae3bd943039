"""Whoever reads the pages can read them: every text colour stands out from every surface that it is put on (WCAG 2.2)."""

import re
from itertools import product

import pytest

from api.pages import FOLDER

TEXT = 4.5
"""Contrast of text (WCAG 1.4.3)."""

STATES = ("ready", "ringing", "talking", "held", "wrap-up", "not-ready", "logged-out", "danger")
PAIRS = [
    *product(("ink", "ink-soft"), ("paper", "surface", "surface-sunk")),
    ("ink-faint", "surface"),
    ("on-accent", "accent"),
    ("accent-strong", "accent-wash"),
    *((state, f"{state}-wash") for state in STATES),
    *((state, "surface") for state in STATES),
]


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme by name; the dark one changes some of the light one."""
    light, dark = (FOLDER / "tokens.css").read_text(encoding="utf-8").split(':root[data-theme="dark"]')
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if theme == "dark" else found


def luminance(colour: str) -> float:
    """Relative luminance of a colour `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme: str, text: str, ground: str) -> None:
    known = tokens(theme)
    assert contrast(known[text], known[ground]) >= TEXT


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
