"""What lies in the folder of the data (`node.data_dir`), by name."""

from typing import Final

DATABASE: Final = "hotline.sqlite"
KEY: Final = "recording.key"
"""The key of the chain of recordings: not in the database, so that whoever can change that cannot mend the chain."""
RECORDINGS: Final = "recordings"
UPLOADS: Final = "prompts"
"""Announcements that were uploaded."""
