"""The process that plays journals of decisions again: `python -m softswitch.decisions.worker FOLDER CALL`.

Prints a `Derivation` as JSON.  It goes behind everything else on the machine, before it does anything else.
"""

import argparse
import dataclasses
import json
import math
import sys
from pathlib import Path

from softswitch.urgency import go_last


def main(words: list[str] | None = None) -> int:
    """Print what was found."""
    go_last()
    from softswitch.decisions.search import derived  # noqa: PLC0415  not before others go first

    parser = argparse.ArgumentParser(prog="softswitch.decisions.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("call_id")
    parser.add_argument("--since", type=float, default=-math.inf)
    parser.add_argument("--until", type=float, default=math.inf)
    parser.add_argument("--offer", default="")
    given = parser.parse_args(words)
    found = derived(given.folder, given.call_id, since=given.since, until=given.until, offer=given.offer)
    sys.stdout.write(json.dumps(dataclasses.asdict(found), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
