"""The certificate of participation: what a reader gets to show, as a PDF of one page."""

from __future__ import annotations

import io
import os
import textwrap
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, get_language_bidi, ngettext
from django.utils.translation import gettext as _

from readerstudy.reading.models import ReaderSignature
from readerstudy.reading.path.sittings import LONGEST_READING_SECONDS
from readerstudy.studies.models import Membership

A4 = (8.27, 11.69)
DAY = "j M Y"
INK, MUTED, LINE = "#1b1d1f", "#5a6066", "#878d93"
LEFT, RIGHT = 0.12, 0.88
MEASURE = 62
_turn = threading.Lock()

DONE = """
SELECT count(*) FILTER (WHERE a.kind <> 'practice'), count(*) FILTER (WHERE a.kind = 'practice'),
       sum(coalesce(r.active_seconds, least(extract(epoch FROM r.submitted_at - r.shown_at), %(longest)s))),
       min(r.shown_at), max(r.submitted_at), bool_and(r.active_seconds IS NOT NULL)
FROM reading_reading r JOIN reading_allocation a ON a.id = r.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id
WHERE a.seat_id = %(seat)s AND r.submitted_at IS NOT NULL AND NOT p.is_pilot
"""


@dataclass(frozen=True)
class Work:
    """What a reader did: cases and practice cases, hours of reading, and from when to when.

    `is_measured` says that the hours are those that the browser counted for every case, without gaps of more than a
    minute; otherwise a case that it did not count has the time from shown to submitted, at most ten minutes.
    """

    cases: int
    practice: int
    hours: float
    first: datetime
    last: datetime
    is_measured: bool

    @property
    def words(self) -> str:
        """The time in words: minutes of less than two hours, else hours."""
        if self.hours < 2:
            minutes = max(1, round(self.hours * 60))
            return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
        return _("%(hours)s hours") % {"hours": number_format(self.hours, 1)}


def work_of(seat: Membership) -> Work | None:
    """What the reader did in the study itself; None where nothing was submitted."""
    with connection.cursor() as cursor:
        cursor.execute(DONE, {"seat": seat.pk, "longest": LONGEST_READING_SECONDS})
        cases, practice, seconds, first, last, measured = cursor.fetchone()
    if seconds is None:
        return None
    return Work(cases, practice, float(seconds) / 3600, first, last, measured)


@dataclass(frozen=True)
class Certificate:
    """The words of the certificate, ready to be drawn."""

    title: str
    name: str
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    at: datetime

    @classmethod
    def of(cls, signature: ReaderSignature, work: Work) -> Certificate:
        study = signature.seat.study
        notes = [_hours_note(work), _signed_note(signature)]
        if study.is_demo or signature.seat.user.is_simulated:
            notes.insert(0, _("This was a demonstration: everything in it is simulated."))
        return cls(
            title=_("Certificate of participation"),
            name=signature.printed_name,
            lines=(
                _("took part as a reader in the study"),
                _("“%(name)s”") % {"name": study.title},
                _cases_line(work),
                _period_line(work),
                _hours_line(work),
            ),
            notes=tuple(notes),
            at=signature.at,
        )


def language_on_paper() -> str:
    """The language of the page, but English where letters join and run to the left: the drawing does neither."""
    return settings.LANGUAGE_CODE if get_language_bidi() else get_language() or settings.LANGUAGE_CODE


def pdf_of(certificate: Certificate) -> bytes:
    """The certificate as a PDF; the same words give the same bytes."""
    with _turn:
        os.environ.setdefault("MPLCONFIGDIR", str(settings.VAR / "matplotlib"))
        from matplotlib.backends.backend_pdf import FigureCanvasPdf
        from matplotlib.figure import Figure

        figure = Figure(figsize=A4)
        _draw(figure, certificate)
        written = io.BytesIO()
        facts = {"Title": certificate.title, "Creator": "readerstudy", "CreationDate": certificate.at}
        canvas: Any = FigureCanvasPdf(figure)
        canvas.print_pdf(written, metadata=facts)
        return written.getvalue()


def _draw(figure: Any, certificate: Certificate) -> None:
    pen = _Pen(figure)
    pen.rule(0.90)
    pen.write(0.85, certificate.title, size=26, weight="bold")
    pen.write(0.76, certificate.name, size=22)
    height = 0.70
    for line in certificate.lines:
        height = pen.write(height, line, size=14) - 0.012
    pen.rule(0.30)
    height = 0.27
    for note in certificate.notes:
        height = pen.write(height, note, size=9, color=MUTED, measure=84) - 0.008


class _Pen:
    """Writes from the top to the bottom of a page; heights are shares of it from the bottom."""

    def __init__(self, figure: Any) -> None:
        self._figure = figure

    def write(
        self, top: float, words: str, *, size: int, color: str = INK, weight: str = "normal", measure: int = 0
    ) -> float:
        """Writes words in as many lines as they take; returns the height below them."""
        step = size * 1.45 / 72 / A4[1]
        for line in textwrap.wrap(words, measure or round(MEASURE * 14 / size)) or [""]:
            self._figure.text(
                LEFT,
                top,
                line,
                fontsize=size,
                color=color,
                weight=weight,
                va="top",
                family="DejaVu Sans",
                parse_math=False,
            )
            top -= step
        return top

    def rule(self, height: float) -> None:
        from matplotlib.lines import Line2D

        line = Line2D(
            [LEFT, RIGHT], [height, height], color=LINE, linewidth=0.8, transform=self._figure.transFigure
        )
        self._figure.add_artist(line)


def _cases_line(work: Work) -> str:
    told = ngettext("and read %(n)d case", "and read %(n)d cases", work.cases) % {"n": work.cases}
    if not work.practice:
        return f"{told},"
    more = ngettext("after %(n)d practice case", "after %(n)d practice cases", work.practice)
    return f"{told} {more % {'n': work.practice}},"


def _period_line(work: Work) -> str:
    first, last = (date_format(localtime(each), DAY) for each in (work.first, work.last))
    return (
        _("on %(day)s,") % {"day": last}
        if first == last
        else _("from %(first)s to %(last)s,")
        % {
            "first": first,
            "last": last,
        }
    )


def _hours_line(work: Work) -> str:
    return _("in %(hours)s hours of reading.") % {"hours": number_format(max(work.hours, 0.1), 1)}


def _hours_note(work: Work) -> str:
    if work.is_measured:
        return _("Hours are those in which the reader was at work; gaps of more than a minute do not count.")
    return _(
        "Hours are those in which the reader was at work; gaps of more than a minute do not count. Where the browser "
        "did not count, a case has the time from its first showing to its submission, at most ten minutes."
    )


def _signed_note(signature: ReaderSignature) -> str:
    told = {
        "name": signature.printed_name,
        "at": date_format(signature.at.astimezone(timezone.get_fixed_timezone(0)), "j M Y, H:i"),
        "digest": signature.digest,
        "key": signature.seat.study.key,
        "version": signature.protocol_version,
    }
    return (
        _(
            "Signed electronically by %(name)s on %(at)s UTC. Signature: SHA-256 %(digest)s. Study %(key)s, version "
            "%(version)s of its protocol."
        )
        % told
    )
