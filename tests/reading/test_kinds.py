"""Every kind through the room's own addresses: saved, shown again, sent as a plain form, refused, staged, branched."""

from __future__ import annotations

import json
import re
import uuid
from html import unescape
from typing import Any

import pytest
from django.test import Client

from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import ReferenceStandard
from readerstudy.reading import actions
from readerstudy.reading.models import Allocation, Rating, RatingEvent, Reading
from readerstudy.reading.scales import Answer
from readerstudy.studies.models import Criterion, Kind
from readerstudy.studies.policies import StudyError
from tests.reading import worlds
from tests.reading.worlds import LABELS, LONG, SIDES, address, ask, make_draft, signed_in, start

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
MARK = {"slot": "current", "frame": 0}
VALUES = {
    "quality_gate": "limited",
    "yes_no": "0",
    "single_choice": "b",
    "multiple_choice": '["a","c"]',
    "likert": "4",
    "ranking": '["c","a","b"]',
    "integer": "7",
    "number": "12.5",
    "visual_analogue": "64",
    "confidence": "2",
    "free_text": "A remark.",
    "text_span": '[{"end":13,"label":"made_up","start":9}]',
    "box": json.dumps([{**MARK, "points": [[1, 2], [8, 9]]}]),
    "point": json.dumps([{**MARK, "points": [[1, 2]]}]),
    "length": json.dumps([{**MARK, "points": [[1, 2], [8, 9]]}]),
    "polygon": json.dumps([{**MARK, "points": [[1, 2], [8, 9], [1, 9]]}]),
    "edit": '{"significant":true,"text":"The heart is normal."}',
}
PLAIN: dict[str, dict[str, Any]] = {
    "multiple_choice": {"": ["a", "c"]},
    "ranking": {"@c": "1", "@a": "2", "@b": "3"},
    "text_span": {"": "1: The "},
    "box": {"": "current 1 1 2 8 9"},
    "point": {"": "current 1 1 2"},
    "length": {"": "current 1 1 2 8 9"},
    "polygon": {"": "current 1 1 2 8 9 1 9"},
    "edit": {"": "The heart is normal.", "@significant": "1"},
}


def letter_of(allocation: Allocation, key: str) -> str:
    return "" if worlds.KINDS[key].get("applies_to") == "case" else allocation.outputs.get().letter


def rate(client: Client, allocation: Allocation, key: str, value: str = "", **more: str) -> Any:
    sent = {
        "output": letter_of(allocation, key) if key in worlds.KINDS else "",
        "criterion": key,
        "value": value,
    }
    return client.post(address("rate", allocation), {**sent, "token": str(uuid.uuid4()), **more})


def page_of(client: Client, allocation: Allocation) -> str:
    return client.get(address("read", allocation)).content.decode()


@pytest.fixture
def every_kind() -> tuple[Client, Allocation]:
    study = make_draft()
    for key in [*VALUES, "grid"]:
        ask(study, key)
    seat, [allocation] = start(study)
    return signed_in(seat), allocation


def test_every_kind_but_the_pairs_is_here() -> None:
    assert {*VALUES, "grid", "comparative"} == set(Kind.values)


def test_every_kind_is_saved_and_stands_on_the_page_again(every_kind: tuple[Client, Allocation]) -> None:
    client, allocation = every_kind
    for key, value in VALUES.items():
        response = rate(client, allocation, key, value)
        assert response.status_code == 200, (key, response.content)
    page = page_of(client, allocation)
    for rating in Rating.objects.select_related("criterion"):
        assert f'data-value="{rating.value}"' in unescape(page), rating.criterion.key
        assert (rating.output is None) is (rating.criterion.applies_to == "case")
        assert rating.allocation == allocation
    assert Rating.objects.count() == len(VALUES)


