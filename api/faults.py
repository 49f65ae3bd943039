"""Why a request could not be done: few typed errors that carry data.

What stands behind a port raises these; `api/problems.py` maps each to one HTTP status and stable code.
"""


class ApiFault(Exception):
    """The root: something that the caller of the HTTP interface is told."""

    def __init__(self, detail: str) -> None:
        """`detail` is a sentence for people."""
        super().__init__(detail)
        self.detail = detail


class NotFound(ApiFault):
    """There is no such thing; `kind` is `agent`, `call`, `recording`…"""

    def __init__(self, kind: str, wanted: str) -> None:
        """Name what was looked for."""
        super().__init__(f"没有此{kind} / no {kind} has the id {wanted!r}")
        self.kind = kind
        self.id = wanted


class Conflict(ApiFault):
    """The thing's state does not allow this now (409).

    `code` is stable (`seat_taken`, `already_logged_in`…), `state` names the present state and `allowed` what
    could be done in it.
    """

    def __init__(self, code: str, detail: str, state: str = "", allowed: tuple[str, ...] = ()) -> None:
        """Keep the code and the data."""
        super().__init__(detail)
        self.code = code
        self.state = state
        self.allowed = allowed


class Outdated(ApiFault):
    """What was to be changed is not what it was when it was read (412); `current` is its version now, empty for none."""

    def __init__(self, code: str, current: str) -> None:
        """Keep the code and the version."""
        super().__init__(
            "已被他人修改,请重新读取 / somebody else has changed it: read it again"
            if current
            else "不存在或已删除 / there is none, or it was removed"
        )
        self.code = code
        self.current = current


class VersionNeeded(ApiFault):
    """A change of much at once does not say which version it was made of (428, RFC 6585 section 3); `named_in` is where."""

    def __init__(self, named_in: str) -> None:
        """Name the header or the field."""
        super().__init__(
            f"须说明所见的版本:{named_in},值为试导入或读取所得的 version / say which version was looked at: {named_in}, "
            "with the version that a try or a reading answered"
        )
        self.named_in = named_in


class Refused(ApiFault):
    """The request is well formed but cannot be right (422): an unknown extension, an unknown reason…"""

    def __init__(self, code: str, detail: str, *, field: str = "") -> None:
        """Keep the code, and the path of the field that is at fault where it is one."""
        super().__init__(detail)
        self.code = code
        self.field = field


class Unavailable(ApiFault):
    """A part that is needed is not there now (503); try again after `retry_after_s` seconds."""

    def __init__(self, code: str, detail: str, retry_after_s: int = 1) -> None:
        """Keep the code and the delay."""
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s


class Denied(ApiFault):
    """The request is right but a rule forbids it to this seat (403); `rule` names the rule."""

    def __init__(self, code: str, detail: str, rule: str) -> None:
        """Keep code and rule."""
        super().__init__(detail)
        self.code = code
        self.rule = rule


class TooLarge(ApiFault):
    """What should be kept is larger than is kept (413): attached data of a call."""

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code."""
        super().__init__(detail)
        self.code = code


class NotBuilt(ApiFault):
    """This server has no such operation (501)."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("此服务器没有此操作 / this server does not have this operation")
