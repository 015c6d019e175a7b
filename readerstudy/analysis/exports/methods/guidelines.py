"""The lines of seven reporting guidelines that fall on a reader study, in our own words, and what answers them.

Each line names the facts that fill it (see `facts.py`) and what an author still has to say by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from readerstudy.analysis.exports.methods.parts import Guideline, Line

Row = tuple[str, str, tuple[str, ...], str]


def guidelines(told: Mapping[str, str]) -> tuple[Guideline, ...]:
    """The guidelines with what is known; `told` holds sentences by name."""
    rows = (
        (
            "TRIPOD-LLM",
            _("Reporting of studies that build, tune or evaluate large language models."),
            _tripod(),
        ),
        ("MI-CLEAR-LLM", _("The least that a study of language models in medicine must say."), _mi_clear()),
        ("GRRAS", _("Reporting of reliability and agreement."), _grras()),
        ("CLAIM", _("Artificial intelligence in medical imaging."), _claim()),
        ("STARD-AI", _("Diagnostic accuracy of artificial intelligence."), _stard()),
        ("DECIDE-AI", _("Early clinical evaluation of decision support."), _decide()),
        ("FDA MRMC", _("What a regulator asks of multi-reader multi-case studies."), _fda()),
    )
    return tuple(
        Guideline(name, about, tuple(_line(row, told) for row in lines)) for name, about, lines in rows
    )


def _line(row: Row, told: Mapping[str, str]) -> Line:
    number, asks, names, prompt = row
    known = tuple(told[name] for name in names if name in told)
    return Line(number, asks, known, prompt or ("" if known else _("Not known to the system.")))


def _tripod() -> tuple[Row, ...]:
    return (
        ("5c", _("Oldest and newest date of the data"), (), _("From when to when were the images taken?")),
        ("6a", _("Name, version and last use of each model"), ("models", "simulated"), ""),
        ("6b-c", _("Settings and prompts"), ("prompts", "one_call"), _("Say how the prompt was tried out.")),
        ("6d", _("Outputs as they came and as they were shown"), ("text_form",), ""),
        ("7a", _("Definition of each measure"), ("questions", "endpoints", "statistics"), ""),
        (
            "7b",
            _("Who assessed: qualification, instructions, agreement"),
            ("readers", "qualifications", "instructions"),
            "",
        ),
        ("7c", _("Comparators"), ("comparators",), _("Say why these comparators were chosen.")),
        ("8a", _("Guide for assessors, with examples"), ("instructions", "training"), ""),
        ("8b", _("Number of assessors and share assessed by several"), ("readers", "allocation"), ""),
        ("8c", _("Background of assessors and their agreement"), ("qualifications", "statistics"), ""),
        (
            "9a-b",
            _("Design of prompts and the data used for it"),
            ("prompts",),
            _("Which cases served to write the prompt?"),
        ),
        ("12", _("Compute, time and cost"), ("compute",), ""),
        (
            "13",
            _("Ethics and consent"),
            ("ethics", "consent"),
            _("Name the board and the number of its decision."),
        ),
        (
            "14c-d",
            _("Protocol and registration"),
            ("protocol", "locked", "signed"),
            _("Give the registration number."),
        ),
        ("14e-f", _("Availability of data and code"), ("data",), _("Where can others get the archive?")),
        ("16", _("Flow of cases"), ("cases", "counts"), ""),
        (
            "17",
            _("Results of the human evaluation"),
            ("counts",),
            _("Take figures and tables from the report."),
        ),
        ("18", _("Updates of models during the study"), ("models",), _("Did a provider announce a change?")),
    )


def _mi_clear() -> tuple[Row, ...]:
    return (
        (
            "1",
            _("Exact model, version, maker, cut-off of training, web access, day of query"),
            ("models",),
            _("Give the training cut-off, and whether the model could search the web."),
        ),
        ("2", _("Chance: repeats, temperature, how answers were merged"), ("replicates", "models"), ""),
        ("3", _("Prompts word for word"), ("prompts",), ""),
        ("4", _("How prompts were used: one conversation or a new one for each"), ("one_call",), ""),
        (
            "5",
            _("Trials of prompts"),
            (),
            _("How was the prompt tried out, on which cases, and what was changed?"),
        ),
        (
            "6",
            _("Independence of the test data"),
            (),
            _("Can the model have seen these images or reports in training?"),
        ),
    )


def _grras() -> tuple[Row, ...]:
    return (
        ("1", _("Reliability or agreement in the title or abstract"), ("title",), ""),
        ("2", _("What is measured and by which scale"), ("questions",), ""),
        (
            "3-4",
            _("Subjects and raters of interest"),
            ("cases", "readers", "qualifications"),
            _("Of which population are they?"),
        ),
        (
            "5",
            _("What is known of agreement, and why this study"),
            ("question",),
            _("Cite earlier estimates."),
        ),
        (
            "6",
            _("How the sample size was chosen: raters, subjects, repeats"),
            ("sample_size", "repeats"),
            _("Give the calculation; the command “power” makes one."),
        ),
        (
            "7",
            _("How subjects and raters were sampled"),
            ("strata",),
            _("How were cases and readers found and chosen?"),
        ),
        (
            "8",
            _("The rating: interval between repeats, information, blinding"),
            ("allocation", "repeats", "washout", "blinding"),
            "",
        ),
        ("9", _("Independence of ratings"), ("independence",), ""),
        ("10", _("Statistical analysis"), ("statistics", "resampling", "software"), ""),
        ("11", _("Actual numbers of raters, subjects and ratings"), ("cases", "readers", "counts"), ""),
        ("12", _("Training and experience of raters"), ("qualifications", "training"), ""),
        (
            "13",
            _("Estimates with their uncertainty"),
            ("statistics",),
            _("Take them from the report, with n and interval."),
        ),
        (
            "14",
            _("What the results mean in practice"),
            (),
            _("Discuss whether the agreement is enough for its use."),
        ),
        ("15", _("Detailed results"), ("data",), ""),
    )


def _claim() -> tuple[Row, ...]:
    return (
        ("7", _("Data sources"), ("images",), _("Name institutions, scanners and years.")),
        ("8", _("Who is included"), ("cases", "strata"), _("Give inclusion and exclusion of patients.")),
        ("12", _("De-identification"), ("deidentified",), ""),
        ("13", _("Missing data"), ("counts",), ""),
        (
            "14-15",
            _("Definition and source of the reference standard"),
            ("reference",),
            _("Who set it, from what, and blinded to what?"),
        ),
        (
            "16",
            _("Qualification and preparation of annotators"),
            ("readers", "qualifications", "training"),
            "",
        ),
        ("17", _("Tool and version"), ("software", "protocol"), ""),
        (
            "18",
            _("Variability between and within raters, and how it was settled"),
            ("statistics", "repeats"),
            "",
        ),
        ("21", _("Partitions of the data"), ("cases",), _("Was any case used to tune a model or prompt?")),
        ("22", _("Model in enough detail to repeat it"), ("models", "prompts"), ""),
        ("28", _("Measures of performance"), ("endpoints", "statistics"), ""),
        ("33", _("Flow of cases"), ("cases",), ""),
        (
            "37",
            _("Analysis of failures"),
            ("refusals",),
            _("Describe the cases that were wrong; the report lists them."),
        ),
    )


def _stard() -> tuple[Row, ...]:
    return (
        ("5", _("Data collected before or after the tests were planned"), ("locked",), ""),
        (
            "6-7",
            _("Eligibility and how cases were found"),
            ("cases",),
            _("Give the criteria and the setting."),
        ),
        ("10", _("Index test in enough detail, with its version"), ("models", "prompts"), ""),
        ("11", _("Reference standard and why it was chosen"), ("reference",), _("Justify it.")),
        ("12", _("Cut-offs, fixed before or found in the data"), ("questions", "locked"), ""),
        ("13", _("What readers of each test knew"), ("blinding",), ""),
        ("14-15", _("Methods, indeterminate and refused outputs"), ("statistics", "refusals"), ""),
        ("16", _("Missing data"), ("counts",), ""),
        ("18", _("Sample size"), ("sample_size",), _("Give the calculation.")),
        ("19", _("Flow of cases"), ("cases", "counts"), ""),
        ("20", _("Who the cases are"), ("strata",), _("Give age, sex and disease of patients.")),
        ("23", _("Cross-table of output and reference"), ("reference",), _("Take it from the report.")),
        ("F", _("Fairness: results by subgroup"), ("strata",), _("Report each stratum.")),
        ("28", _("Registration"), (), _("Give the number and the name of the registry.")),
        ("29", _("Where the protocol is"), ("protocol",), ""),
    )


def _decide() -> tuple[Row, ...]:
    return (
        ("4", _("The system, its version, input and output"), ("models", "one_call"), ""),
        (
            "5",
            _("Where and with whom it was tried"),
            ("readers", "qualifications"),
            _("Describe the workplace and how like practice it was."),
        ),
        ("6", _("Safety: errors and events"), ("refusals",), _("List harmful errors and what followed.")),
        (
            "7",
            _("Human factors: how people used it"),
            ("time", "dates"),
            _("Say how usability was assessed."),
        ),
        ("8", _("Ethics"), ("ethics", "consent"), ""),
        ("10", _("Training of users and learning"), ("training", "time"), ""),
        ("13", _("Changes to the system during the study"), ("models", "amendments"), ""),
        (
            "14",
            _("Agreement of people and system, and overrides"),
            ("statistics",),
            _("Take it from the report."),
        ),
        ("17", _("Data and code"), ("data", "audit"), ""),
    )


def _fda() -> tuple[Row, ...]:
    return (
        (
            "1",
            _("Qualification of each reader"),
            ("qualifications",),
            _("Attach curricula; readers.csv has the table."),
        ),
        ("2", _("Scheme of randomisation"), ("allocation",), ""),
        ("3", _("Dates of sessions and gaps between them"), ("dates", "washout"), ""),
        ("4", _("Truthing: who, how and blinded to what"), ("reference",), _("Describe the truthing panel.")),
        ("5", _("Training on device and scale"), ("training", "instructions"), ""),
        (
            "6",
            _("Version of the analysis plan, and that it came first"),
            ("protocol", "locked", "primary", "multiplicity"),
            "",
        ),
        ("7", _("Results of each reader"), ("data",), _("The archive has them, also for iMRMC and RJafroc.")),
        ("8", _("Whether sites may be pooled"), ("strata",), _("Compare sites.")),
        (
            "9",
            _("Exclusions and stopping"),
            ("exclusions", "stopping"),
            _("State both, even where there are none."),
        ),
        (
            "10",
            _("Reuse of test data and its trail"),
            ("audit", "unblinded"),
            _("Were these cases used in an earlier test?"),
        ),
    )
