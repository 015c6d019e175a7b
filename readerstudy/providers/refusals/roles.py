# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
"""The role that one clause plays: it refuses, disclaims, teaches, sends away, or delivers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from readerstudy.providers.refusals.arabic import ARABIC
from readerstudy.providers.refusals.chinese import CHINESE
from readerstudy.providers.refusals.english import ENGLISH
from readerstudy.providers.refusals.french import FRENCH
from readerstudy.providers.refusals.german import GERMAN
from readerstudy.providers.refusals.language import Language, one_of
from readerstudy.providers.refusals.normalise import Clause, fold
from readerstudy.providers.refusals.spanish import SPANISH

_OTHER_SCRIPTS = ((re.compile("[\u0600-\u06ff]"), ARABIC), (re.compile("[\u3400-\u9fff]"), CHINESE))
_IN_LATIN_SCRIPT = (ENGLISH, GERMAN, SPANISH, FRENCH)


def spoken_in(text: str) -> tuple[Language, ...]:
    """The languages whose words can stand in a text, by its scripts: most texts need not be held against all."""
    others = tuple(language for script, language in _OTHER_SCRIPTS if script.search(text))
    return _IN_LATIN_SCRIPT + others


_ANSWERING_FIELD = one_of(
    r"finding|diagnos|impression|classif|\bclass\b|label|grade|befund|beurteilung|klasse|einstufung|hallazgo|impresion|clasific|\bclase\b|grado|constatation|conclusion|\bclasse\b|التشخيص|الموجودات|النتائج|التصنيف|الدرجة|诊断|診斷|所见|所見|印象|分类|分類|结论|分级"
)
_OPENING = one_of(r"^\W*(?:(?:i|ich|yo|je|wird|es|is|was|has been|on|我|本模型) ?)?\W*")
_SAYS_REFUSED = one_of(r"refus|declin|withheld")
_SAYS_NO = one_of(r"^\W*(?:false|no|none|0)?\W*$")

_CLASS_WORDS = (
    r"real|synthetic|fake|genuine|authentic|artificial|normal|abnormal|positive|negative|healthy|sick|present|absent|benign|malignant|mild|moderate|severe|proliferative|beginning|developing|proficient|clear|unremarkable"
    r"|echt|synthetisch|unauffällig|auffällig|sintétic[ao]|normale?|anormale?|anormal|vraie?|fausse?|réelle?|synthétique|حقيقية|حقيقي|اصطناعية|طبيعي|طبيعية|真实|合成|正常|异常|阳性|阴性"
)
_SHORT_WORDS = (
    r"yes|no|true|false|ja|nein|si|oui|non|نعم|لا|是|否|[a-h]|[0-9]{1,2}(?:[./][0-9]+)?%?|i{1,3}|iv|v"
)
_NUMBERS = r"\d+(?:\.\d+)?(?:\s*,\s*\d+(?:\.\d+)?)+"
_LEAD = r"^\W*(?:the )?(?:(?:answer|class(?:ification)?|label|grade|option|choice|verdict|diagnosis|category)\W+(?:is\W+)?)?"
_CLASS_WORD = one_of(rf"{_LEAD}(?:{_CLASS_WORDS})\W*$")
_FIELD_VALUE = one_of((rf"{_LEAD}(?:{_CLASS_WORDS})\W*$", rf"^\W*{_NUMBERS}\W*$"))
_BARE = one_of((rf"{_LEAD}(?:{_CLASS_WORDS}|{_SHORT_WORDS}|{_NUMBERS}|\d+\.\d+)\W*$",))
_CHOICE = re.compile(r"^\W*(?:(?:[Oo]ption|[Aa]nswer|[Cc]hoice)\W+)?\(?[A-H][).:]\s+\w")

_LIMITATION = one_of(
    r"\b(?:because|due to|owing to|since the|as the|from this (?:single|one)|on this (?:view|film|projection|slice)|without (?:contrast|a lateral|priors)|not included|obscur\w+|artefact|artifact|rotation|overl\w+|exposure|motion|projection)\b"
)
# Words that advice and refusals use about any image.
_GENERIC = one_of(
    r"^(?:lesion(?:es|s|en)?|läsion(?:en)?|abnormalit\w*|malign\w*|benign\w*|bösartig\w*|gutartig\w*|cancer|swelling|lump|bénigne?|病灶|皮损|آفة|آفات|tumou?rs?|pigment\w*|naevus|nevus|retina\w*|real|auffällig\w*)$"
)
# Words that name a disease in general, or health.
_UNCOUNTED = one_of(
    r"^(?:normal\w*|diseases?|infections?|syndrome|failure|maladie|enfermedad|infecci\w*|مرض|طبيعي|طبيعية|正常|症|病变)$"
)


class Role(StrEnum):
    """What a clause does; the value is the name that signals print."""

    REFUSES = "refusal"
    DISCLAIMS = "disclaimer"
    LACKS_IMAGE = "no_image"
    ECHOES = "echo"
    SETS_ASIDE = "courtesy"
    SENDS_AWAY = "deferral"
    TEACHES = "textbook"
    ASKS = "question"
    BALKS = "unwilling"
    NAMES_A_PROFESSIONAL = "professional"
    DELIVERS = "findings"
    NOTHING = "nothing_specific"


@dataclass(frozen=True, slots=True)
class Facts:
    """A folded clause with the number of finding terms in it, all and without the generic ones."""

    text: str
    terms: int
    specific_terms: int


Test = Callable[[Language, Facts], bool]


def _teaches(language: Language, facts: Facts) -> bool:
    return bool(language.teaches.search(facts.text)) and not language.here.search(facts.text)


def _sends_away(language: Language, facts: Facts) -> bool:
    return bool(language.sends_away.search(facts.text) and language.advises.search(facts.text))


def _is_limitation(facts: Facts) -> bool:
    """A doctor's "cannot assess the left angle because of rotation" is no refusal."""
    return facts.terms > 0 and bool(_LIMITATION.search(facts.text))


