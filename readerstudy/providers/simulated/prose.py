"""Invented interpretations: every sentence here was made up, none reports on a patient.

A model's name sets its manner: `alpha` writes short headed reports and errs seldom, `beta` writes in
flowing sentences and errs more often, any other name lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from readerstudy.providers.simulated.draw import Draw
from readerstudy.providers.simulated.glance import Glance, View


@dataclass(frozen=True, slots=True)
class Manner:
    """How a simulated model behaves: shares from 0 to 1, and which layout it writes in."""

    errs: float
    declines: float
    background: int
    layout: Callable[[Draw, Draft], str]


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a text before they are laid out."""

    opening: str
    background: list[str]
    finding: str
    impression: str
    advice: str


@dataclass(frozen=True, slots=True)
class Told:
    """A reading in parts: what is seen, what it means, and whether that is abnormal."""

    draft: Draft
    abnormal: bool

    @property
    def finding(self) -> str:
        return self.draft.finding

    @property
    def impression(self) -> str:
        return self.draft.impression

    @property
    def advice(self) -> str:
        return self.draft.advice


_OPENINGS: dict[View, tuple[str, ...]] = {
    "chest": (
        "Frontal view of the chest, adequately exposed, with both lung fields included.",
        "Single frontal chest radiograph of good quality, taken without noticeable rotation.",
        "Upright chest film in frontal projection; inspiration is sufficient.",
    ),
    "section": (
        "Single cross-sectional slice, presented without contrast information.",
        "One axial slice was provided, so only this level can be described.",
        "Cross-sectional image at one level; image noise is low.",
    ),
    "fundus": (
        "Colour photograph of the posterior pole, in focus, with disc and macula in view.",
        "Fundus photograph of good quality, centred between disc and macula.",
        "Retinal colour photograph; the media are clear and the field is evenly lit.",
    ),
}

_BACKGROUND: dict[View, tuple[str, ...]] = {
    "chest": (
        "The trachea runs in the midline.",
        "The heart is not enlarged and its borders are sharp.",
        "Hilar shadows are of ordinary size and density.",
        "The hemidiaphragms are smooth and lie at the usual level.",
        "Ribs and clavicles show no break.",
        "There is no air outside the lung.",
        "The vessels taper evenly towards the periphery.",
    ),
    "section": (
        "The midline structures are not shifted.",
        "Bony outlines are intact as far as they are included.",
        "Fat planes are preserved.",
        "There is no free fluid at this level.",
        "Vessels at this level have an ordinary calibre.",
        "The soft tissues of the wall are unremarkable.",
    ),
    "fundus": (
        "Arterioles and venules have a regular course and calibre.",
        "There are no cotton-wool spots.",
        "The foveal reflex can be made out.",
        "No new vessels are seen on the disc or elsewhere.",
        "The neuroretinal rim keeps an even colour.",
        "The periphery, as far as it is shown, is flat.",
    ),
}

_NORMAL: dict[View, tuple[tuple[str, str], ...]] = {
    "chest": (
        ("Both lungs are clear, and the costophrenic angles are sharp.", "No acute disease of the chest."),
        ("No consolidation, nodule or effusion is present.", "Unremarkable chest radiograph."),
    ),
    "section": (
        ("Both halves are symmetrical, and no focal lesion stands out.", "No abnormality at this level."),
        ("Attenuation is even throughout; nothing displaces its neighbours.", "Unremarkable slice."),
    ),
    "fundus": (
        (
            "The disc is well defined and the macula is free of deposits and bleeding.",
            "Healthy-looking fundus.",
        ),
        (
            "Neither haemorrhages nor exudates are visible, and the cup is small.",
            "No sign of retinopathy or glaucoma.",
        ),
    ),
}

_FINDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "opacity": (
        (
            "There is a hazy opacity in the {side} {zone} zone, with vessels lost behind it.",
            "Consolidation in the {side} {zone} zone, most likely pneumonia.",
        ),
        (
            "The {side} {zone} zone is denser than its counterpart and poorly bounded.",
            "Airspace opacity on the {side}, in keeping with infection or fluid.",
        ),
    ),
    "effusion": (
        (
            "The {side} costophrenic angle is filled, with a curved upper border.",
            "Pleural effusion on the {side}.",
        ),
        (
            "The {side} base is veiled and the diaphragm cannot be followed.",
            "Fluid in the {side} pleural space.",
        ),
    ),
    "nodule": (
        (
            "A round, well-bounded density lies in the {side} {zone} zone.",
            "Solitary pulmonary nodule on the {side}; malignancy has to be excluded.",
        ),
        (
            "In the {side} {zone} zone there is a small rounded shadow apart from the vessels.",
            "Nodule in the {side} lung, of uncertain nature.",
        ),
    ),
    "asymmetry": (
        (
            "The {side} half holds a focal area that differs in density from the other half.",
            "Focal lesion on the {side}, to be characterised further.",
        ),
        (
            "Comparison of both halves shows a circumscribed difference on the {side}.",
            "Space-occupying lesion on the {side} is suspected.",
        ),
    ),
    "haemorrhages": (
        (
            "Several dark red dots are scattered over the posterior pole.",
            "Dot haemorrhages, suggesting diabetic retinopathy.",
        ),
        (
            "There are multiple small intraretinal bleeds around the macula.",
            "Non-proliferative diabetic retinopathy is likely.",
        ),
    ),
    "exudates": (
        (
            "Bright yellow deposits with sharp edges lie near the macula.",
            "Hard exudates, suggesting diabetic maculopathy.",
        ),
        (
            "A group of yellowish lipid deposits is seen in the central retina.",
            "Exudative maculopathy, probably diabetic.",
        ),
    ),
    "enlarged cup": (
        (
            "The pale centre of the disc takes up most of its diameter and the rim is thin.",
            "Enlarged cup, suspicious for glaucoma.",
        ),
        (
            "The optic cup is wide, with a narrow neuroretinal rim below.",
            "Glaucomatous cupping is likely.",
        ),
    ),
}

_INVENTED: dict[View, tuple[str, ...]] = {
    "chest": ("opacity", "nodule", "effusion"),
    "section": ("asymmetry",),
    "fundus": ("haemorrhages", "exudates", "enlarged cup"),
}

_ADVICE: dict[bool, tuple[str, ...]] = {
    True: (
        "Comparison with earlier images and with the clinical findings is advised.",
        "Further imaging should be considered if the clinical picture fits.",
        "A follow-up examination is recommended.",
    ),
    False: (
        "No further imaging is needed on account of this image.",
        "Routine follow-up is sufficient.",
        "If symptoms persist, the examination may be repeated.",
    ),
}

_HEDGE = "I am not a doctor, and this is not a formal report."

_DECLINED = (
    "I'm sorry, but I can't interpret medical images or give a diagnosis.",
    "I am not able to analyse this image. Reading medical pictures is outside what I may do.",
    "I won't offer an interpretation of this image, because my guidelines do not allow medical judgements.",
)
_PARTLY = (
    "I'm not able to give a diagnosis or to classify this image; that part I must decline.",
    "Beyond this description, I can't offer a diagnosis or grade what is seen.",
    "I won't go further and give a diagnosis, because my guidelines do not allow medical judgements.",
)
_DEFERRED = (
    "Please show this image to a qualified specialist, who can examine the patient and explain the result.",
    "Questions about such an image are best answered by the doctor who requested it.",
    "A trained specialist should look at this image in person.",
)
_GENERIC = {
    "chest": "A chest radiograph is usually read from the centre outwards. In general, one checks the airways first.",
    "section": "Cross-sectional imaging is a technique that shows the body in slices. One usually compares both sides.",
    "fundus": "Fundus photography is a method of documenting the retina. In general, a healthy disc has a pink rim.",
}


