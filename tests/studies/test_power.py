"""`manage.py power` prints every figure with its formula, its source and the readers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from readerstudy.stats import power as plans
from tests.stats.power.test_mrmc_plans import PILOT, VAN_DYKE
from tests.studies.protocol.test_reading import SMALLEST

COMPONENTS = (
    "--components", VAN_DYKE.arm_reader, VAN_DYKE.variance, VAN_DYKE.cov1, VAN_DYKE.cov2, VAN_DYKE.cov3,
    "--component-cases", 114,
)  # fmt: skip
CROSSING = ("--readers", 8, "--case-correlation", 0.3, "--reader-correlation", 0.05)


def said(*arguments: object) -> str:
    out = io.StringIO()
    call_command("power", *map(str, arguments), stdout=out)
    return out.getvalue()


def answered(*arguments: object) -> dict[str, Any]:
    return json.loads(said(*arguments, "--json"))


def values(answer: dict[str, Any]) -> list[Any]:
    return [figure["value"] for figure in answer["figures"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("agreement", "--value", 0.6, "--prevalence", 0.3, "--half-width", 0.1),
        ("proportions", "--share", 0.7, "--half-width", 0.1, "--first-only", 0.2, "--second-only", 0.1),
        ("preference", "--share", 0.65, "--ties", 0.2),
        ("mrmc", "--difference", 0.05, "--readers", 5, "--cases", 100, *COMPONENTS, "--simulate", 200),
        ("burden",),
    ],
)
def test_every_figure_has_formula_and_source_and_the_readers_are_told(arguments: Any, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(SMALLEST + "cases: {count: 8}\n")
    arguments = (*arguments, path, "--readers", 3) if arguments[0] == "burden" else arguments
    text, answer = said(*arguments), answered(*arguments)
    assert plans.READERS_SENTENCE in text
    assert text.startswith("Readers: " + ", ".join(map(str, answer["readers"])))
    assert answer["readers_sentence"] == plans.READERS_SENTENCE
    assert answer["figures"]
    for figure in answer["figures"]:
        assert figure["formula"] in text
        assert figure["source"] in text
        assert figure["name"] in text


def test_agreement_answers_for_every_coefficient_that_fits() -> None:
    two = answered("agreement", "--value", 0.6, "--prevalence", 0.3, "--cases", 100, "--half-width", 0.1)
    assert [figure["given"]["coefficient"] for figure in two["figures"][::2]] == list(plans.COEFFICIENTS)
    three = answered("agreement", "--value", 0.6, "--shares", 0.2, 0.3, 0.5, "--cases", 100, "--readers", 3)
    assert [figure["given"]["coefficient"] for figure in three["figures"]] == list(plans.COEFFICIENTS[1:])
    other = ("agreement", "--value", 0.6, "--prevalence", 0.3, "--other-prevalence", 0.4, "--half-width", 0.1)
    plan = plans.Agreement(coefficient="cohen_kappa", value=0.6, shares=(0.3, 0.7), other_shares=(0.4, 0.6))
    assert values(answered(*other)) == [plans.cases_for(plan, half_width=0.1).value]


def test_proportions_answer_for_one_share_and_for_two() -> None:
    assert values(answered("proportions", "--share", 0.8, "--half-width", 0.05)) == [245]
    assert values(answered("proportions", "--first-only", 0.3, "--second-only", 0.15, "--power", 0.8)) == [
        155,
        166,
        153,
    ]
    with_cases = answered("proportions", "--first-only", 0.3, "--second-only", 0.15, "--cases", 155)
    assert values(with_cases)[0] == pytest.approx(0.801, abs=5e-4)
    margin = ("proportions", "--first-only", 0.1, "--second-only", 0.1, "--margin", 0.1)
    assert values(answered(*margin, "--power", 0.8)) == [171]
    assert values(answered(*margin, "--cases", 171)) == [pytest.approx(0.8145, abs=5e-5)]


def test_several_readers_of_the_same_cases_are_planned_as_such() -> None:
    share = answered("proportions", "--share", 0.7, "--cases", 100, "--half-width", 0.15, *CROSSING)
    assert [figure["unit"] for figure in share["figures"]] == ["cases", "times", "half-width"]
    pairs = ("proportions", "--first-only", 0.3, "--second-only", 0.1, *CROSSING)
    needed = values(answered(*pairs, "--power", 0.8))[0]
    assert values(answered(*pairs, "--cases", needed))[0] >= 0.8
    wins = ("preference", "--share", 0.7, *CROSSING)
    needed = values(answered(*wins, "--power", 0.8))[0]
    assert values(answered(*wins, "--cases", needed))[1] >= 0.8
    assert "not reached" in said("preference", "--share", 0.52, *CROSSING)


def test_preferences_of_one_reader_are_a_sign_test() -> None:
    assert values(answered("preference", "--share", 0.8, "--power", 0.8))[0] == 23
    assert values(answered("preference", "--share", 0.8, "--judgements", 20)) == [
        pytest.approx(0.8042, abs=5e-5)
    ]


def test_mrmc_prints_a_grid_and_simulates_it_from_a_seed() -> None:
    arguments = ("mrmc", "--difference", -0.043800322, "--readers", 6, 10, "--cases", 165, 251, *COMPONENTS)
    answer = answered(*arguments, "--power", 0.8, "--simulate", 500, "--seed", 3)
    assert [(line["readers"], line["cases"]) for line in answer["table"]] == [
        (6, 165),
        (6, 251),
        (10, 165),
        (10, 251),
    ]
    assert answer["table"][2]["power"] == pytest.approx(0.80541995, abs=1e-7)
    assert values(answer)[0] == 251
    assert answer == answered(*arguments, "--power", 0.8, "--simulate", 500, "--seed", 3)
    assert "readers  cases   power  simulated" in said(*arguments, "--simulate", 500)


def test_mrmc_takes_a_pilot_or_expectations(tmp_path: Path) -> None:
    pilot = tmp_path / "pilot.csv"
    pilot.write_text(PILOT)
    components = plans.pilot_components(plans.read_pilot(PILOT))
    found = answered("mrmc", "--difference", 0.1, "--readers", 4, "--pilot", pilot, "--power", 0.8)
    assert values(found) == [plans.mrmc_cases(components, 0.1, readers=4).value]
    expected = answered(
        "mrmc", "--difference", 0.05, "--readers", 8, "--expected", 0.85, "--component-cases", 100
    )
    assert expected["figures"][0]["given"]["var_error"] == pytest.approx(plans.expected_components(
        0.85, cases=100, abnormal=0.5, correlations=(0.43, 0.43, 0.3), arm_reader_sd=0.014).variance)  # fmt: skip


def test_burden_counts_minutes_and_sittings(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(SMALLEST + "readers: {count: 2}\n")
    answer = answered("burden", path, "--cases", 30, "--seconds", 58.32, "--presses", 6)
    assert answer["readers"] == [2]
    assert [line["minutes"] for line in answer["table"]] == [pytest.approx(60.0)] * 2
    assert values(answer) == [pytest.approx(120.0), pytest.approx(60.0), 2, 4]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("agreement", "--value", 0.6, "--prevalence", 0.3), "Add --half-width or --cases"),
        (("agreement", "--value", 1, "--prevalence", 0.3, "--cases", 9), "at 1 there is no variance"),
        (("agreement", "--value", 0.6), "one of the arguments --prevalence --shares is required"),
        (("proportions",), "Add --share with"),
        (("proportions", "--first-only", 0.2), "need both --first-only and --second-only"),
        (
            ("proportions", "--share", 0.2, "--cases", 9, "--readers", 4),
            "--case-correlation and --reader-correlation",
        ),
        (("mrmc", "--difference", 0.1, "--readers", 4), "one of --pilot, --components and --expected"),
        (("mrmc", "--difference", 0.1, "--readers", 4, "--expected", 0.8), "Add --component-cases"),
        (
            ("mrmc", "--difference", 0.1, "--readers", 4, "--pilot", "absent.csv"),
            "“absent.csv” cannot be read",
        ),
        (
            ("mrmc", "--difference", 0.1, "--readers", 4, *COMPONENTS, "--simulate", 500),
            "Add --cases, leave --variant",
        ),
        (("burden", "absent.yaml"), "“absent.yaml” cannot be read"),
    ],
)
def test_what_is_missing_or_wrong_is_said(arguments: Any, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        said(*arguments)


def test_files_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(SMALLEST.replace("source: human", "source: robot"))
    with pytest.raises(CommandError, match=r"study\.yaml, line 5, arms\[2\]\.source"):
        said("burden", path)
    path.write_text(SMALLEST)
    with pytest.raises(CommandError, match="Add --readers"):
        said("burden", path)
    path.write_bytes(b"reader,case\xff")
    with pytest.raises(CommandError, match="not UTF-8"):
        said("mrmc", "--difference", 0.1, "--readers", 4, "--pilot", path)
    path.write_text(PILOT.replace("R2,C7,B,1,", "R2,C7,B,1,x"))
    with pytest.raises(CommandError, match="Line 49: the value"):
        said("mrmc", "--difference", 0.1, "--readers", 4, "--pilot", path)


def test_no_database_is_needed(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "READERSTUDY_VAR": str(tmp_path)}
    command = [sys.executable, "manage.py", "power", "preference", "--share", "0.8", "--json"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=os.environ | nowhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["figures"][0]["value"] == 23
