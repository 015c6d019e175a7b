"""Until a study is unblinded, a researcher's program meets codes; its coordinator's sees the arms it makes."""

from __future__ import annotations

import pytest

from readerstudy.studies.models import Membership, Role
from tests import factories
from tests.analysis import worlds
from tests.api.programs import member_of, program_of

pytestmark = pytest.mark.django_db


def test_programs_meet_codes_until_the_study_is_unblinded() -> None:
    study = worlds.make_open_study(readers=1, questions=("correctness",), named=False)
    worlds.read_everything(Membership.objects.readers(study)[0], worlds.known_rating)
    researcher = program_of(member_of(study, Role.RESEARCHER))
    for path in ("ratings/", "ratings.csv", "report/", "generations/"):
        response = researcher.get(f"studies/{study.key}/{path}")
        told = b"".join(response) if response.streaming else response.content
        assert response.status_code == 200
        assert not [word for word in (b"Alpha", b"Beta", b"sim-alpha") if word in told], path
    [row, *_rest] = researcher.get(f"studies/{study.key}/ratings/").json()["results"]
    assert row["arm"] in ("X", "Y")
    assert (row["output_simulated"], row["output_recorded"]) == (None, None)
    assert researcher.get(f"studies/{study.key}/generations/").json()["arms"] == []
    coordinator = program_of(member_of(study, Role.COORDINATOR))
    progress = coordinator.get(f"studies/{study.key}/generations/").json()
    assert [arm["arm"] for arm in progress["arms"]] == ["Alpha", "Beta"]
    factories.name_arms(study)
    names = {row["arm"] for row in researcher.get(f"studies/{study.key}/ratings/").json()["results"]}
    assert names == {"Alpha", "Beta"}
