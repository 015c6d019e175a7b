"""How a page does a deed that the study may refuse."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from readerstudy.studies.policies import StudyError


def attempt(request: HttpRequest, deed: Callable[[], object], *, success: str = "") -> bool:
    """Does the deed; a refusal becomes a message on the next page."""
    try:
        deed()
    except StudyError as error:
        messages.error(request, str(error))
        return False
    if success:
        messages.success(request, success)
    return True