def test_every_kind_can_be_sent_as_a_plain_form(every_kind: tuple[Client, Allocation]) -> None:
    client, allocation = every_kind
    letter = allocation.outputs.get().letter
    sent: dict[str, Any] = {f"{letter}-grid.s{number}": "supported" for number in range(1, 7)}
    for key, value in VALUES.items():
        field = f"{letter_of(allocation, key) or 'case'}-{key}"
        sent |= {field + end: given for end, given in PLAIN.get(key, {"": value}).items()}
    response = client.post(address("submit", allocation), sent)
    assert response.status_code == 302, re.findall(r'class="rd-told"[^>]*>([^<]*)', response.content.decode())
    stored = {
        row.criterion.key: row.value for row in Rating.objects.filter(part="").select_related("criterion")
    }
    assert json.loads(stored.pop("text_span")) == [{"start": 11, "end": 14, "label": "made_up"}]
    assert {key: json.loads(value) if value[0] in "[{" else value for key, value in stored.items()} == {
        key: json.loads(value) if value[0] in "[{" else value
        for key, value in VALUES.items()
        if key in stored
    }
    assert Reading.objects.get().submitted_at is not None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text_span", '[{"start":0,"end":100000,"label":"made_up"}]'),
        ("box", json.dumps([{**MARK, "points": [[1, 2], [1000, 9]]}])),
        ("box", json.dumps([{**MARK, "slot": "prior", "points": [[1, 2], [8, 9]]}])),
        ("ranking", '["a","z"]'),
        ("edit", "{}"),
        ("quality_gate", "no"),
    ],
)
def test_what_lies_outside_the_text_or_the_image_is_refused(
    every_kind: tuple[Client, Allocation], key: str, value: str
) -> None:
    client, allocation = every_kind
    response = rate(client, allocation, key, value)
    assert response.status_code == 422
    assert response.json()["error"].startswith("“")
    assert not RatingEvent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"criterion": "quality_gate", "output": "A"},
        {"criterion": "likert", "output": ""},
        {"criterion": "likert", "part": "s1"},
        {"criterion": "grid", "part": "s7"},
        {"criterion": "grid", "part": ""},
        {"criterion": "grid", "part": "f1"},
    ],
)
def test_a_question_that_this_case_does_not_ask_does_not_exist(
    every_kind: tuple[Client, Allocation], change: dict[str, str]
) -> None:
    client, allocation = every_kind
    letter = allocation.outputs.get().letter
    sent = {"output": letter, "value": "1", "token": str(uuid.uuid4()), **change}
    sent["output"] = letter if sent["output"] else ""
    assert client.post(address("rate", allocation), sent).status_code == 404
    assert not RatingEvent.objects.exists()


def test_pieces_of_a_text_are_rated_each_by_itself(every_kind: tuple[Client, Allocation]) -> None:
    client, allocation = every_kind
    for part in ("s1", "s2"):
        assert rate(client, allocation, "grid", "wrong", part=part).status_code == 200
    assert rate(client, allocation, "grid", "supported", part="s2").status_code == 200
    assert [(row.part, row.value) for row in Rating.objects.order_by("part")] == [
        ("s1", "wrong"),
        ("s2", "supported"),
    ]
    study = allocation.seat.study
    rows = [row for row in LongTable.of(study).records() if row.part]
    assert [(row.part, row.value, row.events) for row in rows] == [("s1", "wrong", 1), ("s2", "supported", 2)]


def test_ratings_of_the_case_are_in_the_long_table_without_an_arm(
    every_kind: tuple[Client, Allocation],
) -> None:
    client, allocation = every_kind
    assert rate(client, allocation, "quality_gate", "limited").status_code == 200
    table = LongTable.of(allocation.seat.study)
    rows = {dict(zip(table.header, row, strict=True))["criterion"]: row for row in table.rows()}
    cells = dict(zip(table.header, rows["quality_gate"], strict=True))
    assert (cells["arm"], cells["value"], cells["letter"], cells["refusal_verdict"]) == (
        "",
        "limited",
        "",
        "",
    )


def test_saving_on_a_piece_of_a_text_needs_few_queries(
    every_kind: tuple[Client, Allocation], django_assert_max_num_queries: Any
) -> None:
    client, allocation = every_kind
    rate(client, allocation, "grid", "wrong", part="s1")
    with django_assert_max_num_queries(8):
        rate(client, allocation, "grid", "supported", part="s1")


def test_pairs_are_compared_once_for_both_texts() -> None:
    study = make_draft(texts=[LONG, "Nothing."])
    ask(study, "better", "comparative", applies_to="pair", options=SIDES)
    ask(study, "order", "ranking", applies_to="pair", options=[])
    seat, [allocation] = start(study)
    client = signed_in(seat)
    for key, value in (("better", "-2"), ("order", '["B","A"]')):
        assert rate(client, allocation, key, value).status_code == 200
    assert rate(client, allocation, "order", '["B","C"]').status_code == 422
    assert client.post(address("submit", allocation), headers=HX).status_code == 302
    assert list(Rating.objects.order_by("pk").values_list("output", "score")) == [(None, -2.0), (None, None)]


