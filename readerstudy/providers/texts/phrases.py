"""Set phrases of chat models in six languages: how they begin, how they end, and how they speak of themselves.

Openings are built from closed lists of words, so that nothing a doctor would miss can stand in one: no number, no
finding. Endings are whole sentences that offer something to the person who asked; one that sends
them to a doctor is advice and stays.
"""

from __future__ import annotations

import re

_HAPPY = (
    r"certainly|sure(?: thing)?|of course|absolutely|great question|good question|okay|ok|gladly|"
    r"i(?:['’]d| would) be happy to help(?: you)?(?: with (?:that|this))?|"
    r"natürlich|gerne?|selbstverständlich|aber gerne|"
    r"claro(?: que sí)?|por supuesto|con gusto|desde luego|"
    r"bien sûr|certainement|volontiers|avec plaisir|"
    r"بالتأكيد|بالطبع|طبعا|بكل سرور|"
    r"当然可以|当然|好的|没问题"
)
_ABOUT = (
    r"the|this|these|that|your|my|a|an|some|of|for|on|from|in|and|or|to|based|provided|requested|given|uploaded|"
    r"attached|submitted|detailed|brief|short|structured|possible|preliminary|concise|general|formal|complete|"
    r"image|images|picture|scan|x-ray|xray|x|ray|radiograph|radiographs|photograph|photo|fundus|chest|medical|ct|mri|"
    r"case|analysis|interpretation|report|description|findings|assessment|answer|response|summary|reading|"
    r"review|what|i|see|can|radiology|imaging|clinical|information|text|"
    r"der|die|das|den|dem|des|ein|eine|einer|für|zu|zum|zur|aus|auf|von|vom|und|ihr|ihre|ihres|bild|bilds|bildes|"
    r"aufnahme|röntgenbild(?:es|s)?|röntgenaufnahme|befund|befundung|beschreibung|analyse|auswertung|beurteilung|antwort|meine|"
    r"el|la|los|las|un|una|de|del|y|su|sus|mi|imagen|imágenes|radiografía|informe|análisis|descripción|interpretación|"
    r"respuesta|evaluación|tórax|proporcionada|"
    r"le|les|une|du|et|votre|vos|mon|ma|l|d|image|radiographie|rapport|analyse|description|interprétation|"
    r"réponse|compte|rendu|fournie"
)
_HERE = (
    r"here(?:['’]s| is| are)|below (?:is|are)|the following is|hier ist|hier sind|im folgenden|nachfolgend|"
    r"aquí (?:está|tiene|le presento)|a continuación|voici|ci-dessous|إليك|فيما يلي|以下是"
)
_CJK_ABOUT = r"[对这张份该幅此的图像片子影胸部光的分析解读报告描述结果您提供医学关于如下]*"
_ARABIC_WORDS = (
    "تحليل|تفسير|تقرير|وصف|قراءة|الصورة|صورة|الأشعة|لصورة|للصورة|المقدمة|هذه|الطبية|التقرير|التحليل"
)
_ARABIC_ABOUT = rf"(?:\s*(?:{_ARABIC_WORDS}))*"

OPENING = re.compile(
    rf"\A\s*(?:(?P<happy>(?:{_HAPPY})\s*(?:[!.:，。！]|—|–|,(?=\s*(?:{_HERE}|i\b)))+\s*)+"
    rf"(?:(?:{_HERE})(?:[\s,'’\-]+(?:{_ABOUT})\b|{_CJK_ABOUT[:-1]}+|{_ARABIC_ABOUT[:-1]}+)*\s*[:：.。]\s*)?"
    rf"|(?:{_HERE})(?:(?:[\s,'’\-]+(?:{_ABOUT})\b)+|{_CJK_ABOUT[:-1]}+|{_ARABIC_ABOUT[:-1]}+)\s*[:：]\s*)",
    re.IGNORECASE,
)

