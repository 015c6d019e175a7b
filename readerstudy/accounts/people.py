"""Who sent a request."""

from django.http import Http404, HttpRequest

from readerstudy.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The signed-in person; pages behind the login never meet anybody else."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user
