"""A delivery report as mail servers send it."""


def delivery_report(action: str, status: str) -> bytes:
    """The report that a mail server returns (RFC 3464)."""
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; fan@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--B--\r\n"
    ).encode()
