"""The files a study can be taken away as: the report, and every table behind it."""

from readerstudy.analysis.exports.report_files import (
    Shown,
    as_html,
    as_json,
    document_for,
    figure,
    picture_names,
)

__all__ = ["Shown", "as_html", "as_json", "document_for", "figure", "picture_names"]
