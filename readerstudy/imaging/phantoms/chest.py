"""A postero-anterior chest radiograph, drawn by adding up what an X-ray beam would cross.

Every structure is a field of thickness; the film is a curve of their sum, so that overlapping shadows
(ribs over heart, vessels over ribs) look as they do on a real film. The patient's right is on the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from readerstudy.imaging.phantoms.drawing import Canvas, Field, Line, Point, blur, mirrored, open_curve
from readerstudy.imaging.phantoms.model import Finding, Phantom, Pixels, freeze

ChestLesion = Literal["none", "consolidation", "nodule", "pleural effusion"]
Side = Literal["right", "left"]
Zone = Literal["upper", "middle", "lower"]
CHEST_LESIONS: tuple[ChestLesion, ...] = get_args(ChestLesion)
CHEST_ZONES: tuple[Zone, ...] = get_args(Zone)

_ZONE_CENTRE: dict[Zone, Point] = {"upper": (0.36, -0.42), "middle": (0.44, -0.10), "lower": (0.48, 0.22)}
_LUNG_RIGHT: tuple[Point, ...] = (
    (0.17, -0.60), (0.27, -0.72), (0.40, -0.66), (0.53, -0.45), (0.62, -0.15), (0.67, 0.15), (0.69, 0.40),
    (0.70, 0.53), (0.66, 0.47), (0.56, 0.37), (0.42, 0.31), (0.28, 0.32), (0.17, 0.38), (0.15, 0.20),
    (0.15, -0.05), (0.14, -0.35),
)  # fmt: skip
_LUNG_LEFT: tuple[Point, ...] = (
    (0.17, -0.60), (0.27, -0.72), (0.40, -0.66), (0.53, -0.45), (0.62, -0.15), (0.67, 0.15), (0.69, 0.42),
    (0.70, 0.58), (0.66, 0.52), (0.56, 0.43), (0.42, 0.38), (0.28, 0.40), (0.17, 0.44), (0.13, 0.20),
    (0.13, -0.05), (0.14, -0.35),
)  # fmt: skip
_TORSO: tuple[Point, ...] = (
    (-0.20, -1.3), (-0.21, -0.95), (-0.30, -0.86), (-0.62, -0.77), (-0.90, -0.66), (-1.3, -0.50),
    (-1.3, -0.05), (-0.90, -0.02), (-0.84, 0.20), (-0.83, 0.60), (-0.82, 1.3), (0.82, 1.3), (0.83, 0.60),
    (0.84, 0.20), (0.90, -0.02), (1.3, -0.05), (1.3, -0.50), (0.90, -0.66), (0.62, -0.77), (0.30, -0.86),
    (0.21, -0.95), (0.20, -1.3),
)  # fmt: skip
_HEART: tuple[Point, ...] = (
    (0.02, -0.18), (0.14, -0.14), (0.22, 0.0), (0.33, 0.16), (0.43, 0.31), (0.45, 0.42), (0.34, 0.50),
    (0.05, 0.52), (-0.16, 0.45), (-0.225, 0.32), (-0.225, 0.16), (-0.17, 0.0), (-0.09, -0.12),
)  # fmt: skip
_MEDIASTINUM: tuple[Point, ...] = (
    (-0.11, -0.95), (0.11, -0.95), (0.12, -0.60), (0.15, -0.38), (0.16, -0.15), (0.18, 0.1), (0.14, 0.6),
    (-0.12, 0.6), (-0.15, 0.1), (-0.15, -0.15), (-0.14, -0.38), (-0.12, -0.60),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Body:
    """What differs from one person to the next."""

    width: float
    heart: float
    rib_spacing: float
    rib_start: float
    tilt: float


@dataclass(frozen=True, slots=True)
class _Lungs:
    right: Field
    left: Field

    def of(self, side: Side) -> Field:
        return self.right if side == "right" else self.left


def draw_chest(
    *,
    seed: int,
    lesion: ChestLesion = "none",
    side: Side = "right",
    zone: Zone = "lower",
    size: int = 1024,
) -> Phantom:
    """A chest radiograph of `size` x `size` pixels, uint16 with 12 bits used.

    An effusion lies in the lower zone whatever `zone` says. The same arguments give the same pixels.
    """
    rng = np.random.default_rng([seed, 1])
    canvas = Canvas(size, reach=0.88, middle=-0.09)
    body = _Body(
        width=rng.uniform(0.95, 1.06),
        heart=rng.uniform(0.92, 1.10),
        rib_spacing=rng.uniform(0.104, 0.114),
        rib_start=rng.uniform(-0.74, -0.71),
        tilt=rng.uniform(-0.012, 0.012),
    )
    lungs = _lungs(canvas, body)
    filled = _heart_and_vessels(canvas, body)
    attenuation = _soft_tissue(canvas, body, lungs, filled) + _bones(canvas, body, rng)
    lungs = _Lungs(right=lungs.right * (1 - 0.88 * filled), left=lungs.left * (1 - 0.88 * filled))
    attenuation = attenuation + _vessels(canvas, lungs, rng)
    finding = None
    if lesion != "none":
        shadow, outline = _LESIONS[lesion](canvas, lungs, rng, side, zone)
        attenuation = attenuation + shadow
        where = "lower" if lesion == "pleural effusion" else zone
        finding = Finding(kind=lesion, side=side, zone=where, box=canvas.box_of(outline, above=0.35))
    return Phantom(
        pixels=freeze(_film(canvas, attenuation, rng)),
        findings=() if finding is None else (finding,),
        label="normal" if finding is None else "abnormal",
        description=_describe(finding),
        imaging_modality="DX",
        laterality=None,
    )


def _describe(finding: Finding | None) -> str:
    seen = (
        "no abnormality" if finding is None else f"{finding.kind} in the {finding.side} {finding.zone} zone"
    )
    return f"Drawn chest radiograph, postero-anterior view: {seen}."


def _film(canvas: Canvas, attenuation: Field, rng: np.random.Generator) -> Pixels:
    scattered = 0.93 * blur(attenuation, 0.0009 * canvas.size) + 0.07 * blur(attenuation, 0.03 * canvas.size)
    exposed = 1 - np.exp(-0.50 * np.clip(scattered, 0, None))
    exposed = exposed + 0.010 * (1.25 - exposed) * blur(rng.standard_normal(exposed.shape), 0.6) * 1.6
    return np.clip(exposed * 4095 * 1.12 + 20, 0, 4095).astype(np.uint16)


def _scaled(points: tuple[Point, ...], body: _Body, side: int = 1) -> list[Point]:
    return [(side * x * body.width + body.tilt * (1 - y), y) for x, y in points]


def _lungs(canvas: Canvas, body: _Body) -> _Lungs:
    return _Lungs(
        right=canvas.outline(_scaled(_LUNG_RIGHT, body, -1), soft=0.008),
        left=canvas.outline(_scaled(_LUNG_LEFT, body), soft=0.008),
    )


def _soft_tissue(canvas: Canvas, body: _Body, lungs: _Lungs, filled: Field) -> Field:
    x, y = canvas.grid()
    torso = canvas.outline(_scaled(_TORSO, body), soft=0.012)
    depth = np.sqrt(np.clip(1.12 - (x / 1.02) ** 2, 0.08, None)) * (1 + 0.30 * np.clip(y - 0.2, 0, None))
    air = np.maximum(lungs.right, lungs.left)
    air = air * (0.45 + 0.35 * blur(air, 0.02 * canvas.size) + 0.2 * blur(air, 0.05 * canvas.size))
    tissue = 1.75 * torso * depth - 1.45 * air * (1 - 0.88 * filled)
    tissue += 0.36 * blur(filled, 0.008 * canvas.size)
    return np.clip(tissue - _airways(canvas) - _stomach(canvas), 0, None) * torso


def _heart_and_vessels(canvas: Canvas, body: _Body) -> Field:
    heart = canvas.outline([(px * body.heart, py) for px, py in _HEART], soft=0.010)
    knob = canvas.ellipses([((0.115, -0.33), (0.085, 0.085))], soft=0.008)
    mediastinum = canvas.outline(_MEDIASTINUM, soft=0.016)
    return np.maximum(np.maximum(heart, 0.8 * knob), 0.9 * mediastinum)


def _airways(canvas: Canvas) -> Field:
    trachea = canvas.strokes(
        [([(0.0, -1.1), (-0.004, -0.62), (-0.006, -0.27)], [0.060, 0.064, 0.058])], soft=0.007
    )
    main = canvas.strokes(
        [([(0, -0.28), (-0.09, -0.14)], [0.05, 0.04]), ([(0, -0.28), (0.13, -0.12)], [0.045, 0.035])],
        soft=0.010,
    )
    return 0.42 * np.maximum(trachea, 0.5 * main)


def _stomach(canvas: Canvas) -> Field:
    _, y = canvas.grid()
    bubble = canvas.ellipses([((0.40, 0.56), (0.13, 0.065))], soft=0.012)
    above_fluid: Field = 1 / (1 + np.exp(np.clip((y - 0.59) * 220, -40, 40)))
    return 0.55 * bubble * above_fluid


def _bones(canvas: Canvas, body: _Body, rng: np.random.Generator) -> Field:
    clavicles = [_clavicle(side, float(rng.uniform(-0.02, 0.02))) for side in (-1, 1)]
    backs = [_rib_path(body, side, number) for side in (-1, 1) for number in range(11)]
    fronts = [_rib_front(body, side, number) for side in (-1, 1) for number in range(1, 8)]
    bones = 0.32 * _tubes(canvas, backs[0::2]) + 0.32 * _tubes(canvas, backs[1::2])
    bones += 0.15 * _tubes(canvas, fronts) + 0.42 * _tubes(canvas, clavicles)
    return bones + _spine(canvas) + _shoulder(canvas, -1) + _shoulder(canvas, 1)


def _tubes(canvas: Canvas, lines: Sequence[Line]) -> Field:
    """Tubes of bone: brighter at their two edges than in their middle."""
    outer = canvas.strokes(lines, soft=0.003)
    inner = canvas.strokes([(path, [0.62 * w for w in widths]) for path, widths in lines], soft=0.006)
    return outer - 0.45 * inner


_CHEST_WALL = (0.33, 0.47, 0.56, 0.62, 0.66, 0.69, 0.71, 0.73, 0.74, 0.745, 0.74)


def _rib_path(body: _Body, side: int, number: int) -> Line:
    """The back of a rib, from the spine out to the chest wall and down."""
    top = body.rib_start + number * body.rib_spacing
    reach, drop = _CHEST_WALL[number] * body.width - 0.05, 0.10 + 0.022 * number
    turn = np.linspace(0, np.pi / 2, 14)
    xs = side * (0.05 + reach * np.sin(turn))
    ys = top - 0.035 * np.sin(2 * turn) + drop * (1 - np.cos(turn)) ** 1.3
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)], [0.034, 0.040, 0.038]


def _rib_front(body: _Body, side: int, number: int) -> Line:
    """The front of a rib, from the chest wall inwards and down to its cartilage."""
    x, y = _rib_path(body, side, number)[0][-1]
    end_x, fall = 0.20 + 0.036 * number, 0.10 + 0.020 * number
    middle = (side * (abs(x) * 0.6 + end_x * 0.4), y + 0.75 * fall)
    path = open_curve([(x, y), (x * 0.965, y + 0.35 * fall), middle, (side * end_x, y + fall)])
    return path, [0.034, 0.040, 0.046]


def _spine(canvas: Canvas) -> Field:
    levels = [(0.060 + 0.0012 * n, float(y)) for n, y in enumerate(np.arange(-1.0, 1.05, 0.088))]
    bodies = canvas.ellipses([((0, y), (width, 0.043)) for width, y in levels], soft=0.005)
    processes = [((0.0, y + 0.01), (0.010, 0.026)) for _, y in levels]
    pedicles = [((side * 0.042, y - 0.008), (0.011, 0.015)) for _, y in levels for side in (-1, 1)]
    return 0.24 * bodies + 0.10 * canvas.ellipses([*processes, *pedicles], soft=0.004)


def _clavicle(side: int, lift: float) -> Line:
    bend = [(0.07, -0.545), (0.22, -0.60), (0.42, -0.635 + lift), (0.62, -0.70 + lift), (0.80, -0.70 + lift)]
    return open_curve(mirrored(bend, side)), [0.064, 0.046, 0.044, 0.050, 0.058]


def _shoulder(canvas: Canvas, side: int) -> Field:
    edge = [(0.74, -0.60), (0.92, -0.55), (0.88, -0.30), (0.78, -0.02), (0.73, -0.02), (0.71, -0.30)]
    blade = mirrored(edge, side)
    scapula = canvas.outline(blade, soft=0.008)
    hollow = canvas.outline([(0.985 * x, y) for x, y in blade], soft=0.03)
    ridge = open_curve(mirrored([(0.72, -0.50), (0.84, -0.58), (0.97, -0.66)], side))
    head = canvas.ellipses([((side * 1.00, -0.56), (0.115, 0.12))], soft=0.008)
    shaft = canvas.strokes([(mirrored([(1.02, -0.5), (1.10, -0.1)], side), [0.18, 0.12])])
    spine = canvas.strokes([(ridge, [0.03, 0.045, 0.06])])
    return 0.20 * scapula - 0.08 * hollow + 0.15 * spine + 0.45 * np.maximum(head, shaft)


def _vessels(canvas: Canvas, lungs: _Lungs, rng: np.random.Generator) -> Field:
    total = canvas.zeros()
    for side, lung in ((-1, lungs.right), (1, lungs.left)):
        height = -0.06 if side < 0 else -0.10
        generations: list[list[Line]] = [[], [], [], [], []]
        for angle in np.linspace(-1.35, 1.30, 10):
            start = (side * (0.15 + 0.02 * float(rng.random())), height + 0.09 * float(angle))
            width = 0.020 + 0.010 * (float(angle) > 0)
            _grow(generations, rng, _Twig(start, side, float(angle) + float(rng.normal(0, 0.10)), width, 0))
        hilum = canvas.ellipses([((side * 0.165, height + 0.02), (0.05, 0.11))], soft=0.022)
        total += lung * 0.40 * hilum
        for strength, lines in zip(_VESSEL_STRENGTH, generations, strict=True):
            total += strength * lung * canvas.strokes(lines, soft=0.0035)
        total += 0.035 * lung * canvas.clouds(rng, coarse=0.05)
    return total


_VESSEL_STRENGTH = (0.34, 0.26, 0.20, 0.14, 0.09)


@dataclass(frozen=True, slots=True)
class _Twig:
    """Where a vessel starts. `angle` 0 points away from the spine, positive points down."""

    start: Point
    side: int
    angle: float
    width: float
    generation: int


def _grow(generations: list[list[Line]], rng: np.random.Generator, twig: _Twig) -> None:
    """Draw one vessel and the two that it divides into."""
    length = (0.15 - 0.015 * twig.generation) * (0.75 + 0.5 * float(rng.random()))
    bend = float(rng.normal(0, 0.20))
    middle = _onward(twig.start, twig.side, twig.angle, length / 2)
    end = _onward(middle, twig.side, twig.angle + bend, length / 2)
    generations[twig.generation].append(([twig.start, middle, end], [twig.width, 0.70 * twig.width]))
    if twig.generation + 1 < len(generations):
        for spread in (-0.38, 0.36):
            angle = twig.angle + bend + spread + float(rng.normal(0, 0.14))
            thinner = float(rng.uniform(0.5, 0.68)) * twig.width
            _grow(generations, rng, _Twig(end, twig.side, angle, thinner, twig.generation + 1))


def _onward(start: Point, side: int, angle: float, length: float) -> Point:
    return (start[0] + side * float(np.cos(angle)) * length, start[1] + float(np.sin(angle)) * length)


def _place(side: Side, zone: Zone) -> Point:
    x, y = _ZONE_CENTRE[zone]
    return (-x if side == "right" else x, y)


def _consolidation(
    canvas: Canvas, lungs: _Lungs, rng: np.random.Generator, side: Side, zone: Zone
) -> tuple[Field, Field]:
    x, y = canvas.grid()
    cx, cy = _place(side, zone)
    radius = np.hypot((x - cx) / 0.17, (y - cy) / 0.14) + 0.22 * canvas.clouds(rng, coarse=0.10)
    area = lungs.of(side) / (1 + np.exp(np.clip((radius - 1) * 6, -40, 40)))
    patches = np.clip(1 + 0.16 * canvas.clouds(rng, coarse=0.08), 0.4, 1.4)
    bronchi: list[list[Line]] = [[], []]
    out = -1 if side == "right" else 1
    for angle in (-0.5, 0.1, 0.6):
        _grow(bronchi, rng, _Twig((cx - out * 0.13, cy - 0.02), out, angle, 0.013, 0))
    air = canvas.strokes([*bronchi[0], *bronchi[1]], soft=0.004)
    return 0.80 * area * patches - 0.28 * area * air, area


def _nodule(
    canvas: Canvas, lungs: _Lungs, rng: np.random.Generator, side: Side, zone: Zone
) -> tuple[Field, Field]:
    x, y = canvas.grid()
    cx, cy = _place(side, zone)
    angle = np.arctan2(y - cy, x - cx)
    edge = 0.050 * (
        1 + 0.07 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.05 * np.sin(5 * angle + rng.uniform(0, 6))
    )
    distance = np.hypot(x - cx, y - cy) / edge
    ball = np.sqrt(np.clip(1 - distance**2, 0, None))
    return 0.62 * lungs.of(side) * blur(ball, 0.0035 * canvas.size), blur(
        (distance < 1).astype(np.float64), 1.0
    )


def _effusion(
    canvas: Canvas, lungs: _Lungs, rng: np.random.Generator, side: Side, zone: Zone
) -> tuple[Field, Field]:
    del zone
    x, y = canvas.grid()
    level = float(rng.uniform(0.14, 0.22))
    outward = np.clip((np.abs(x) - 0.15) / 0.52, 0, 1)
    surface = level + 0.12 * (1 - outward) - 0.26 * outward**5
    fluid = 1 / (1 + np.exp(np.clip((surface - y) * 55, -40, 40)))
    area = fluid * lungs.of(side)
    return 1.30 * area, area


_LESIONS = {"consolidation": _consolidation, "nodule": _nodule, "pleural effusion": _effusion}
