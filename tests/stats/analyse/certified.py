"""The certified data sets as one long table with plan and reference, and where each answer stands in the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.stats import datasets
from tests.stats.analyse.tables import Row, of_matrix

PLAN = """
criteria:
  krippendorff_canonical: {kind: ordinal, categories: [1, 2, 3, 4, 5]}
  fleiss1971: {kind: nominal, categories: [1, 2, 3, 4, 5]}
  shrout_fleiss1979: {kind: interval}
  anxiety: {kind: ordinal, categories: [1, 2, 3, 4, 5, 6]}
  stuart_vision: {kind: ordinal, categories: [1st, 2nd, 3rd, 4th]}
  agresti_baseball: {kind: preference}
  franken_mrmc: {kind: confidence, categories: [1, 2, 3, 4, 5]}
  complete_likert: {kind: ordinal, categories: [1, 2, 3, 4, 5]}
  81/263: {kind: binary, categories: [wrong, right]}
  15/148: {kind: binary, categories: [wrong, right]}
  0/20: {kind: binary, categories: [wrong, right]}
  1/29: {kind: binary, categories: [wrong, right]}
  29/29: {kind: binary, categories: [wrong, right]}
  56/70-48/80: {kind: binary, categories: [wrong, right]}
resamples: 200
seed: 20261122
"""
MATRICES = ("krippendorff_canonical", "fleiss1971", "shrout_fleiss1979", "anxiety")
DIAGNOSES = {"depression": 1, "personality": 2, "schizophrenia": 3, "neurosis": 4, "other": 5}
COEFFICIENTS = {
    "gwet": "gwet_ac",
    "fleiss": "fleiss_kappa",
    "conger": "conger_kappa",
    "bp": "brennan_prediger",
    "pa": "percent_agreement",
}
METRICS = {"unweighted": "nominal", "quadratic": "interval"}
COMPONENTS = {
    "MS_T": "ms_arm",
    "MS_TR": "ms_arm_reader",
    "MS_R": "ms_reader",
    "var_error": "variance",
    "varR": "variance_reader",
    "varTR": "variance_arm_reader",
}
OR_VARIANTS = {"rrrc": "rrrc", "fixed_readers": "frrc", "fixed_cases": "rrfc"}
SQUARES = {"MSR": "ms_rows", "MSC": "ms_columns", "MSW": "ms_within", "MSE": "ms_error"}
SINGLE = {
    "fleiss_kappa": ("fleiss_kappa", "unweighted"),
    "randolph_kappa_free_marginal": ("brennan_prediger", "unweighted"),
    "light_kappa": ("light_kappa", "unweighted"),
    "conger_exact_kappa": ("conger_kappa", "unweighted"),
}
LIKERT = {
    "mean": ("rrrc", "value"),
    "mean.se_random_raters_random_cases": ("rrrc", "se"),
    "mean.df_hillis": ("rrrc", "df"),
    "mean.ci_low": ("rrrc", "ci_low"),
    "mean.ci_high": ("rrrc", "ci_high"),
    "variance_component.s2_case": ("variance_case", "value"),
    "variance_component.s2_rater": ("variance_reader", "value"),
    "variance_component.s2_err": ("variance_error", "value"),
}
FIELDS = {
    "auc": "value",
    "diff": "value",
    "F": "statistic",
    "chi2": "statistic",
    "t": "statistic",
    "z": "statistic",
    "z_null": "statistic",
    "se_null": "se",
    "ase": "se",
    "ddf": "df",
    "df2": "df",
    "lo": "ci_low",
    "low": "ci_low",
    "hi": "ci_high",
    "high": "ci_high",
}
Place = tuple[dict[str, Any], str]


def rows() -> Iterator[Row]:
    for dataset in MATRICES:
        yield from of_matrix(datasets.matrix(dataset), dataset)
    for case, reader, score in datasets.lines("complete_likert"):
        yield {"reader": reader, "case": case, "criterion": "complete_likert", "value": score}
    yield from _vision()
    yield from _baseball()
    for treatment, reader, case, _truth, rating in datasets.lines("franken_mrmc"):
        yield {
            "reader": f"reader{reader}",
            "case": case,
            "criterion": "franken_mrmc",
            "value": rating,
            "arm": f"treatment{treatment}",
        }
    for name in ("81/263", "15/148", "0/20", "1/29", "29/29"):
        yield from _proportion(name, name, "")
    for arm, name in (("A", "56/70"), ("B", "48/80")):
        yield from _proportion("56/70-48/80", name, arm)


def reference() -> str:
    truth = {case: abnormal for _t, _r, case, abnormal, _v in datasets.lines("franken_mrmc")}
    lines = [f"{case},{abnormal},franken_mrmc" for case, abnormal in truth.items()]
    for criterion in ("81/263", "15/148", "0/20", "1/29", "29/29", "56/70-48/80"):
        lines += [f"{case},right,{criterion}" for case in ("hit", "miss")]
    return "\n".join(["case,label,criterion", *lines])


def place(dataset: str, check: str) -> Place:
    """The labels of the line and the field that hold a certified answer."""
    labels, name = _place(dataset, check)
    return {
        "criterion": dataset,
        "arm": None,
        "contrast": None,
        "reader": None,
        "category": None,
    } | labels, name


def _place(dataset: str, check: str) -> Place:
    if check.startswith("ICC"):
        return _line("icc", check[4:7]), _field(check.split(".")[1])
    if dataset == "complete_likert":
        variant, name = LIKERT[check]
        return _line("mean_score", variant), name
    if dataset == "proportions":
        return _share(check)
    return {"agresti_baseball": _abilities, "franken_mrmc": _franken}.get(dataset, _agreement)(check)


def _agreement(check: str) -> Place:
    name, *parts = check.split(".")
    if name in SQUARES:
        return _line("icc", SQUARES[name]), "value"
    if name in COEFFICIENTS:
        return _line(COEFFICIENTS[name], parts[0]), _field(parts[1])
    if name in ("krippendorff_alpha", "krip"):
        return _line("krippendorff_alpha", METRICS.get(parts[0], parts[0])), "value"
    if name == "kendall_w":
        return _line("kendall_w", parts[0]), _field(parts[1] if len(parts) > 1 else "value")
    if name == "cohen_kappa":
        return _cohen(parts)
    if name == "stuart_maxwell":
        return _line("stuart_maxwell", None, reader="left|right"), _field(parts[0])
    if parts[:1] == ["category"]:
        return _line("fleiss_kappa", "unweighted", category=DIAGNOSES[parts[1]]), "value"
    if parts:
        return _line("fleiss_kappa", "null_test"), _field(parts[0])
    return _line(*SINGLE[name]), "value"


def _cohen(parts: list[str]) -> Place:
    pair = "R1|R2" if parts[0] == "rater1_rater2" else "left|right"
    weights, *last = parts[1:] if pair == "R1|R2" else parts
    return _line("cohen_kappa", weights, reader=pair), _field(last[0] if last else "value")


def _abilities(check: str) -> Place:
    figure, _, arm = check.removeprefix("bt.").partition(".")
    line = _line("bradley_terry", None, arm=arm, contrast=f"{arm}-Baltimore")
    return line, "se" if figure == "se" else "value"


def _share(check: str) -> Place:
    counts, method, limit = check.split(".")
    contrast = {"contrast": "A-B"} if method == "newcombe" else {}
    return _line("accuracy", method, criterion=counts, **contrast), f"ci_{limit}"


def _franken(check: str) -> Place:
    kind, *parts = check.split(".")
    if kind == "auc":
        return _line("auc", None, arm=parts[0], reader=parts[1]), "value"
    if kind == "delong":
        return _delong(parts)
    covariance, *parts = parts
    suffix = ",delong" if covariance == "delong" else ""
    if len(parts) == 1:
        return _line("mrmc", COMPONENTS.get(parts[0], parts[0]) + suffix), "value"
    variant = OR_VARIANTS[parts[0]] + suffix
    if parts[1].startswith("treatment"):
        return _line("mrmc", variant, arm=parts[1]), _field(parts[2])
    if parts[1] in ("F", "chi2", "ddf", "df2", "p"):
        return _line("mrmc", variant), _field(parts[1])
    return _line("mrmc", variant, contrast="treatment1-treatment2"), _field(parts[1])


def _delong(parts: list[str]) -> Place:
    if len(parts) == 2:
        return _line("auc", None, contrast="treatment1-treatment2", reader=parts[0]), _field(parts[1])
    return _line("auc", None, arm=parts[1], reader=parts[0]), _field(parts[2])


def _line(estimator: str, variant: str | None, **labels: Any) -> dict[str, Any]:
    return {"estimator": estimator, "variant": variant} | labels


def _field(name: str) -> str:
    return FIELDS.get(name, name)


def _vision() -> Iterator[Row]:
    grades = [line[0] for line in datasets.lines("stuart_vision")]
    for line in datasets.lines("stuart_vision"):
        for left, count in zip(grades, line[1:], strict=True):
            row = {"case": f"{line[0]}/{left}", "criterion": "stuart_vision", "count": count}
            yield row | {"reader": "right", "value": line[0]}
            yield row | {"reader": "left", "value": left}


def _baseball() -> Iterator[Row]:
    for home, away, won, lost in datasets.lines("agresti_baseball"):
        row = {"reader": "league", "case": "season", "criterion": "agresti_baseball", "arm": f"{home}|{away}"}
        yield row | {"value": "left", "count": won}
        yield row | {"value": "right", "count": lost}


def _proportion(criterion: str, counts: str, arm: str) -> Iterator[Row]:
    right, n = map(int, counts.split("/"))
    row = {"reader": "R1", "criterion": criterion, "arm": arm}
    yield row | {"case": "hit", "value": "right", "count": right}
    yield row | {"case": "miss", "value": "wrong", "count": n - right}
