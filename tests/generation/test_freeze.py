"""Freezing: what stands in the way, what the manifest says, and that PostgreSQL refuses every change after it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.generation import actions
from readerstudy.generation.blinding.freezing import accepted_missing, flaws_of_freeze, readiness_of
from readerstudy.generation.models import (
    Attempt,
    FrozenOutput,
    FrozenSet,
    Generation,
    Interpretation,
    RecordedOutput,
    Redaction,
    RefusalVerdict,
    ShownText,
    Verdict,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.reading.actions import start_study
from readerstudy.reading.manifest import manifest
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.stations import blockers
from tests.factories import (
    freeze,
    make_arm,
    make_case,
    make_criterion,
    make_output,
    make_reader,
    make_ready_study,
    make_study,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Two cases, two arms, every output made and none of them looked at."""
    study = make_study()
    for name in ("One", "Two"):
        make_arm(study, name=name)
    make_criterion(study)
    for _number in range(2):
        case = make_case(study)
        for arm in study.arms.all():
            make_output(arm, case, text=f"## {arm.name} on {case.code}")
    make_reader(study)
    return study


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def freeze_as_it_is(study: Study, **fields: Any) -> FrozenSet:
    return actions.freeze_outputs(study=study, by=study.created_by, **fields)


def approve_all(study: Study) -> None:
    for arm in study.arms.all():
        if Interpretation.objects.filter(generation__arm=arm, frozen=None).exists():
            actions.approve_arm(arm=arm, by=study.created_by)


def fail_one(study: Study) -> Generation:
    """A further case of which one arm's output failed."""
    case, [one, two] = make_case(study), study.arms.order_by("position")
    make_output(one, case)
    return Generation.objects.create(
        arm=two, case=case, stage="failed", failure="The key was refused.", finished_at=timezone.now()
    )


def texts_of(blocking: list[Any]) -> str:
    return " / ".join(line.text for line in blocking)


# --- What stands in the way ----------------------------------------------------------------------------------
def test_arms_must_be_approved_first(study: Study) -> None:
    with pytest.raises(GenerationError, match="2 texts of “One” are not approved"):
        freeze_as_it_is(study)
    approve_all(study)
    assert freeze_as_it_is(study).number == 1


def test_flagged_outputs_must_be_confirmed_first(study: Study) -> None:
    case = make_case(study)
    outputs = [make_output(arm, case, verdict="full_refusal") for arm in study.arms.all()]
    approve_all(study)
    with pytest.raises(GenerationError, match="2 flagged outputs await a person’s verdict"):
        freeze_as_it_is(study)
    for output in outputs:
        actions.overrule(interpretation=output, verdict=Verdict.ANSWER, by=study.created_by)
    assert freeze_as_it_is(study)


@pytest.mark.parametrize("stage", ["queued", "running", ""])
def test_what_can_still_be_made_is_waited_for(study: Study, stage: str) -> None:
    case = make_case(study)
    make_output(study.arms.get(name="One"), case)
    if stage:
        lease = timezone.now() if stage == "running" else None
        Generation.objects.create(arm=study.arms.get(name="Two"), case=case, stage=stage, lease_until=lease)
    approve_all(study)
    with pytest.raises(GenerationError, match="1 output is not made yet"):
        freeze_as_it_is(study)


def test_failures_are_accepted_one_by_one_and_with_a_reason(study: Study) -> None:
    fail_one(study)
    approve_all(study)
    [missing] = readiness_of(study).failed
    with pytest.raises(GenerationError, match="“Two” for C003 is missing"):
        freeze_as_it_is(study)
    with pytest.raises(GenerationError, match="Write why"):
        freeze_as_it_is(study, accepted=[missing.value])
    frozen = freeze_as_it_is(study, accepted=[missing.value], reason="The vendor blocks it.")
    line = next(json.loads(row.line) for row in frozen.outputs.all() if row.interpretation is None)
    assert line == {
        "case": "C003", "arm": 1, "replicate": 1, "missing": "The key was refused.",
        "accepted": "The vendor blocks it.",
    }  # fmt: skip
    assert accepted_missing(study) == [("C003", 1)]


