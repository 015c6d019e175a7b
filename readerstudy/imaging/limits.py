"""How much one uploaded file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one file in the decoding child. Sizes in bytes, times in seconds.

    `memory_bytes` is address space above what the child needs to start; a file is read from disk piece by piece,
    so its size does not count. `max_total_pixels` counts 16-bit values of all frames together. A file gets
    `cpu_seconds` and `wall_seconds`, and where it is larger than `unhurried_bytes` a second more for each
    `bytes_per_second` beyond. `files_per_child` is how many files a child decodes before a fresh one takes over.
    """

    max_file_bytes: int = 2_000 * _MEGA
    max_frame_pixels: int = 100 * _MEGA
    max_frames: int = 600
    max_total_pixels: int = 1_000 * _MEGA
    max_inflated_bytes: int = 400 * _MEGA
    memory_bytes: int = 2_000 * _MEGA
    max_output_bytes: int = 1_000 * _MEGA
    cpu_seconds: int = 60
    wall_seconds: float = 60.0
    start_seconds: float = 120.0
    unhurried_bytes: int = 200 * _MEGA
    bytes_per_second: int = 5 * _MEGA
    files_per_child: int = 500

    def extra_seconds(self, file_bytes: int) -> int:
        """How much longer than an ordinary file one of this size may take, by either clock."""
        return max(0, file_bytes - self.unhurried_bytes) // self.bytes_per_second

    def longest_seconds(self) -> float:
        """How long the largest file that is accepted may keep a child busy."""
        return self.wall_seconds + self.extra_seconds(self.max_file_bytes)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds for one zip file. A member may inflate to `max_ratio` times its size once past `ratio_floor_bytes`."""

    max_members: int = 5_000
    max_directory_bytes: int = 16 * _MEGA
    max_member_bytes: int = 200 * _MEGA
    max_total_bytes: int = 5_000 * _MEGA
    max_ratio: float = 200.0
    ratio_floor_bytes: int = 10 * _MEGA
