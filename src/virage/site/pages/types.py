"""What other domains' rules may know of pages: its Structs and pure functions."""

from virage.site.pages.rules import Draft as Draft
from virage.site.pages.rules import PageKey as PageKey
from virage.site.pages.rules import PageKind as PageKind
