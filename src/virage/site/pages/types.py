"""Structs and pure functions of pages for the rules of other domains."""

from virage.site.pages.rules import PageDraft as PageDraft
from virage.site.pages.rules import PageKey as PageKey
from virage.site.pages.rules import PageKind as PageKind
