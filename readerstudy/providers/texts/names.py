"""Names of models and of their makers, as they stand in texts of six languages.

Medicine has words that look like names: GPT is also a liver enzyme, Claude Bernard a physiologist, Bard a maker of
catheters, the palm a part of the hand and an apple core a sign. A name that is such a word by itself is only listed
with what makes it a name: a version, a maker, or its odd capitals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_VERSION = r"(?:[ -]?v?\d+(?:\.\d+)*[a-z]?)"
_TIERS = (
    "Turbo|Vision|Preview|Pro|Flash|Lite|Ultra|Nano|Mini|Large|Plus|Max|Opus|Sonnet|Haiku|Instruct|Chat|VL"
)
_TIER = rf"(?:[ -](?:{_TIERS}|o\d)\b)"
_TAIL = rf"(?:{_VERSION}|{_TIER})*"

FAMILIES = (
    rf"Chat[ -]?GPT{_TAIL}",
    rf"GPT-?(?:3\.5|4\.1|4\.5|4o|[345])(?![\d,]|\.\d){_TIER}*(?:-mini)?",
    rf"GPT 4(?:o|\.\d){_TIER}*",
    r"Bio(?:Med)?GPT",
    r"(?<!drome de )(?<!drome of )(?<!drom nach )Claude(?!(?:[ -]|\u2013)Bernard|(?:['’]s)? syndrome|[ -]Syndrom)"
    + _TAIL,
    rf"Gemini{_TAIL}",
    r"(?:Med)?Gemma(?:[ -]?\d+\w*)?",
    r"Google Bard",
    rf"(?:Code )?Llama{_TAIL}",
    r"LLaVA(?:-Med|-NeXT)?(?:[ -]?\d[\d.]*)?",
    rf"(?:Mi[sx]tral|Pixtral|Codestral){_TAIL}",
    rf"DeepSeek(?:-(?:R|V)\d[\d.]*|-VL\d?)?{_TAIL}",
    rf"Qwen[\d.]*(?:-VL)?{_TAIL}",
    rf"Grok{_TAIL}",
    r"Kimi(?: K\d[\d.]*)?",
    rf"Yi-(?:Large|Vision|VL|\d+B){_TAIL}",
    r"(?:Chat)?GLM-?\d[\d.]*\w?",
    r"InternVL[\d.-]*|MiniCPM\S*|RadFM|CheXagent|Nemotron|Hunyuan|Doubao|ERNIE(?: Bot)?",
    r"Phi-\d[\d.]*\S*",
    r"Command R\+?",
    r"(?:Microsoft |GitHub )Copilot",
    r"DALL[·.-]?E(?:[ -]?\d)?|Midjourney|Stable Diffusion",
    r"Flamingo-\d+B",
)
EXACT = (r"(?:Med-?)?PaLM(?:[ -]?\d[\w-]*)?",)
MAKERS = (
    r"Open ?AI",
    r"Anthropic",
    r"Google(?: DeepMind| AI| Research| Health)?",
    r"DeepMind",
    r"Microsoft(?: Azure)?",
    r"Meta AI",
    r"xAI",
    r"Mistral AI",
    r"Alibaba(?: Cloud)?",
    r"Baidu|ByteDance|Tencent|Moonshot AI|Zhipu(?: AI)?|iFLYTEK",
    r"01\.AI",
    r"Cohere",
    r"Perplexity AI",
    r"Hugging Face",
)
OTHER_SCRIPTS = (
    "文心一言|通义千问|豆包|讯飞星火|智谱清言|混元|百度|阿里巴巴|阿里云|腾讯|字节跳动|谷歌|微软|月之暗面|深度求索",
    "(?:تشات|شات) ?جي ?بي ?تي|جيميناي|جيميني|أوبن ?إيه ?آي|أوبن أيه آي|أنثروبيك",
)


def _words(alternatives: Sequence[str]) -> str:
    return rf"(?<![\w-])(?:{'|'.join(alternatives)})(?![\w])"


_PLAIN = f"(?i:{_words((*MAKERS, *FAMILIES))})|{_words(EXACT)}|{'|'.join(OTHER_SCRIPTS)}"


@lru_cache(maxsize=64)
def names_pattern(extra: tuple[str, ...] = ()) -> re.Pattern[str]:
    """Finds every name; `extra` are identifiers that this study uses, such as those of its models."""
    more = "|".join(re.escape(name) for name in sorted(extra, key=len, reverse=True) if is_distinctive(name))
    own = rf"(?i:(?<![\w-])(?:{more})(?![\w]))|" if more else ""
    return re.compile(own + _PLAIN)


def is_distinctive(name: str) -> bool:
    """Whether a model's identifier is no ordinary word: five signs or more, with letters and a digit or hyphen."""
    return len(name) >= 5 and any(map(str.isalpha, name)) and bool(re.search(r"[\d\-_/:.]", name))
