"""Long lists in pages: a cursor names a place in them, so that rows which come meanwhile shift nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

MOST_DIGITS = 18


class Pages(CursorPagination):
    """Pages of rows in the order in which they were made."""

    ordering = "pk"
    invalid_cursor_message = "invalid"

    def decode_cursor(self, request: Request) -> Any:
        """Raises `NotFound` for a cursor that is not one of ours; the framework lets some through to the database."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise self._unknown() from error
        place = getattr(cursor, "position", None)
        if place is not None and not (place.isascii() and place.isdigit() and len(place) <= MOST_DIGITS):
            raise self._unknown()
        return cursor

    def _unknown(self) -> NotFound:
        return NotFound(_("This cursor is not one of ours. Follow “next” from the first page."))


class LongPages(Pages):
    page_size = 1000


def page_of(
    rows: QuerySet[Any], request: Request, *, shape: Callable[[Any], Any], pages: type[Pages] = Pages
) -> Response:
    """One page of `rows`, each as `shape` makes it, with the addresses of the pages before and after."""
    paginator = pages()
    found: list[Model] = paginator.paginate_queryset(rows, request) or []
    return Response(
        {
            "next": paginator.get_next_link(),
            "previous": paginator.get_previous_link(),
            "results": [shape(row) for row in found],
        }
    )
