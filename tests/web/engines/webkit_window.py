#!/usr/bin/python3
"""A WebKit window for WebKitWebDriver with a profile on disk: MiniBrowser keeps none under
WebDriver.

It runs under Debian's Python, which has the GTK bindings. Arguments: folder of the profile, width,
height, and for HTTPS the certificate to trust. Console messages are appended to the file `console`
of the profile.
"""

import os
import sys
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")

from gi.repository import Gio, Gtk, WebKit2  # noqa: E402 - the versions are chosen first

FOLDER, WIDTH, HEIGHT, *CERTIFICATES = sys.argv[1:]

# WebKit writes console messages to the standard output of its processes, which inherit this one's.
os.dup2(os.open(f"{FOLDER}/console", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), sys.stdout.fileno())

manager = WebKit2.WebsiteDataManager(base_data_directory=f"{FOLDER}/data", base_cache_directory=f"{FOLDER}/cache")
manager.get_cookie_manager().set_persistent_storage(f"{FOLDER}/cookies", WebKit2.CookiePersistentStorage.SQLITE)
context = WebKit2.WebContext(website_data_manager=manager)
context.set_automation_allowed(True)
context.set_preferred_languages(["en-GB"])
for path in CERTIFICATES:
    context.allow_tls_certificate_for_host(Gio.TlsCertificate.new_from_file(path), "localhost")


def window(_session: Any) -> Any:
    """Open the window that the session drives."""
    settings = WebKit2.Settings(enable_write_console_messages_to_stdout=True)
    view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    frame = Gtk.Window(decorated=False)
    frame.set_default_size(int(WIDTH), int(HEIGHT))
    frame.add(view)
    view.connect("close", lambda _view: frame.destroy())
    frame.connect("destroy", Gtk.main_quit)
    frame.show_all()
    return view


def started(_context: Any, session: Any) -> None:
    """Name the browser as WebKitWebDriver expects it."""
    about = WebKit2.ApplicationInfo()
    about.set_name("MiniBrowser")
    about.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(about)
    session.connect("create-web-view", window)


context.connect("automation-started", started)
Gtk.main()
