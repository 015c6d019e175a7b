"""What a reverse proxy asks to know whether this process can work."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def show_health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; the failure of a broken one is a 500 like any other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})
