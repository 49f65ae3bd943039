"""When a process that should speak has been silent for too long: hung, and no better than dead.

A dead process closes its link at once; one that hangs (stopped, deadlocked, lost in native code) keeps it open and
says nothing.  Pure: time is an argument (monotonic seconds).
"""


class Vigil:
    """Watches the silence of one process, which is looked at about once a second."""

    def __init__(self, patience_s: float, now: float) -> None:
        """It counts as hung after `patience_s` without a word; the time runs from `now`."""
        self._patience_s = patience_s
        self._heard_at = now
        self._looked_at = now

    def hear(self, now: float) -> None:
        """It said something, whatever it was."""
        self._heard_at = now

    def silent_s(self, now: float) -> float:
        """For how long it has said nothing."""
        return max(0.0, now - self._heard_at)

    def is_hung(self, now: float) -> bool:
        """Look at it.  Who did not look for long was held up himself, and gives it the whole time again."""
        if now - self._looked_at > self._patience_s:
            self._heard_at = now
        self._looked_at = now
        return self.silent_s(now) > self._patience_s