def test_a_study_starts_with_what_was_accepted_as_missing(study: Study) -> None:
    fail_one(study)
    approve_all(study)
    freeze_as_it_is(study, accepted=[readiness_of(study).failed[0].value], reason="Blocked.")
    assert not blockers(study)
    started = start_study(study=study, by=study.created_by)
    assert started.allocation_plans.get().excluded == [["C003", 1]]


def test_a_study_does_not_start_before_everything_is_frozen(study: Study) -> None:
    assert "4 outputs are not frozen yet" in texts_of(blockers(study))
    with pytest.raises(StudyError, match="not frozen yet"):
        start_study(study=study, by=study.created_by)
    freeze(study)
    assert not blockers(study)
    make_case(study)
    assert "2 outputs are not frozen yet" in texts_of(blockers(study))


def test_there_is_nothing_to_freeze_twice(study: Study) -> None:
    freeze(study)
    with pytest.raises(GenerationError, match="nothing to freeze"):
        freeze_as_it_is(study)


# --- The manifest --------------------------------------------------------------------------------------------
def test_the_manifest_names_text_shown_text_verdict_and_call(study: Study) -> None:
    frozen = freeze(study)
    assert frozen.sha256 == hashlib.sha256(frozen.manifest.encode()).hexdigest()
    document = json.loads(frozen.manifest)
    assert [arm["name"] for arm in document["arms"]] == ["One", "Two"]
    assert len(document["outputs"]) == 4
    line, row = document["outputs"][0], frozen.outputs.order_by("pk")[0]
    assert row.interpretation is not None
    assert row.shown is not None
    assert line["raw_sha256"] == hashlib.sha256(row.interpretation.text.encode()).hexdigest()
    assert line["shown_sha256"] == hashlib.sha256(row.shown.text.encode()).hexdigest()
    assert line["raw_sha256"] != line["shown_sha256"]
    assert (line["case"], line["arm"], line["replicate"], line["verdict"]) == ("C001", 0, 1, "answer")
    assert line["attempt"]["outcome"] == "answered"


def test_a_later_set_adds_its_lines_and_leaves_the_earlier_ones_as_they_were(study: Study) -> None:
    first = freeze(study)
    case = make_case(study)
    for arm in study.arms.all():
        make_output(arm, case, text="Later.")
    second = freeze(study)
    assert (first.number, second.number) == (1, 2)
    before, after = (each.manifest.split('"outputs":')[1] for each in (first, second))
    assert after.startswith(before.removesuffix("]}"))
    assert len(json.loads(second.manifest)["outputs"]) == 6
    assert second.outputs.count() == 2
    first.refresh_from_db()
    assert hashlib.sha256(first.manifest.encode()).hexdigest() == first.sha256


def test_the_manifest_of_the_lock_holds_the_frozen_sets_and_the_shown_texts(study: Study) -> None:
    frozen = freeze(study)
    study = start_study(study=study, by=study.created_by)
    locked = manifest(study, study.allocation_plans.get())
    told = json.loads(frozen.manifest)
    assert (
        told.pop("study") == study.key
    )  # an address differs from machine to machine, so it is no part of the lock
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert list(locked["frozen_sets"]) == [(1, hashlib.sha256(canonical.encode()).hexdigest())]
    assert len(locked["shown_texts"]) == 4


def test_tampering_with_a_frozen_text_or_line_shows(study: Study, forge: Callable[[str], None]) -> None:
    freeze(study)
    assert not list(flaws_of_freeze(study))
    forge(
        "UPDATE generation_showntext SET text = 'Rewritten.' WHERE id = (SELECT min(id) FROM generation_showntext)"
    )
    assert any("is not what was frozen" in flaw for flaw in flaws_of_freeze(study))
    forge("UPDATE generation_frozenset SET manifest = manifest || ' '")
    assert any("set 1 is not what was frozen" in flaw for flaw in flaws_of_freeze(study))


# --- What PostgreSQL refuses ---------------------------------------------------------------------------------
def refused(deed: Callable[[], Any], words: str = "frozen") -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        deed()


