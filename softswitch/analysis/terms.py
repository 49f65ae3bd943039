"""What counts as in time and what as a short call: the same options for every command that judges by it."""

import argparse

from acd.metrics import Terms


def add_terms(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    usual = Terms()
    parser.add_argument(
        "--within",
        type=float,
        default=usual.within_s,
        metavar="S",
        help="应答时限 / answered within",
    )
    parser.add_argument(
        "--short",
        type=float,
        default=usual.short_s,
        metavar="S",
        help="更早放弃的算短呼叫 / who gives up sooner made a short call",
    )


def terms_of(arguments: argparse.Namespace) -> Terms:
    """What was chosen."""
    return Terms(within_s=arguments.within, short_s=arguments.short)
