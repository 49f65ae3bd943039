"""The launcher and the processes that it keeps alive."""
