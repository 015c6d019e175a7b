"""What of the reports' room goes into a copy of a study: nothing."""

from __future__ import annotations

from readerstudy.studies.copying import leave

leave(
    analysis__Report="computed from the other study's ratings",
    analysis__InterimLook="looks at the other study's results",
)
