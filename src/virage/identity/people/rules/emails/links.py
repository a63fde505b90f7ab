"""Where emails lead."""


def invitation_link(public_url: str, code: str) -> str:
    """Where an invitation is accepted. The code stands in the fragment, which no server's log ever sees."""
    return public_url + invitation_path(code)


def recovery_path(code: str) -> str:
    """Where a recovery is cancelled, below the public URL; the code stands in the fragment."""
    return f"/recovery#{code}"


def invitation_path(code: str) -> str:
    """The same below the public URL."""
    return f"/office/invitation#{code}"
