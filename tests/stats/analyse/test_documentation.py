"""docs/reference/analyse.md names every column, field, kind, estimator, variant, reason and caution there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readerstudy.stats.analyse import FIELDS
from readerstudy.stats.analyse.plan import _validator
from readerstudy.stats.analyse.table import OPTIONAL, REQUIRED
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.scale import Kind
from tests.stats.analyse import certified
from tests.stats.analyse.tables import analysed

PAGE = (Path(__file__).parents[3] / "docs/reference/analyse.md").read_text(encoding="utf-8")
CODES = set(re.findall(r"`([^`]+)`", PAGE))
ESTIMATORS = [
    "percent_agreement", "krippendorff_alpha", "gwet_ac", "fleiss_kappa", "conger_kappa", "brennan_prediger",
    "cohen_kappa", "light_kappa", "icc", "kendall_w", "mean_score", "proportion_acceptable", "win_rate",
    "bradley_terry", "davidson", "accuracy", "sensitivity", "specificity", "auc", "mrmc", "mcnemar", "cochran_q",
    "friedman", "stuart_maxwell", "alt_test", "spearman", "kendall_tau_b", "rouge", "refusal_rate", "iou",
    "bland_altman", "intra_reader", "blinding_index",
]  # fmt: skip
NAMED_OTHERWISE = re.compile(r"at_least_\d+_of_\d+|.+,(holm|delong|conditional|accuracy|with_position)")


@pytest.mark.parametrize(
    "names",
    [REQUIRED, OPTIONAL, FIELDS, list(Kind), list(Reason), list(Caution), ESTIMATORS],
    ids=["required", "optional", "fields", "kinds", "reasons", "cautions", "estimators"],
)
def test_every_name_is_explained(names: list[str]) -> None:
    assert {str(name) for name in names} <= CODES


def test_every_property_of_a_plan_is_explained() -> None:
    schema = _validator().schema
    criterion = schema["properties"]["criteria"]["additionalProperties"]["properties"]
    assert {f"criteria.NAME.{name}" for name in criterion} <= CODES
    assert schema["properties"].keys() - {"criteria"} <= CODES


def test_every_variant_of_the_certified_analysis_is_explained(tmp_path: Path) -> None:
    found = analysed(tmp_path, certified.rows(), plan=certified.PLAN, reference=certified.reference())
    variants = {estimate.variant for estimate in found.estimates if estimate.variant}
    assert {name for name in variants if not NAMED_OTHERWISE.fullmatch(name)} <= CODES
