"""How fast uploads become renditions, against a bare decode-and-encode loop of the same libraries.

    python -m benchmarks.ingest [--files 144] [--processes 2] [--repeats 2]

The files are drawn phantoms in the encodings that hospitals send: uncompressed, JPEG 2000 and RLE DICOM, 8- and
16-bit PNG, JPEG, and a colour cine. Both sides read from and write to the same disk and start their own
processes. The bare loop writes the same three products (full frames, display, preview) with the fewest calls that
do so, by Pillow alone: no limits, no checks, no hashes, no description, no percentiles. `ratio` is rendition ÷ bare
throughput over the same files in the same run; `ratio_of_processor_seconds` says the same on a machine that is busy
with other things; `ratio_to_full_frames_only` compares with a loop that writes no display image and no preview.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEG2000Lossless, RLELossless

from readerstudy.imaging.phantoms import draw_chest, draw_fundus, encode_dicom, encode_png
from readerstudy.imaging.rendition import Rendered
from readerstudy.imaging.sandbox import render_in_child

TARGET = 0.80


def draw_files(folder: Path, count: int) -> list[Path]:
    """`count` files that take turns through the encodings."""
    contents = _encodings()
    paths = []
    for number in range(count):
        path = folder / f"upload-{number:04d}"
        path.write_bytes(contents[number % len(contents)])
        paths.append(path)
    return paths


def _encodings() -> list[bytes]:
    chest, fundus = draw_chest(seed=1, lesion="nodule"), draw_fundus(seed=1)
    plain = encode_dicom(chest)
    large = np.kron(chest.pixels, np.ones((2, 2), dtype=np.uint16))
    shown = Image.fromarray(fundus.pixels)
    frames = [shown.resize((480, 480)).rotate(angle) for angle in range(0, 60, 2)]
    return [
        plain,
        _compressed(plain, JPEG2000Lossless),
        _compressed(plain, RLELossless),
        encode_png(chest),
        _saved(Image.fromarray(large), "PNG"),
        encode_png(fundus),
        encode_dicom(fundus),
        _saved(shown, "JPEG", quality=95),
        _saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
    ]


def _compressed(content: bytes, syntax: str) -> bytes:
    dataset = dcmread(io.BytesIO(content))
    dataset.compress(syntax, generate_instance_uid=False)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def rendered(paths: list[Path], folder: Path) -> int:
    """Render a share of the files as the product does; how many were rendered."""
    return sum(isinstance(outcome, Rendered) for outcome in render_in_child(paths, folder))


def bare(paths: list[Path], folder: Path) -> int:
    """Decode and encode the same three products with as few calls as possible."""
    return _bare(paths, folder, shown=True)


def bare_full_frames(paths: list[Path], folder: Path) -> int:
    """Decode and encode the full frames only."""
    return _bare(paths, folder, shown=False)


def _bare(paths: list[Path], folder: Path, *, shown: bool) -> int:
    for number, path in enumerate(paths):
        target = folder / f"{number:06d}"
        target.mkdir(parents=True)
        frames = _decoded(path)
        for place, frame in enumerate(frames):
            image = Image.fromarray(frame)
            if len(frames) > 1:
                image.save(target / f"full-{place:04d}.jpg", quality=90, subsampling=0)
            else:
                image.save(target / f"full-{place:04d}.png", compress_level=1)
        if shown:
            _write_shown(frames[0], target)
    return len(paths)


def _decoded(path: Path) -> list[np.ndarray]:
    if path.read_bytes()[128:132] == b"DICM":
        return [pixel_array(path)]
    with Image.open(path) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frame = np.asarray(image)
            frames.append(frame.astype(np.uint16) if frame.ndim == 2 else frame)
        return frames


def _write_shown(frame: np.ndarray, target: Path) -> None:
    display = Image.fromarray((frame >> 4).astype(np.uint8) if frame.dtype == np.uint16 else frame)
    display.save(target / "display.png", compress_level=1)
    display.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
    display.save(target / "preview.webp", quality=80, method=2)


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds on the wall, and processor seconds of all its processes."""

    wall: float
    processor: float


def timed(work: Callable[[list[Path], Path], int], paths: list[Path], processes: int) -> Cost:
    """Run until all files are done, each process taking every n-th."""
    with tempfile.TemporaryDirectory() as folder:
        before, started = _processor_seconds(), time.perf_counter()
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes) as pool:
            shares = [(paths[share::processes], Path(folder) / str(share)) for share in range(processes)]
            done = sum(pool.starmap(work, shares))
            wall = time.perf_counter() - started
            pool.close()
            pool.join()
    if done != len(paths):
        raise SystemExit(f"Only {done} of {len(paths)} files came through.")
    return Cost(wall=wall, processor=_processor_seconds() - before)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(files: int, processes: int, repeats: int) -> dict[str, list[Cost]]:
    """All costs of the three loops, taken in turn so that a busy machine burdens them alike."""
    loops = (bare, bare_full_frames, rendered)
    with tempfile.TemporaryDirectory() as folder:
        paths = draw_files(Path(folder), files)
        costs: dict[str, list[Cost]] = {loop.__name__: [] for loop in loops}
        for _ in range(repeats):
            for loop in loops:
                costs[loop.__name__].append(timed(loop, paths, processes))
    return costs


def main() -> None:
    """Run both sides in turn and print one JSON object."""
    parser = argparse.ArgumentParser(
        description="Rendition throughput against a bare decode-and-encode loop."
    )
    parser.add_argument("--files", type=int, default=144)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    costs = measure(options.files, options.processes, options.repeats)
    wall = {name: min(cost.wall for cost in taken) for name, taken in costs.items()}
    processor = {name: min(cost.processor for cost in taken) for name, taken in costs.items()}
    ratio = wall["bare"] / wall["rendered"]
    print(
        json.dumps(
            {
                "benchmark": "ingest",
                "files": options.files,
                "processes": options.processes,
                "repeats": options.repeats,
                "seconds": {name: round(seconds, 2) for name, seconds in wall.items()},
                "processor_seconds": {name: round(seconds, 2) for name, seconds in processor.items()},
                "files_per_second": {name: round(options.files / s, 2) for name, s in wall.items()},
                "ratio": round(ratio, 3),
                "ratio_of_processor_seconds": round(processor["bare"] / processor["rendered"], 3),
                "ratio_to_full_frames_only": round(wall["bare_full_frames"] / wall["rendered"], 3),
                "target": TARGET,
                "met": ratio >= TARGET,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
