"""The vocabularies of the links to cells and nursery, compiled once."""

from typing import get_args

from softswitch.cells.messages import CellCommand, CellEvent, NurseryCommand, NurseryEvent
from softswitch.links import Vocabulary

CELL_COMMANDS = Vocabulary(*get_args(CellCommand))
CELL_EVENTS = Vocabulary(*get_args(CellEvent))
NURSERY_COMMANDS = Vocabulary(*get_args(NurseryCommand))
NURSERY_EVENTS = Vocabulary(*get_args(NurseryEvent))