def _is_question(facts: Facts) -> bool:
    return facts.text.rstrip().endswith(("?", "؟"))


_ORDER: tuple[tuple[Role, Test], ...] = (
    (Role.LACKS_IMAGE, lambda said, facts: facts.terms == 0 and bool(said.lacks_image.search(facts.text))),
    (Role.REFUSES, lambda said, facts: bool(said.refuses.search(facts.text)) and not _is_limitation(facts)),
    (
        Role.REFUSES,
        lambda said, facts: (
            facts.terms == 0 and not _is_question(facts) and bool(said.refuses_if_bare.search(facts.text))
        ),
    ),
    (Role.DISCLAIMS, lambda said, facts: bool(said.disclaims.search(facts.text))),
    (
        Role.DISCLAIMS,
        lambda said, facts: (
            facts.terms == 0 and not _is_question(facts) and bool(said.disclaims_if_bare.search(facts.text))
        ),
    ),
    (Role.ECHOES, lambda said, facts: bool(said.echoes.search(facts.text))),
    (Role.SETS_ASIDE, lambda said, facts: bool(said.sets_aside.search(facts.text))),
    (Role.TEACHES, lambda said, facts: facts.terms > 0 and _teaches(said, facts)),
    (Role.SENDS_AWAY, lambda said, facts: facts.specific_terms < 2 and _sends_away(said, facts)),
    (Role.BALKS, lambda said, facts: facts.terms == 0 and bool(said.balks.search(facts.text))),
    (Role.TEACHES, _teaches),
    (Role.ASKS, lambda said, facts: bool(said.asks_back.search(facts.text))),
    (Role.DELIVERS, lambda said, facts: facts.terms > 0 or bool(_CLASS_WORD.match(facts.text))),
    (Role.NAMES_A_PROFESSIONAL, lambda said, facts: bool(said.sends_away.search(facts.text))),
)
"""Roles in the order in which they override each other."""