def test_a_reason_is_kept_where_the_study_asks_for_it(every_kind: tuple[Client, Allocation]) -> None:
    client, allocation = every_kind
    assert rate(client, allocation, "likert", cannot_judge="1").status_code == 422
    assert rate(client, allocation, "likert", cannot_judge="1", reason="Too dark.").status_code == 200
    rating = Rating.objects.get()
    assert (rating.cannot_judge, rating.reason, rating.event.reason) == (True, "Too dark.", "Too dark.")


@pytest.mark.parametrize("key", ["quality_gate", "likert"])
def test_the_action_itself_refuses_the_wrong_subject(every_kind: tuple[Client, Allocation], key: str) -> None:
    _client, allocation = every_kind
    seat, criterion = allocation.seat, Criterion.objects.get(key=key)
    output = allocation.outputs.get() if criterion.applies_to == "case" else None
    with pytest.raises(StudyError, match="asked about something else"):
        actions.rate(
            seat=seat,
            allocation=allocation,
            output=output,
            criterion=criterion,
            answer=Answer(VALUES[key]),
            token=uuid.uuid4(),
            by=seat.user,
        )


# ---- staged cases


@pytest.fixture
def staged() -> tuple[Client, Allocation]:
    study = make_draft(
        texts=["Secret words of the model."], display={"layout": "single", "reveal": "after_own_answer"}
    )
    ask(study, "own", "single_choice", applies_to="case", stage="before")
    ask(study, "agree", "yes_no", stage="after")
    seat, [allocation] = start(study)
    return signed_in(seat), allocation


def agree(client: Client, allocation: Allocation) -> Any:
    letter = allocation.outputs.get().letter
    return rate(client, allocation, "agree", "1", output=letter)


def test_before_the_own_answer_is_locked_nothing_of_the_output_leaves(
    staged: tuple[Client, Allocation],
) -> None:
    client, allocation = staged
    letter = allocation.outputs.get().letter
    everything = page_of(client, allocation)
    everything += agree(client, allocation).content.decode()
    everything += client.post(address("submit", allocation), {"submit": "1"}, headers=HX).content.decode()
    everything += client.post(address("submit", allocation), {"stage": "before"}).content.decode()
    for secret in ("Secret", "words of the model", f"Interpretation {letter}", "agree"):
        assert secret not in everything
    assert not RatingEvent.objects.exists()
    assert Reading.objects.get().unaided_at is None


def test_the_own_answer_is_locked_and_stays(staged: tuple[Client, Allocation]) -> None:
    client, allocation = staged
    assert rate(client, allocation, "own", "b").status_code == 200
    revealed = client.post(address("submit", allocation), {"stage": "before"}, headers=HX).content.decode()
    assert "Secret words of the model." in revealed
    assert "locked at" in revealed
    assert "Infection" in revealed
    refused = rate(client, allocation, "own", "a")
    assert refused.status_code == 409
    assert "locked at" in refused.json()["error"]
    assert Rating.objects.get().value == "b"


def test_a_second_press_of_lock_only_shows_the_case_again(staged: tuple[Client, Allocation]) -> None:
    client, allocation = staged
    rate(client, allocation, "own", "b")
    for _press in range(2):
        response = client.post(address("submit", allocation), {"stage": "before"}, headers=HX)
        assert response.status_code == 200
    reading = Reading.objects.get()
    assert reading.unaided_at is not None
    assert reading.submitted_at is None
    assert agree(client, allocation).status_code == 200
    assert client.post(address("submit", allocation), {}, headers=HX).status_code == 302


def test_a_staged_case_works_as_two_plain_forms(staged: tuple[Client, Allocation]) -> None:
    client, allocation = staged
    letter = allocation.outputs.get().letter
    first = client.post(address("submit", allocation), {"stage": "before", "case-own": "a"}, follow=True)
    assert "Secret words of the model." in first.content.decode()
    assert client.post(address("submit", allocation), {f"{letter}-agree": "0"}).status_code == 302
    assert Reading.objects.get().submitted_at is not None


# ---- branching


def test_a_question_that_is_not_asked_is_not_required_and_its_old_answer_is_taken_back() -> None:
    study = make_draft()
    ask(study, "present", "yes_no", applies_to="case")
    ask(study, "count", "integer", applies_to="case", when=[{"criterion": "present", "is": ["1"]}])
    seat, [allocation] = start(study)
    client = signed_in(seat)
    rate(client, allocation, "present", "1")
    refused = client.post(address("submit", allocation), headers=HX)
    assert refused.json()["open"] == ["case-count"]
    rate(client, allocation, "count", "3")
    rate(client, allocation, "present", "0")
    assert client.post(address("submit", allocation), headers=HX).status_code == 302
    assert {row.criterion.key: row.value for row in Rating.objects.all()} == {"present": "0", "count": ""}
    assert [event.value for event in RatingEvent.objects.filter(criterion__key="count")] == ["3", ""]


