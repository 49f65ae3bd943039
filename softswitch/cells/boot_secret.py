"""The secret that the edge puts into every INVITE for a cell: made once, by whichever process starts first."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from softswitch.links import private_folder


def boot_secret(run_dir: Path) -> str:
    """The secret in `<run_dir>/secret` (mode 0600), made now if there is none.

    Safe when control and nursery start at the same moment: the file appears whole, and once.
    """
    private_folder(run_dir)
    path = run_dir / "secret"
    if not path.exists():
        draft = run_dir / f"secret.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_hex(24).encode())
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):
            os.link(draft, path)  # fails when the other was first: then its secret counts
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
