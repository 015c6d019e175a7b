"""The files a study can be taken away as: the report, and every table behind it."""

from readerstudy.analysis.exports.report_files import as_html, as_json, figure, picture_names

__all__ = ["as_html", "as_json", "figure", "picture_names"]
