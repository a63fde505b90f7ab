"""`virage phone`: the demo for phones in the local network, over HTTPS with a local certificate authority."""

import os
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import segno

from virage.cli import running
from virage.cli.authority import PRIVATE, Authority, authority, now_utc, server_certificate
from virage.cli.deployment import configuration, console, demo_environment, fail

ELSEWHERE = ("192.0.2.1", 9)  # no packet is sent; connect() only selects our own address
INSTALL_PORT_OFFSET = 2
_CERTIFICATE_TYPE = "application/x-x509-ca-cert"


def run() -> None:
    """Serve until Ctrl-C; the terminal shows a QR code."""
    address = own_address()
    port = int(os.environ.get("VIRAGE_PORT") or 8443)
    env = demo_environment(os.environ | {"VIRAGE_PORT": str(port)})
    folder = configuration(env).var_dir / "authority"
    issuer = authority(folder, now_utc())
    server_certificate(issuer, folder, address, now_utc())
    env |= {
        "VIRAGE_HOST": "0.0.0.0",  # noqa: S104 - phones come from the network
        "VIRAGE_PUBLIC_URL": f"https://{address}:{port}",
        "VIRAGE_SANDBOX_URL": f"http://{address}:{port + 1}",
        "SSL_CERT_FILE": str(_trusted(issuer, folder)),
    }
    installing = _serve_install_page(issuer, address, port)
    page = f"http://{address}:{port + INSTALL_PORT_OFFSET}/"
    console.print(f"\n  Scan this with the phone's camera, on the same Wi-Fi: {page}\n", markup=False)
    console.print(terminal_code(page), markup=False)
    console.print("  Browsers give no passkeys to an IP address: sign in with codes by email.\n", markup=False)
    try:
        running.run(env, "--certificate", str(folder / "server.pem"), "--key", str(folder / "server-key.pem"))
    finally:
        installing.shutdown()


def own_address() -> IPv4Address:
    """Return the address of this machine in the local network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            raise fail("This machine is not in a network that a phone can join.") from None
        address = IPv4Address(probe.getsockname()[0])
    if not any(address in IPv4Network(network) for network in PRIVATE):
        raise fail(f"{address} is not a private address. virage phone serves private networks only.")
    return address


def terminal_code(text: str) -> str:
    """Return the QR code of a text, drawn with half blocks."""
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    shades = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    return "\n".join(
        "  " + "".join(shades[int(top), int(bottom)] for top, bottom in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )


def _trusted(issuer: Authority, folder: Path) -> Path:
    """Return a CA bundle for our own processes: the system's and the new authority."""
    known = ssl.get_default_verify_paths().cafile
    bundle = folder / "trusted.pem"
    bundle.write_bytes((Path(known).read_bytes() if known else b"") + issuer.pem)
    return bundle


def _serve_install_page(issuer: Authority, address: IPv4Address, port: int) -> ThreadingHTTPServer:
    page = install_page(f"https://{address}:{port}/").encode()

    class Page(BaseHTTPRequestHandler):
        """Serve the page and the certificate."""

        def do_GET(self) -> None:
            certificate = self.path == "/virage.crt"
            body = issuer.der if certificate else page
            self.send_response(200)
            self.send_header("Content-Type", _CERTIFICATE_TYPE if certificate else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the terminal shows the QR code."""

    server = ThreadingHTTPServer((str(address), port + INSTALL_PORT_OFFSET), Page)
    threading.Thread(target=server.serve_forever, name="install page", daemon=True).start()
    return server


def install_page(address: str) -> str:
    """Return the page that explains, in French and English, how to install the certificate."""
    return f"""<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Virage</title>
<style>
body {{ font: 1.05rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1.25rem }}
a {{ display: block; padding: .9rem 1rem; margin: 1rem 0; border-radius: .6rem; background: #14387f; color: #fff;
  text-align: center; text-decoration: none }}
</style></head><body>
<h1>Virage</h1>
<ol>
<li>Téléchargez le certificat de démonstration. Il ne vaut que pour les adresses de réseaux privés.</li>
</ol>
<a href="/virage.crt">Certificat</a>
<p><strong>iPhone :</strong> Réglages → Profil téléchargé → Installer, puis Général → Informations → Réglages des
certificats → activer « Virage demo ».<br>
<strong>Android :</strong> Paramètres → Sécurité → Chiffrement et identifiants → Installer un certificat →
Certificat CA.</p>
<a href="{address}">Ouvrir Virage</a>
<p>Retirez le certificat après la démonstration.</p>
<section lang="en">
<h2>In English</h2>
<p>Download the certificate above; it vouches for private network addresses only. <strong>iPhone:</strong> Settings →
Profile Downloaded → Install, then General → About → Certificate Trust Settings. <strong>Android:</strong> Settings →
Security → Encryption &amp; credentials → Install a certificate → CA certificate. Then open Virage. Remove the
certificate after the demo.</p>
</section></body></html>
"""
