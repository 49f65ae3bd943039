"""The commands that calculate and change nothing: what is added to the command line for them."""

import argparse
from typing import Any

from softswitch.analysis import comparison, rota, simulation

ANALYSES = {"staffing": rota, "simulate": simulation, "replay": comparison}
"""By the word of the command line."""


def add_analyses(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add their words; afterwards `arguments.analysis(arguments)` runs the one that was chosen."""
    for word, analysis in ANALYSES.items():
        parser = commands.add_parser(
            word,
            help=analysis.HELP,
            description=analysis.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        analysis.add_words(parser)
        parser.set_defaults(analysis=analysis.run)
