"""The metrics of a running node, as a monitoring system reads them."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.stand import Stand

Sample = tuple[str, frozenset[tuple[str, str]]]
"""A name and its labels."""


async def scrape(here: Stand) -> dict[Sample, float]:
    """Every sample by name and labels."""
    status, body = await here.api.download("/metrics")
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(samples: Mapping[Sample, float], name: str, **labels: str) -> float:
    """One of them; `KeyError` when there is none."""
    return samples[f"hotline_{name}", frozenset(labels.items())]