_OFFERS = (
    r"(?:please )?(?:let me know|feel free to|don['’]t hesitate to|do not hesitate to)|"
    r"(?:i hope (?:this|that) (?:helps|is helpful|analysis|information|answers))|"
    r"if you(?:['’]d like| would like| have any(?: (?:other|further|more|additional))? questions|"
    r" need (?:any )?(?:more|further))|"
    r"would you like (?:me )?(?:to|a|more|further)|is there anything else|"
    r"lassen sie (?:es )?mich wissen|wenn sie (?:weitere |noch )?fragen haben|bei (?:weiteren )?fragen|"
    r"ich hoffe,? (?:das|dies) hilft|möchten sie,? dass ich|"
    r"(?:por favor,? )?(?:háganme|hágame|házme|avíseme|no dude en)|espero que (?:esto|esta)|"
    r"si (?:tiene|necesita) (?:alguna|más)|"
    r"n['’]hésitez pas|j['’]espère que (?:cela|ceci)|si vous avez (?:d['’]autres |des )?questions|souhaitez-vous que|"
    r"إذا كان لديك (?:أي|أية) |لا تتردد في|آمل أن|هل ترغب|"
    r"如果您有(?:任何|其他|更多)|如有(?:任何|其他)?(?:疑问|问题)|希望(?:这|以上)|请随时|您是否需要"
)
_ENDS = r"[.!?。！？؟…]"
_DOCTOR = "doctor|physician|radiologist|specialist|arzt|ärzt|facharzt|médico|médica|médecin|طبيب|医生|医师"
_CLOSING = re.compile(
    r"(?:\A|(?<=[.!?。！？؟])|(?<=\n))"
    rf"[ \t]*(?P<offer>(?:{_OFFERS})(?![^\n]*(?:{_DOCTOR}))[^\n\d.!?。！？؟]{{0,240}}{_ENDS}*)[\s*_]*\Z",
    re.IGNORECASE,
)

LONGEST_CLOSING = 800


def find_closing(text: str) -> re.Match[str] | None:
    """The offer at the very end, if there is one."""
    return _CLOSING.search(text, max(0, len(text) - LONGEST_CLOSING))


_MACHINE = r"(?:ai|artificial intelligence|(?:large )?language model|llm|virtual assistant|chatbot)"
_BY = r"(?:[\w \-]{0,40}?(?:developed|created|trained|made|built) by [\w .]{2,30})?"
_MASCHINE = r"(?:ki(?:-\w+)?|künstliche intelligenz|sprachmodell)"
_MAQUINA = r"(?:ia|inteligencia artificial|modelo de lenguaje|asistente (?:de ia|virtual))"
_MACHINE_FR = r"(?:ia|intelligence artificielle|modèle de langage|assistant (?:ia|virtuel))"
_MACHINE_AR = r"(?:لغوي(?:ا|ًا)?|ذكاء اصطناعي|الذكاء الاصطناعي|لغة|مساعد(?:ا|ًا)? (?:ذكاء|افتراضي)\S*)"
_MACHINE_ZH = r"(?:人工智能|AI|大型?语言模型|语言模型|智能)(?:语言模型|助手|模型)?"
_BY_ZH = r"(?:由[^，。\n]{1,20}(?:开发|训练|研发)的)?"

SELF = re.compile(
    "|".join(
        (
            rf"\bas an? (?:\w+ )?{_MACHINE}\b{_BY}",
            rf"\bi(?:['’]m| am) (?:just |only )?an? (?:\w+ )?{_MACHINE}\b{_BY}",
            r"\b(?:my|i was) (?:training data|(?:training|knowledge) cutoff|(?:trained|developed|created|made) by)\b",
            rf"\bals (?:eine? )?(?:\w+ )?{_MASCHINE}\b(?:[^.\n]{{0,60}}?(?:entwickelt|trainiert|erstellt))?",
            rf"\bich bin (?:nur )?(?:eine? )?{_MASCHINE}\b",
            rf"\bcomo (?:una? )?{_MAQUINA}\b(?:[^.\n]{{0,60}}?(?:desarrollad|cread|entrenad)[oa] por)?",
            rf"\bsoy (?:una? )?{_MAQUINA}\b",
            rf"\ben tant qu['’](?:une? )?{_MACHINE_FR}\b(?:[^.\n]{{0,60}}?(?:développé|créé|entraîné)e? par)?",
            rf"\bje suis (?:une? )?{_MACHINE_FR}\b",
            rf"(?:كنموذج|بصفتي|باعتباري|أنا) (?:نموذج(?:ا|ًا)? )?{_MACHINE_AR}"
            r"(?:[^.\n]{0,40}?(?:طورته|طورتها|تم تطويره|من تطوير))?",
            rf"(?:作为|我是)(?:一个|一款|一名)?{_BY_ZH}{_MACHINE_ZH}",
        )
    ),
    re.IGNORECASE,
)
