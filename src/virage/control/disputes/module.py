"""Composition of disputes: routes."""

from virage.control.disputes.routes import routers
from virage.platform.module import Module

module = Module("disputes", routers=routers)
