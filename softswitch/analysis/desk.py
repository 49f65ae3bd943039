"""The commands that calculate and change nothing: what is added to the command line for them."""

from softswitch.analysis import comparison, rota, simulation
from softswitch.command_line import CommandLine

ANALYSES = {"staffing": rota, "simulate": simulation, "replay": comparison}
"""By the word of the command line."""


def add_analyses(line: CommandLine) -> None:
    """Add their words; what stands at the head of each module is its manual."""
    for word, analysis in ANALYSES.items():
        analysis.add_words(line.add(word, analysis.HELP, analysis.run, more=analysis.__doc__ or ""))
