"""What outputs cost: before, after, and the most they may."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.models import Budget, Price, Purse
from readerstudy.generation.policies import obstacle_to_calls
from readerstudy.generation.running.costs import expected, forecasts_of, spending_of, totals
from readerstudy.generation.running.money_forms import BudgetForm, PriceForm
from readerstudy.generation.steps import room
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role, Study

INVALID = 422


@require_safe
def show_costs(request: HttpRequest, key: str) -> HttpResponse:
    """Estimate, spending, budget and prices of a study."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "generation/costs.html", _page(access))


@require_POST
def set_budget(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    form = BudgetForm(request.POST, prefix="budget")
    if not form.is_valid():
        return render(request, "generation/costs.html", _page(access, budget_form=form), status=INVALID)
    deed = partial(actions.set_budget, study=access.study, by=access.user, **form.cleaned_data)
    attempt(request, deed, success=_("The budget is saved."))
    return redirect("generation:costs", key)


@require_POST
def set_price(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    form = PriceForm(request.POST, prefix="price", study=access.study)
    if not form.is_valid():
        return render(request, "generation/costs.html", _page(access, price_form=form), status=INVALID)
    deed = partial(actions.set_price, study=access.study, fields=form.price(), by=access.user)
    attempt(request, deed, success=_("The price is saved."))
    return redirect("generation:costs", key)


@require_POST
def try_cases(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.try_cases, study=access.study, by=access.user))
    return redirect("generation:outputs", key)


def _page(
    access: Access, budget_form: BudgetForm | None = None, price_form: PriceForm | None = None
) -> dict[str, Any]:
    study = access.study
    spendings, forecasts = spending_of(study), forecasts_of(study)
    money, unknown = expected(forecasts)
    return {
        **room(access),
        "spendings": spendings,
        "totals": totals(spendings),
        "forecasts": forecasts,
        "expected": money,
        "unknown": unknown,
        "purse": Purse.objects.filter(study=study).first(),
        "prices": list(Price.objects.of(study).select_related("by")),
        "budget_form": budget_form or BudgetForm(prefix="budget", initial=_budget(study)),
        "price_form": price_form or PriceForm(prefix="price", study=study),
        "obstacle": obstacle_to_calls(study),
    }


def _budget(study: Study) -> dict[str, Any]:
    budget = Budget.objects.newest(study)
    if budget is None:
        return {}
    money = None if budget.money is None else budget.money.normalize()
    return {"money": money, "currency": budget.currency, "tokens": budget.tokens}