def reading(glance: Glance, model: str, *, draw: Draw) -> Told:
    """What a model says about what was noticed, or was not; some models are mistaken more often than others."""
    manner = manner_of(model)
    seen = _mistaken(glance, draw) if draw.share() < manner.errs else glance
    finding, impression = _say(seen, draw)
    draft = Draft(
        opening=draw.one_of(_OPENINGS[seen.view]),
        background=draw.some_of(_BACKGROUND[seen.view], manner.background),
        finding=finding,
        impression=impression,
        advice=draw.one_of(_ADVICE[seen.abnormal]),
    )
    return Told(draft, seen.abnormal)


def interpretation(glance: Glance, model: str, *, draw: Draw, hedged: bool = False) -> str:
    """60 to 130 words on what was noticed, or was not, ending in a line `Classification: …`."""
    told = reading(glance, model, draw=draw)
    text = manner_of(model).layout(draw, told.draft)
    label = "abnormal" if told.abnormal else "normal"
    return f"{_HEDGE + ' ' if hedged else ''}{text}\n\nClassification: {label}"


def partial(glance: Glance, model: str, *, draw: Draw) -> str:
    """Findings without a conclusion, which it declines to give."""
    told = reading(glance, model, draw=draw)
    findings = " ".join([told.draft.opening, told.finding, *told.draft.background])
    return f"{findings}\n\n{draw.one_of(_PARTLY)}"


def refusal(draw: Draw) -> str:
    """A text that declines in words."""
    return draw.one_of(_DECLINED)


def deferral(draw: Draw) -> str:
    """A text that only sends the reader to a professional."""
    return draw.one_of(_DEFERRED)


def generic(glance: Glance) -> str:
    """Textbook sentences that say nothing about the image."""
    return _GENERIC[glance.view]


def manner_of(model: str) -> Manner:
    """The manner that goes with a model's name."""
    name = model.lower()
    return next((manner for part, manner in _MANNERS.items() if part in name), _PLAIN)


def _mistaken(glance: Glance, draw: Draw) -> Glance:
    if glance.abnormal:
        return replace(glance, finding="", side="", zone="")
    return replace(
        glance,
        finding=draw.one_of(_INVENTED[glance.view]),
        side=draw.one_of(("right", "left")),
        zone=draw.one_of(("upper", "middle", "lower")),
    )


def _say(seen: Glance, draw: Draw) -> tuple[str, str]:
    if not seen.abnormal:
        return draw.one_of(_NORMAL[seen.view])
    finding, impression = draw.one_of(_FINDINGS[seen.finding])
    return finding.format(side=seen.side, zone=seen.zone), impression.format(side=seen.side, zone=seen.zone)


def _headed(draw: Draw, draft: Draft) -> str:
    findings = " ".join([draft.finding, *draft.background])
    return f"Technique: {draft.opening}\nFindings: {findings}\nImpression: {draft.impression} {draft.advice}"


def _flowing(draw: Draw, draft: Draft) -> str:
    lead = draw.one_of(
        (
            "Looking at the image as a whole, the following can be said.",
            "The image was gone through region by region, from the centre outwards.",
        )
    )
    middle = draw.one_of(
        ("Turning to what matters most here:", "The point that decides the reading is this:")
    )
    close = draw.one_of(("Taken together, my reading is:", "In summary, the impression is:"))
    return " ".join(
        [draft.opening, lead, *draft.background, middle, draft.finding, close, draft.impression, draft.advice]
    )


def _listed(draw: Draw, draft: Draft) -> str:
    points = [draft.opening, draft.finding, *draft.background]
    numbered = "\n".join(f"{number}. {point}" for number, point in enumerate(points, start=1))
    return f"{numbered}\n\nMost likely diagnosis: {draft.impression}\n{draft.advice}"


_PLAIN = Manner(errs=0.15, declines=1.0, background=5, layout=_listed)
_MANNERS: dict[str, Manner] = {
    "alpha": Manner(errs=0.08, declines=0.6, background=5, layout=_headed),
    "beta": Manner(errs=0.25, declines=1.4, background=5, layout=_flowing),
}
