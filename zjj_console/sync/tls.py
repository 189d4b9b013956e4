"""Telling a certificate that does not fit from a line that is down: only the first wants a person."""

import ssl


def misfit(error: Exception) -> bool:
    """Whether a connection failed because the other side's certificate was refused."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