def role_of(clause: Clause) -> tuple[Role, str]:
    """The role of a clause, and the signal that says by which layer, language and rule."""
    if not clause.field:
        return _role_by_rules(clause)
    field = fold(clause.field)
    if _withholds(clause) or (_SAYS_REFUSED.search(field) and not _SAYS_NO.match(clause.folded)):
        return Role.REFUSES, "structure:withheld_field"
    if _FIELD_VALUE.match(clause.folded):
        return Role.DELIVERS, "structure:field_value"
    role, signal = _role_by_rules(clause)
    if role is Role.BALKS:  # in a named field any unwillingness withholds that field
        return Role.REFUSES, "structure:refusing_field"
    if role is Role.NOTHING and _ANSWERING_FIELD.search(field):
        return Role.DELIVERS, "structure:field_value"
    return role, signal


def _withholds(clause: Clause) -> bool:
    """Whether the value of a field says no more than that it is withheld."""
    facts = count_terms(clause.folded)
    said = _OPENING.sub("", clause.folded)
    return facts.terms == 0 and any(language.withholds.match(said) for language in spoken_in(said))


def is_bare_answer(clause: Clause) -> bool:
    """Whether a whole reply is one class word, option, grade, number or box."""
    return bool(_BARE.match(clause.folded) or _CHOICE.match(clause.said))


def refuses_a_part(clause: Clause) -> bool:
    """Whether a refusing clause is about one named part: a field, the second image, the grade."""
    return bool(clause.field) or any(
        language.refuses_a_part.search(clause.folded) for language in spoken_in(clause.folded)
    )


def concludes(text: str) -> bool:
    """Whether a folded clause names a disease, or judges a finding."""
    return any(
        language.diagnoses.search(text) or (language.concludes.search(text) and language.finds.search(text))
        for language in spoken_in(text)
    )


def is_about_this_image(text: str) -> bool:
    """Whether something ties a folded clause to this image."""
    return any(language.here.search(text) for language in spoken_in(text))


def sends_away(text: str) -> bool:
    """Whether a folded clause advises to see a professional."""
    return any(
        language.sends_away.search(text) and language.advises.search(text) for language in spoken_in(text)
    )


def opens_a_list(clause: Clause) -> bool:
    """Whether generalities follow line by line: "Radiologists usually look for:"."""
    return clause.said.endswith(":") and any(
        language.teaches.search(clause.folded) or language.sets_aside.search(clause.folded)
        for language in spoken_in(clause.folded)
    )


def besides_disclaimer(text: str) -> str:
    """What a disclaiming clause says besides its disclaimer: "no guarantee: a basal cell carcinoma"."""
    for language in spoken_in(text):
        text = language.disclaims.sub(" ", text)
    return text


def count_terms(text: str) -> Facts:
    """Count the finding terms of a folded clause, names of modalities and of professionals taken out."""
    languages, rest = spoken_in(text), text
    found = {
        match.group(0).casefold() for language in languages for match in language.classifies.finditer(text)
    }
    for language in languages:
        rest = language.sends_away.sub(" ", language.looks.sub(" ", rest))
    for language in languages:
        for pattern in (language.finds, language.diagnoses):
            found.update(match.group(0).casefold() for match in pattern.finditer(rest))
    counted = [term for term in found if not _UNCOUNTED.match(term)]
    return Facts(
        text=text, terms=len(counted), specific_terms=sum(not _GENERIC.match(term) for term in counted)
    )


def _role_by_rules(clause: Clause) -> tuple[Role, str]:
    facts, languages = count_terms(clause.folded), spoken_in(clause.folded)
    for role, test in _ORDER:
        for language in languages:
            if test(language, facts):
                return (
                    role,
                    "text:findings" if role is Role.DELIVERS else f"text:{language.code}.{role.value}",
                )
    return Role.NOTHING, "text:nothing_specific"
