"""Commands and reads of pages for other domains."""

from virage.site.pages.acts import publish as publish
from virage.site.pages.reads import in_force as in_force
from virage.site.pages.reads import terms_in_force as terms_in_force
from virage.site.pages.reads import version_by_id as version_by_id
