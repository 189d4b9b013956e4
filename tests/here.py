"""The command in this process: its own start and end as `zjj` has them, without the price of a process."""

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

from zjj_console import cli


def run(words: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ZJJ_")}
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["zjj", *words]),
        patch.dict(os.environ, {**kept, **env}, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        cli.main()
    return int(left.value.code or 0), out.getvalue(), err.getvalue()
