"""A fundus photograph: optic disc, macula and branching vessels on an orange-red retina.

Light is added and absorbed per colour channel: blood takes most of the green and blue, the optic disc
reflects nearly all. In a right eye the disc lies right of the macula, as a camera sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from readerstudy.imaging.phantoms.drawing import Canvas, Field, Line, Point, blur, mirrored, open_curve
from readerstudy.imaging.phantoms.model import Box, Finding, Phantom, Pixels, freeze

FundusLesion = Literal["none", "dot haemorrhages", "hard exudates", "enlarged cup"]
Eye = Literal["right", "left"]
FUNDUS_LESIONS: tuple[FundusLesion, ...] = get_args(FundusLesion)

_DISC: Point = (0.48, -0.02)
_MACULA: Point = (-0.10, 0.04)
_DISC_RADII: Point = (0.110, 0.124)
_RETINA = np.array([0.80, 0.335, 0.115])
_BLOOD = np.array([0.42, 0.85, 0.70])
_NERVE = np.array([0.97, 0.66, 0.33])
_CUP = np.array([1.0, 0.93, 0.74])
_EXUDATE = np.array([1.0, 0.86, 0.42])


@dataclass(frozen=True, slots=True)
class _Eye:
    """One eye: +1 for a right eye, whose nasal half lies on the right of the picture; its tint and spread."""

    nasal: int
    tint: Field
    cup: float
    arcade: float

    def at(self, point: Point) -> Point:
        return (self.nasal * point[0], point[1])


def draw_fundus(*, seed: int, lesion: FundusLesion = "none", eye: Eye = "right", size: int = 900) -> Phantom:
    """A fundus photograph of `size` x `size` pixels, RGB uint8, black outside the round field.

    The same arguments give the same pixels.
    """
    rng = np.random.default_rng([seed, 2])
    canvas = Canvas(size, reach=1.04)
    drawn = _Eye(
        nasal=1 if eye == "right" else -1,
        tint=_RETINA * rng.uniform([0.94, 0.88, 0.8], [1.08, 1.12, 1.2]),
        cup=float(rng.uniform(0.30, 0.42)) if lesion != "enlarged cup" else float(rng.uniform(0.78, 0.86)),
        arcade=float(rng.uniform(0.92, 1.08)),
    )
    colours = _retina(canvas, drawn, rng)
    colours = _paint_disc(canvas, drawn, colours)
    colours = _paint_vessels(canvas, drawn, colours, rng)
    colours, box, zone = _paint_lesion(canvas, drawn, colours, rng, lesion)
    finding = None if box is None else Finding(kind=lesion, side=eye, zone=zone, box=box)
    seen = "no abnormality" if finding is None else lesion
    return Phantom(
        pixels=freeze(_photograph(canvas, colours, rng)),
        findings=() if finding is None else (finding,),
        label="normal" if finding is None else "abnormal",
        description=f"Drawn fundus photograph of a {eye} eye: {seen}.",
        imaging_modality="OP",
        laterality=eye,
    )


def _photograph(canvas: Canvas, colours: Field, rng: np.random.Generator) -> Pixels:
    x, y = canvas.grid()
    radius = np.hypot(x, y)
    field = 1 / (1 + np.exp(np.clip((radius - 0.97) * 260, -40, 40)))
    field *= 1 / (1 + np.exp(np.clip((np.abs(y) - 0.88) * 260, -40, 40)))
    light = (1.04 - 0.34 * np.clip(radius, 0, 1) ** 2.4) * field
    grain = blur(rng.standard_normal(x.shape), 0.7) * 0.010
    seen = (colours + grain[..., None]) * light[..., None]
    return np.clip(seen * 255, 0, 255).round().astype(np.uint8)


def _retina(canvas: Canvas, eye: _Eye, rng: np.random.Generator) -> Field:
    x, y = canvas.grid()
    cx, cy = eye.at(_MACULA)
    distance = np.hypot(x - cx, y - cy)
    shade = (
        1
        + 0.035 * canvas.clouds(rng, coarse=0.5, octaves=3)
        + 0.018 * canvas.clouds(rng, coarse=0.03, octaves=2)
    )
    macula = np.exp(-((distance / 0.20) ** 2))
    fovea = np.exp(-((distance / 0.055) ** 2))
    reflex: Field = np.exp(-((np.hypot(x - cx, y - cy) / 0.012) ** 2))
    base: Field = shade[..., None] * eye.tint
    base = base * (1 - macula[..., None] * np.array([0.14, 0.30, 0.36]))
    base = base * (1 - fovea[..., None] * np.array([0.10, 0.22, 0.22]))
    return base + 0.22 * reflex[..., None]


def _blend(colours: Field, mask: Field, target: Field) -> Field:
    return colours * (1 - mask[..., None]) + mask[..., None] * target


def _paint_disc(canvas: Canvas, eye: _Eye, colours: Field) -> Field:
    centre = eye.at(_DISC)
    halo = canvas.ellipses([(centre, (0.17, 0.19))], soft=0.045)
    disc = canvas.ellipses([(centre, _DISC_RADII)], soft=0.006)
    cup_at = (centre[0] - eye.nasal * 0.006, centre[1])
    cup_radii = (_DISC_RADII[0] * eye.cup, _DISC_RADII[1] * eye.cup)
    cup = canvas.ellipses([(cup_at, cup_radii)], soft=0.008)
    x, _ = canvas.grid()
    pallor = 1 - 0.10 * np.clip((x - centre[0]) * eye.nasal / _DISC_RADII[0], -1, 1)
    colours = _blend(colours, 0.16 * halo, _NERVE)
    colours = _blend(colours, 0.86 * disc, _NERVE * pallor[..., None])
    return _blend(colours, 0.90 * cup, _CUP)


_ARCADES: tuple[tuple[Point, ...], ...] = (
    (
        (0.48, -0.01),
        (0.44, -0.22),
        (0.26, -0.42),
        (-0.02, -0.50),
        (-0.32, -0.46),
        (-0.58, -0.34),
        (-0.80, -0.28),
    ),
    ((0.48, -0.02), (0.45, 0.20), (0.28, 0.42), (0.00, 0.53), (-0.30, 0.50), (-0.56, 0.40), (-0.78, 0.34)),
    ((0.49, -0.01), (0.56, -0.20), (0.68, -0.38), (0.76, -0.56), (0.80, -0.75)),
    ((0.49, -0.02), (0.57, 0.18), (0.70, 0.34), (0.78, 0.52), (0.84, 0.70)),
)


def _paint_vessels(canvas: Canvas, eye: _Eye, colours: Field, rng: np.random.Generator) -> Field:
    veins = _tree(eye, rng, shift=0.018, width=0.0235)
    arteries = _tree(eye, rng, shift=-0.020, width=0.0165)
    dark = canvas.strokes(veins, soft=0.0018)
    bright = canvas.strokes(arteries, soft=0.0018)
    reflex = canvas.strokes([(path, [0.28 * w for w in widths]) for path, widths in arteries], soft=0.002)
    colours = colours * (1 - 0.62 * dark[..., None] * _BLOOD)
    colours = colours * (1 - 0.46 * bright[..., None] * _BLOOD)
    return colours * (1 + 0.24 * reflex[..., None])


def _tree(eye: _Eye, rng: np.random.Generator, *, shift: float, width: float) -> list[Line]:
    lines: list[Line] = []
    for arcade in _ARCADES:
        jitter = rng.normal(0, 0.014, (len(arcade), 2)) * (np.arange(len(arcade)) > 0)[:, None]
        knots = [
            (
                x + float(j[0]) + shift,
                _DISC[1] + (y - _DISC[1]) * (eye.arcade + 2.2 * shift * (i > 0)) + float(j[1]),
            )
            for i, ((x, y), j) in enumerate(zip(arcade, jitter, strict=True))
        ]
        trunk = open_curve(mirrored(knots, eye.nasal))
        lines.append((trunk, [width, 0.80 * width, 0.55 * width, 0.32 * width]))
        for start in np.arange(0.16, 0.95, 0.095) + rng.uniform(-0.03, 0.03):
            _branch_off(lines, rng, trunk, float(start), width * (1 - 0.62 * float(start)))
    return lines


def _branch_off(
    lines: list[Line], rng: np.random.Generator, trunk: list[Point], start: float, width: float
) -> None:
    at = int(start * (len(trunk) - 2))
    (x0, y0), (x1, y1) = trunk[at], trunk[at + 1]
    heading = float(np.arctan2(y1 - y0, x1 - x0))
    turn = float(rng.choice([-1, 1])) * float(rng.uniform(0.5, 0.9))
    _grow(lines, rng, (x0, y0), heading + turn, 0.55 * width, 2)


def _grow(
    lines: list[Line], rng: np.random.Generator, start: Point, heading: float, width: float, divisions: int
) -> None:
    """A winding twig that divides; it stops short of the fovea, which has no vessels."""
    path = [start]
    for _ in range(7):
        heading += float(rng.normal(0, 0.16))
        x, y = path[-1][0] + 0.034 * float(np.cos(heading)), path[-1][1] + 0.034 * float(np.sin(heading))
        if min(np.hypot(x - _MACULA[0], y - _MACULA[1]), np.hypot(x + _MACULA[0], y - _MACULA[1])) < 0.13:
            break
        path.append((x, y))
    if len(path) < 3:
        return
    lines.append((open_curve(path, steps=8), [width, 0.55 * width]))
    if divisions:
        for spread in (-0.42, 0.38):
            _grow(lines, rng, path[-1], heading + spread, 0.60 * width, divisions - 1)


def _paint_lesion(
    canvas: Canvas, eye: _Eye, colours: Field, rng: np.random.Generator, lesion: FundusLesion
) -> tuple[Field, Box | None, str]:
    if lesion == "none":
        return colours, None, ""
    if lesion == "enlarged cup":
        cup = canvas.ellipses([(eye.at(_DISC), _DISC_RADII)], soft=0.004)
        return colours, canvas.box_of(cup, above=0.5), "optic disc"
    if lesion == "dot haemorrhages":
        spots = _haemorrhages(canvas, eye, rng)
        return (
            colours * (1 - 0.78 * spots[..., None] * _BLOOD),
            canvas.box_of(spots, above=0.4),
            "posterior pole",
        )
    spots = _exudates(canvas, eye, rng)
    return _blend(colours, 0.92 * spots, _EXUDATE), canvas.box_of(spots, above=0.4), "macula"


def _haemorrhages(canvas: Canvas, eye: _Eye, rng: np.random.Generator) -> Field:
    cx, cy = eye.at(_MACULA)
    angles, distances = rng.uniform(0, 2 * np.pi, 20), rng.uniform(0.14, 0.46, 20)
    radii = rng.uniform(0.008, 0.021, 20)
    places = [
        (cx + float(d * np.cos(a)), cy + float(d * np.sin(a))) for a, d in zip(angles, distances, strict=True)
    ]
    return canvas.ellipses(
        [(at, (float(r), float(r) * 0.9)) for at, r in zip(places, radii, strict=True)], soft=0.0025
    )


def _exudates(canvas: Canvas, eye: _Eye, rng: np.random.Generator) -> Field:
    """Waxy flecks in part of a ring around the fovea."""
    cx, cy = eye.at(_MACULA)
    middle = float(rng.uniform(0, 2 * np.pi))
    angles = rng.normal(middle, 1.1, 46)
    distances = np.abs(rng.normal(0.155, 0.035, 46))
    radii = rng.uniform(0.005, 0.016, 46)
    flecks = [
        ((cx + float(d * np.cos(a)), cy + float(d * np.sin(a))), (float(r), float(r * s)))
        for a, d, r, s in zip(angles, distances, radii, rng.uniform(0.6, 1.0, 46), strict=True)
    ]
    return canvas.ellipses(flecks, soft=0.0022)