def test_strata_decide_and_never_reach_the_page() -> None:
    study = make_draft()
    worlds.stratum(study, site="hamlet-hospital")
    ask(study, "here", "yes_no", when=[{"stratum": "site", "is": ["hamlet-hospital"]}])
    ask(study, "elsewhere", "yes_no", when=[{"stratum": "site", "is": ["other"]}])
    seat, [allocation] = start(study)
    client = signed_in(seat)
    page = page_of(client, allocation)
    assert "What about here?" in page
    assert "What about elsewhere?" not in page
    assert "hamlet" not in page
    letter = allocation.outputs.get().letter
    assert rate(client, allocation, "elsewhere", "1", output=letter).status_code == 404
    assert rate(client, allocation, "here", "1", output=letter).status_code == 200


def test_an_image_that_cannot_be_read_leaves_out_the_rest() -> None:
    study = make_draft()
    ask(study, "quality_gate")
    ask(study, "likert")
    seat, [allocation] = start(study)
    client = signed_in(seat)
    assert rate(client, allocation, "quality_gate", "no", reason="Motion.").status_code == 200
    assert client.post(address("submit", allocation), headers=HX).status_code == 302
    assert Rating.objects.get().reason == "Motion."


# ---- displays


def test_the_reference_is_shown_only_where_the_display_says_so() -> None:
    for layout, shown in (("single", False), ("against_reference", True)):
        study = make_draft(display={"layout": layout, "reveal": "at_once"})
        ask(study, "likert")
        seat, [allocation] = start(study)
        assert ("abnormal" in page_of(signed_in(seat), allocation)) is shown


def test_a_whole_reference_report_is_shown_beside_the_output() -> None:
    study = make_draft(display={"layout": "against_reference", "reveal": "at_once"})
    report = "The heart is not enlarged. " * 12 + "\n\nImpression: <b>no</b> pneumonia."
    ReferenceStandard.objects.filter(study=study).update(label=report)
    ask(study, "likert")
    seat, [allocation] = start(study)
    page = page_of(signed_in(seat), allocation)
    shown = page[page.index("data-reference") :]
    assert shown.count("The heart is not enlarged.") == 12
    assert "Impression: &lt;b&gt;no&lt;/b&gt; pneumonia." in shown


def test_a_conversation_is_laid_out_by_its_turns() -> None:
    text = "Patient: I cough.\nDoctor: Since when?\nPatient: <b>Two</b> weeks."
    study = make_draft(texts=[text], display={"layout": "transcript", "reveal": "at_once"})
    ask(study, "text_span", options=LABELS)
    seat, [allocation] = start(study)
    page = page_of(signed_in(seat), allocation)
    assert page.count('<section class="turn"') == 3
    assert page.count('data-speaker="1"') == 2
    assert "&lt;b&gt;Two" in page


def test_times_and_the_browsers_clock_are_kept_and_never_overwritten(
    every_kind: tuple[Client, Allocation],
) -> None:
    study = make_draft()
    ask(study, "likert", asks_reason=False)
    seat, [allocation] = start(study)
    client = signed_in(seat)
    page_of(client, allocation)
    for value in "345":
        rate(client, allocation, "likert", value)
    events = list(RatingEvent.objects.filter(allocation=allocation).order_by("pk"))
    clock = json.dumps({"active": 12.5, "shown": "2026-11-22T12:00:00Z"})
    for told in (clock, '{"active": 99}'):
        client.post(address("submit", allocation), {"clock": told}, headers=HX)
    reading = Reading.objects.get(allocation=allocation)
    assert (reading.first_answer_at, reading.last_answer_at) == (events[0].at, events[-1].at)
    assert (reading.active_seconds, reading.client) == (12.5, {"shown": "2026-11-22T12:00:00Z"})


@pytest.mark.parametrize(
    "told", ["[]", '{"active": -1}', '{"active": "x"}', "{", '{"active": 1e999}', "x" * 5000]
)
def test_a_submission_is_not_refused_for_its_clock(told: str) -> None:
    study = make_draft()
    ask(study, "free_text")
    seat, [allocation] = start(study)
    response = signed_in(seat).post(address("submit", allocation), {"clock": told}, headers=HX)
    assert response.status_code == 302
    assert Reading.objects.get().active_seconds is None
