"""The form of a question, read out of its page and sent back as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.http import QueryDict


def filled(page: str, **answers: Any) -> QueryDict:
    """What a browser would send of the page's form, with some answers written over."""
    reader = FormReader()
    reader.feed(page)
    for name, value in answers.items():
        reader.sent[name] = value
    return reader.sent


class FormReader(HTMLParser):
    """The fields of the form #question-form as a browser sends them."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = QueryDict(mutable=True)
        self.is_inside = False
        self.area = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = told.get("id") == "question-form"
        if not self.is_inside:
            return
        if tag == "input" and told.get("name") and told.get("type") not in ("submit",):
            if told.get("type") not in ("checkbox", "radio"):
                self.sent.appendlist(told["name"], told.get("value", ""))
            elif "checked" in told:
                self.sent.appendlist(told["name"], told.get("value", "on"))
        elif tag == "textarea":
            self.area = told["name"]
            self.sent[self.area] = ""
        elif tag == "select":
            self.select = told["name"]
        elif tag == "option" and "selected" in told:
            self.sent[self.select] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = self.is_inside and tag != "form"
        if tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area] += data.lstrip("\n")
