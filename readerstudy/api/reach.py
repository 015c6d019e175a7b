"""Who reaches what: the one table of the API. What is not in it, nobody reaches."""

from __future__ import annotations

from collections.abc import Mapping

from readerstudy.studies.models import Role

COORDINATORS = frozenset({Role.COORDINATOR})
ANALYSTS = frozenset({Role.COORDINATOR, Role.RESEARCHER})
ROLES_WITH_TOKENS = frozenset({Role.COORDINATOR, Role.RESEARCHER, Role.READER})

REACH: Mapping[str, Mapping[str, frozenset[Role]]] = {
    "list_studies": {"GET": ROLES_WITH_TOKENS},
    "show_study": {"GET": ANALYSTS},
    "uploads": {"GET": COORDINATORS, "POST": COORDINATORS},
    "transfers": {"POST": COORDINATORS},
    "transfer": {"GET": COORDINATORS, "PATCH": COORDINATORS, "DELETE": COORDINATORS},
    "list_images": {"GET": COORDINATORS},
    "confirm_images": {"POST": COORDINATORS},
    "mask_images": {"POST": COORDINATORS},
    "image_sets": {"GET": COORDINATORS, "POST": COORDINATORS},
    "import_labels": {"POST": COORDINATORS},
    "import_marks": {"POST": COORDINATORS},
    "generations": {"GET": ANALYSTS, "POST": COORDINATORS},
    "retry_generations": {"POST": COORDINATORS},
    "readings_progress": {"GET": ROLES_WITH_TOKENS},
    "list_ratings": {"GET": ANALYSTS},
    "download_ratings": {"GET": ANALYSTS},
    "show_report": {"GET": ANALYSTS},
}


def methods_of(endpoint: str) -> Mapping[str, frozenset[Role]]:
    """The methods an endpoint knows, each with the roles that reach it; none for an endpoint outside the table."""
    return REACH.get(endpoint, {})