def test_no_row_of_a_frozen_output_changes_or_comes_anew(study: Study) -> None:
    freeze(study)
    row = FrozenOutput.objects.select_related("interpretation__generation", "arm", "case").first()
    assert row is not None
    assert row.interpretation is not None
    text, generation = row.interpretation, row.interpretation.generation
    by = study.created_by
    refused(
        lambda: RefusalVerdict.objects.create(
            interpretation=text, verdict="answer", declined=False, signal="x", by=by
        )
    )
    refused(lambda: ShownText.objects.create(interpretation=text, version=9, text="x", sha256="x", rules=0))
    refused(lambda: Redaction.objects.create(interpretation=text, words="x", reason="y", by=by))
    refused(lambda: Generation.objects.filter(pk=generation.pk).update(stage="queued"))
    refused(lambda: Attempt.objects.filter(pk=text.attempt_id).update(served_model="another"))
    refused(lambda: Attempt.objects.create(generation=generation, number=2, key=uuid.uuid4().hex))
    refused(lambda: RecordedOutput.objects.create(arm=row.arm, case=row.case, text="x"))
    for model in (FrozenOutput, FrozenSet):
        refused(lambda model=model: model.objects.update(id=1), "append-only")
        refused(lambda model=model: model.objects.all().delete(), "append-only|violates|referenced")


def test_an_output_that_was_accepted_as_missing_is_not_made_any_more(study: Study) -> None:
    row = fail_one(study)
    approve_all(study)
    freeze_as_it_is(study, accepted=[readiness_of(study).failed[0].value], reason="Blocked.")
    refused(lambda: Generation.objects.filter(pk=row.pk).update(stage="queued", failure=""))
    refused(lambda: Attempt.objects.create(generation=row, number=1, key=uuid.uuid4().hex))


def test_the_cost_of_a_late_call_whose_reply_is_not_used_is_still_entered(study: Study) -> None:
    generation = Generation.objects.order_by("pk")[0]
    late = Attempt.objects.create(generation=generation, number=2, key=uuid.uuid4().hex)
    freeze(study)
    Attempt.objects.filter(pk=late.pk).update(
        outcome="answered", is_possibly_paid=True, finished_at=timezone.now()
    )


def test_other_outputs_go_on_as_before(study: Study) -> None:
    freeze(study)
    case = make_case(study)
    output = make_output(study.arms.get(name="One"), case)
    actions.overrule(interpretation=output, verdict=Verdict.EMPTY, by=study.created_by)
    frozen = Interpretation.objects.exclude(frozen=None).select_related("generation__arm").first()
    assert frozen is not None
    with pytest.raises(GenerationError, match="frozen"):
        actions.redact_words(interpretation=frozen, words="One", reason="why", by=study.created_by)


def test_nothing_is_frozen_in_a_locked_study() -> None:
    study = make_ready_study()
    study = start_study(study=study, by=study.created_by)
    refused(
        lambda: FrozenSet.objects.create(
            study=study, number=9, manifest="{}", sha256="x", by=study.created_by
        ),
        "locked",
    )


# --- The page ------------------------------------------------------------------------------------------------
def test_the_page_says_what_is_missing_freezes_and_gives_the_manifest(client: Client, study: Study) -> None:
    fail_one(study)
    url = reverse("generation:freeze", args=[study.key])
    page = client.get(url).content.decode()
    assert "texts of “One” are not approved" in page
    assert "5 outputs of the random sample are not judged" in page
    assert "disabled" in page.split("Freeze 6 outputs")[0][-200:]
    approve_all(study)
    now = reverse("generation:freeze_now", args=[study.key])
    assert "is missing" in client.post(now, follow=True).content.decode()
    missing = readiness_of(study).failed[0].value
    page = client.post(now, {"missing": missing, "reason": "Blocked."}, follow=True).content.decode()
    assert "Everything is frozen." in page
    answer = client.get(reverse("generation:frozen_manifest", args=[study.key, 1]))
    assert hashlib.sha256(answer.content).hexdigest() == FrozenSet.objects.get().sha256
    assert FrozenSet.objects.get().sha256 in page


def test_an_imported_arm_without_a_text_may_stay_without(study: Study) -> None:
    paper: Arm = make_arm(study, name="Paper", kind="imported", connection="", model="", is_simulated=False)
    make_output(paper, study.cases.order_by("position")[0])
    [missing] = readiness_of(study).failed
    assert (missing.case.code, missing.arm.name) == ("C002", "Paper")
