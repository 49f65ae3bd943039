"""How a setting is described, and how a fault in one is told."""

from typing import Any

Fault = tuple[str, str]
"""The key, and what is wrong with it (Chinese / English)."""


def meta(doc: str, **terms: Any) -> dict[str, Any]:
    """Metadata of a field: what it means, and the terms that `config` holds a value to."""
    return {"doc": doc, **terms}
