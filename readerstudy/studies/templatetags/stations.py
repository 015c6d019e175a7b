"""The navigation of a study's console."""

from typing import Any

from django import template

from readerstudy.studies.access import Access
from readerstudy.studies.stations import Findings, stations_for

register = template.Library()


@register.inclusion_tag("studies/_stations.html", takes_context=True)
def stations(context: dict[str, Any], access: Access) -> dict[str, Any]:
    """The stations this person may enter, each with its count and sign."""
    path = context["request"].path
    rows = [
        _row(station.label, station.url(access.study), access.look.at(station), path)
        for station in stations_for(access.roles)
    ]
    return {"rows": rows, "study": access.study}


def _row(label: object, url: str, findings: Findings, path: str) -> dict[str, Any]:
    home = url.rstrip("/").count("/") == 2  # the overview's address begins every other station's
    return {
        "label": label,
        "url": url,
        "count": findings.count,
        "sign": findings.sign if findings.lines else "",
        "here": path == url if home else path.startswith(url),
    }
