"""Model text is hostile: whatever it holds, a page shows it and does nothing else with it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.texts import Change, changes, show, show_plain, visible
from readerstudy.providers.texts.show import LONGEST_SHOWN

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://example.org/a.png)",
    "<https://example.org>",
    "https://example.org and www.example.org",
    "<a href='//x'>a</a>",
    "&lt;script&gt; &#60;b&#62; &#x3c;i&#x3e;",
    "[x]: javascript:alert(1)\n[x]",
    "```<script>\nalert(1)\n```",
    "`<b onclick=x>`",
    "# <style>*{display:none}</style>",
    "| <b> | a |\n|---|---|\n| <iframe src=x> | </table><script> |",
    "> <form action=x><button formaction=javascript:alert(1)>",
    "<!-- --><base href=//x>",
    "<math><mi xlink:href='javascript:1'>",
    '"><script>alert(1)</script>',
    "<p style='position:fixed' id=reading dir=ltr class=unseen>",
    "{{ 7*7 }} {% csrf_token %}",
    "\x00<\x00script>",
]
TAG = re.compile(r"<(/?)(\w+)([^>]*)>")
ALLOWED = {
    "p",
    "br",
    "ul",
    "li",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def check(made: str) -> None:
    for closing, tag, attributes in TAG.findall(made):
        assert tag in ALLOWED, tag
        assert attributes in ("", ' dir="auto"'), attributes
        assert not (closing and attributes)
    assert "<" not in TAG.sub("", made)


def words_of(made: str) -> str:
    return unescape(TAG.sub(" ", made))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_shown_as_the_text_it_is(attack: str) -> None:
    check(show(attack))
    check(show(f"- {attack}\n\n> {attack}"))
    assert "<" not in show_plain(attack)


@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(st.sampled_from([*ATTACKS, "*", "`", "\n", "- ", "|", ">"])).map("".join),
    )
)
def test_nothing_but_allowed_tags_ever_comes_out(text: str) -> None:
    check(show(text))


def test_what_looks_like_a_link_or_a_tag_can_be_read() -> None:
    shown = words_of(show("[click](javascript:alert(1)) <b>bold</b> ![i](x) &lt;"))
    assert "[click](javascript:alert(1)) <b>bold</b> ![i](x) &lt;" in shown


@pytest.mark.parametrize(
    "report",
    [
        "3*4*5 mm",
        "T2*-weighted and R2* maps",
        "+ effusion\n+ oedema",
        "3. third\n7. seventh",
        "2) second",
        "# NOF left",
        "snake_case_name",
        "Size <5 mm, >3 cm & more",
        "1. one\n   - inner\n2. two",
    ],
)
def test_a_sign_that_is_no_markup_stays(report: str) -> None:
    assert "".join(words_of(show(report)).split()).replace("-inner", "inner") == "".join(
        report.split()
    ).replace("-inner", "inner")


def test_markdown_becomes_quiet_blocks() -> None:
    assert show("## Findings\n\n**Lungs** are *clear*.\n\n- one\n- two") == (
        '<p dir="auto"><strong>Findings</strong></p>\n<p dir="auto"><strong>Lungs</strong> are <em>clear</em>.</p>\n'
        '<ul>\n<li dir="auto">one</li>\n<li dir="auto">two</li>\n</ul>\n'
    )
    assert show("one\ntwo").count("<br>") == 1
    assert show(" \n ") == ""


def test_what_nobody_sees_and_what_turns_the_line_is_shown_by_number() -> None:
    assert visible("a\u202eb\u200bc\x01d\u2066e\ue000") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+0001⟩d⟨U+2066⟩e⟨U+E000⟩"
    assert visible("می\u200cخواهم") == "می\u200cخواهم", "a joiner within a Persian word is spelling"
    assert visible("a\u0301") == "á"
    assert visible("a" + "\u0335" * 900) == "a" + "\u0335" * 4 + "⟨+896⟩"
    assert "⟨U+202E⟩" in show("\u202etxet")


def test_the_evidence_is_marked_and_nothing_else() -> None:
    assert show_plain("I <b>cannot</b> help", [(2, 15)]) == ("I <mark>&lt;b&gt;cannot&lt;/b&gt;</mark> help")
    assert show_plain("abc", [(0, 2), (1, 3), (9, 12)]) == "<mark>ab</mark>c"


def test_a_text_without_end_is_cut_and_says_so() -> None:
    assert show("a" * 1_000_000).endswith(f"<p>[… +{1_000_000 - LONGEST_SHOWN}]</p>")
    assert show_plain("a" * 1_000_000).endswith(f"[… +{1_000_000 - LONGEST_SHOWN}]")
    check(show("\n".join("  " * depth + "- x" for depth in range(200))))
    check(show(">" * 20_000 + "x"))
    check(show("[" * 20_000))


@given(st.text(max_size=120), st.text(max_size=120))
def test_changes_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    pieces = changes(before, after)
    assert "".join(piece.text for piece in pieces if piece.change != Change.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.change != Change.REMOVED) == after


def test_changes_are_told_by_the_word() -> None:
    told = [(piece.change.value, piece.text) for piece in changes("## The lung", "The lung")]
    assert told == [("removed", "## "), ("same", "The lung")]
    assert len(changes("a b " * 20_000, "b a " * 20_000)) == 2, "texts too long to compare are shown whole"
