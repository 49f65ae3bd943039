"""How a setting is described, and how a fault in one is told."""

from typing import Any, Final

Fault = tuple[str, str]
"""The key, and what is wrong with it (Chinese / English)."""


ID: Final = {
    "pattern": r"[A-Za-z0-9_\-]{1,40}",
    "form": " 1–40 个字母、数字、_ 或 - / 1 to 40 letters, digits, _ or -",
}
"""Terms of what a document is named by, where it has a name for people beside that."""

NUMBER: Final = {
    "pattern": r"\+?\d{1,20}",
    "form": "号码:数字,可以 + 开头 / a number: digits, + allowed first",
}
DATE: Final = {"pattern": r"\d{4}-\d{2}-\d{2}", "form": "日期,如 2026-12-31 / a date such as 2026-12-31"}


def meta(doc: str, **terms: Any) -> dict[str, Any]:
    """Metadata of a field: what it means, and the terms that `config` holds a value to."""
    return {"doc": doc, **terms}
