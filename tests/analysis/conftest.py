"""A rated study that the tests of one module share: building it takes longer than reading it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from readerstudy.studies.models import Study
from tests.analysis import worlds


@pytest.fixture(scope="module")
def rated_study(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Study]:
    """The known study, in a transaction that is rolled back when the module is done."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield worlds.make_rated_study()
        transaction.set_rollback(True)
