"""From a reply as it came to clauses that patterns can be held against.

Quotes, zero-width characters, fences, markup and JSON are taken away; accents are folded, so that one
pattern serves text with and without them. Evidence is always quoted from the original wording.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u0640]")
_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
)
_FENCE = re.compile(r"```[ \t]*[a-zA-Z]{0,10}[ \t]*\n?|~~~")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_MARKUP = re.compile(r"\*\*|__|^[^\S\n]*(?:#{1,6}|>|[-*•])[^\S\n]+", re.MULTILINE)
_LINES = re.compile(r"\s*\n\s*")
_SPACE = re.compile(r"[^\S\n]+")

_SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bca)(?<!\bapprox)(?<!\bdr)(?<!\bz\.b)(?<!\bd\.h)"
    r"[.!?](?=[\s\"')\]]|$)|[;\n。！？；؟؛]+",
    re.IGNORECASE,
)
_CONTRAST = (
    r"but|however|although|though|yet|nevertheless|nonetheless|that said|"
    r"and (?=(?:i|we|this assistant)\b)|so (?=i\b)|"
    r"aber|doch|jedoch|wobei|allerdings|dennoch|trotzdem|sondern|und (?=ich\b)|"
    r"pero|sin embargo|no obstante|aun asi|aún así|aunque|y (?=no puedo\b)|"
    r"mais|cependant|toutefois|néanmoins|neanmoins|et (?=je\b)"
)
_CLAUSE_END = re.compile(rf"(?:\s*[,–—:-])?\s+(?=(?:{_CONTRAST})\b)|\s+[–—-]\s+|[，،：]", re.IGNORECASE)
_FIELD_NAME = (
    r"(?:\w+ )?(?:findings?|diagnos[ei]s|impression|interpretation|grade|grading|class|classification|label|region"
    r"|modality|conclusion|description|severity|stage|answer|location|assessment|opinion|confidence|rationale"
    r"|explanation|report|reading|type|quality|verdict"
    r"|(?:image|question|part) [a-d1-4]|(?:left|right|first|second) (?:image|eye|film|picture)"
    r"|befund\w*|diagnose|beurteilung|klasse|klassifikation|einstufung|grad|modalität|(?:bild|frage|teil) [a-d1-4]"
    r"|(?:erstes|zweites|linkes|rechtes) (?:bild|auge|foto)"
    r"|hallazgos?|diagn[óo]stico|impresi[óo]n|clasificaci[óo]n|clase|grado|modalidad|conclusi[óo]n"
    r"|(?:imagen|pregunta|parte) [a-d1-4]"
    r"|(?:primera|segunda) (?:imagen|foto)|ojo (?:izquierdo|derecho)"
    r"|r[ée]sultats?|constatations?|diagnostic|classe|stade|modalit[ée]|interpr[ée]tation"
    r"|(?:image|question|partie|cliché) [a-d1-4]"
    r"|(?:première|deuxième|seconde) (?:image|photo)|[œo]eil (?:gauche|droit)"
    r"|التشخيص|النتائج|الموجودات|التصنيف|الدرجة|الانطباع|الصورة (?:الأولى|الثانية|الثالثة)|العين (?:اليمنى|اليسرى)"
    r"|诊断|診斷|所见|所見|影像所见|印象|分类|分類|结论|分级|检查|第[一二三](?:张|幅|图)(?:图|片)?|(?:左|右)眼)"
)
_NAMED = re.compile(
    rf"^\W*(?:\d{{1,2}}[.)]\s*)?({_FIELD_NAME})\s*[:：=]\s*(\S.*)$", re.IGNORECASE | re.DOTALL
)
_SUBORDINATE = re.compile(
    r"^\W*(?:while|whilst|although|though|even though|even if|since|as|because|given|without|despite|obwohl|da"
    r"|auch wenn|zwar|aunque|si bien|bien que|même si|quoique)\b[^,]{3,160},",
    re.IGNORECASE,
)

_LONGEST_FRAME = 400

LONGEST_CLAUSE = 600
"""Characters of a clause that patterns see. People write shorter ones; on longer ones patterns grow slow."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `said` as it was tidied, `folded` for matching, and the JSON field it stood in.

    `goes_on` says that another clause of the same sentence stands before it.
    """

    said: str
    folded: str
    field: str = ""
    goes_on: bool = False


def fold(text: str) -> str:
    """The text in lower case, without accents and Arabic marks."""
    return unaccented(text).lower()


def unaccented(text: str) -> str:
    """Take accents and Arabic marks off; letter case stays."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def tidy(text: str) -> str:
    """The reply without invisible characters, fences, tags, entities and emphasis; quotes made straight."""
    text = html.unescape(unicodedata.normalize("NFC", text))
    text = _FENCE.sub("", _INVISIBLE.sub("", text)).translate(_QUOTES)
    text = _TAG.sub(" ", text)
    return _LINES.sub("\n", _SPACE.sub(" ", _MARKUP.sub("", text)).strip())


def fields_of(text: str) -> list[tuple[str, str]] | None:
    """The (path, value) pairs of a reply that is one JSON object or list, else None. Null becomes empty."""
    if text[:1] not in {"{", "["}:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return list(_walk(value, ""))


def split_json(text: str) -> tuple[str, str]:
    """What frames the one JSON object of a reply ("Here it is:"), and the object; or nothing and the reply."""
    start, end = text.find("{"), text.rfind("}")
    if not 0 < start < end and not 0 <= start < end < len(text) - 1:
        return "", text
    if max(start, len(text) - end) > _LONGEST_FRAME or not fields_of(text[start : end + 1]):
        return "", text
    return f"{text[:start]}\n{text[end + 1 :]}", text[start : end + 1]


def clauses_of(text: str, field: str = "") -> list[Clause]:
    """Split into sentences, then at contrasts, so that "no diagnosis, but …" gives two clauses.

    A sentence like "Grade: …" gives clauses of a field, as a JSON reply does.
    """
    found: list[Clause] = []
    for sentence in sentences_of(text):
        named = _NAMED.match(sentence)
        name, said = (named.group(1), named.group(2)) if named and not field else (field, sentence)
        pieces = (piece.strip() for opening in _opened(said) for piece in _CLAUSE_END.split(opening))
        found.extend(
            Clause(said=piece, folded=fold(piece)[:LONGEST_CLAUSE], field=name, goes_on=number > 0)
            for number, piece in enumerate(filter(None, pieces))
        )
    return found


def _opened(sentence: str) -> list[str]:
    """A sentence that opens with "while …," gives its opening and the rest."""
    opening = _SUBORDINATE.match(sentence)
    return [opening.group(0), sentence[opening.end() :]] if opening else [sentence]


def sentences_of(text: str) -> list[str]:
    """Split at sentence ends; decimals and common abbreviations do not end one."""
    parts: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        parts.append(text[start : end.end()])
        start = end.end()
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if value and all(isinstance(entry, int | float) for entry in value):
            yield path, ", ".join(map(str, value))
            return
        for inner in value:
            yield from _walk(inner, path)
    elif value is None:
        yield path, ""
    else:
        yield path, tidy(str(value))  # what was escaped in the JSON is only now to be seen
