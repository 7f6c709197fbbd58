"""Whom the embedded server runs as, and what that user can reach."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.postgres.account import Account


def test_a_user_is_asked_for_what_the_test_says_and_not_for_mere_existence(tmp_path: Path) -> None:
    myself = Account("me", os.geteuid(), os.getegid(), is_other=False)
    program = tmp_path / "postgres"
    assert not myself.can("-r", program)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o600)
    assert (myself.can("-r", program), myself.can("-w", program), myself.can("-x", program)) == (True, True, False)
    program.chmod(0o700)
    assert myself.can("-x", program)
