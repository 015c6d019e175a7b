"""What came of each margin that the protocol declares, in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.estimates.plain import Content


def sentences(declared: list[Content], *, level: float) -> tuple[str, ...]:
    """One sentence for each endpoint that has a margin."""
    return tuple(_sentence(each, level) for each in declared if each["margin"] is not None)


def _sentence(endpoint: Content, level: float) -> str:
    named = {"name": endpoint["name"], "margin": f"{endpoint['margin']:g}"}
    found = [row for row in endpoint["estimates"] if row.get("noninferiority")]
    if not found:
        return (
            _(
                "%(name)s: whether the first arm is worse by %(margin)s or more is told once the study is unblinded "
                "and both arms are rated."
            )
            % named
        )
    row, test = found[0], found[0]["noninferiority"]
    first, second = (words.named(name) for name in test["contrast"])
    told = {**named, "first": first, "second": second, "limit": words.decimal(test["limit"])}
    told |= {"interval": words.with_interval({**row, "level": level}), "p": _p(test)}
    return _VERDICTS[test["is_shown"]](test["higher_is_better"]) % told


def _p(test: Content) -> str:
    if test["p_adjusted"] is None:
        return _("one-sided p %(p)s") % {"p": words.p_value(test["p"])}
    both = {"p": words.p_value(test["p"]), "corrected": words.p_value(test["p_adjusted"])}
    return _("one-sided p %(p)s, corrected %(corrected)s") % both


def _shown(higher: bool) -> str:
    if higher:
        return _(
            "%(name)s: %(first)s is not worse than %(second)s by %(margin)s or more; the %(interval)s lies above "
            "%(limit)s (%(p)s)."
        )
    return _(
        "%(name)s: %(first)s is not worse than %(second)s by %(margin)s or more; the %(interval)s lies below %(limit)s "
        "(%(p)s)."
    )


def _not_shown(higher: bool) -> str:
    return _(
        "%(name)s: it is not shown that %(first)s is less than %(margin)s worse than %(second)s; the %(interval)s "
        "reaches %(limit)s (%(p)s)."
    )


def _no_interval(higher: bool) -> str:
    return _(
        "%(name)s: there is no interval by which to tell whether %(first)s is worse than %(second)s by %(margin)s."
    )


_VERDICTS = {True: _shown, False: _not_shown, None: _no_interval}
