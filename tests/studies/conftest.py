"""A draft, and its coordinator's browser."""

from __future__ import annotations

import pytest
from django.test import Client

from readerstudy.studies.models import Study
from tests import factories


@pytest.fixture
def study(db: None) -> Study:
    return factories.make_study()


@pytest.fixture
def client(study: Study) -> Client:
    browser = Client()
    browser.force_login(study.created_by)
    return browser
