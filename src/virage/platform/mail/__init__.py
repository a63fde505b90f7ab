"""Electronic mail: pages become HTML and text, messages are signed and handed to a server, reports come back."""
