"""Where emails lead."""


def invitation_link(public_url: str, code: str) -> str:
    """Where an invitation is accepted. The code stands in the fragment, which no server's log ever sees."""
    return public_url + invitation_path(code)


def invitation_path(code: str) -> str:
    """The same below the public URL."""
    return f"/office/invitation#{code}"
