"""Static files under hashed names, and with them the modules that a module of ours names."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

OUR_MODULES = "js/*.js"
IMPORTS = (
    (
        r"""(?P<matched>^import(?P<names>\s[^"';]*?\sfrom|)\s*"(?P<url>\.{1,2}/[^"]+)";)""",
        'import%(names)s "%(url)s";',
    ),
)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashes, compresses, and rewrites `import … from "./other.js";` of our modules to the other file's hashed name.

    Without it a page with a new module could run old ones from a cache. Django's own
    `support_js_module_import_aggregation` reads the files of packages too, and stops at imports that only their
    bundlers understand.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (OUR_MODULES, tuple((f"(?m){pattern}", template) for pattern, template in IMPORTS)),
    )
