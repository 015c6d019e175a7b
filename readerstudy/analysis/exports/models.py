"""What was asked of the models and what came of it: calls with their cost, and verdicts on what they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, Count, Q, Value, When
from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import OUTPUT_COLUMNS, YES, Column
from readerstudy.analysis.evidence import LOST
from readerstudy.analysis.exports.ratings import canonical
from readerstudy.analysis.exports.tables import ExportTable, Source, fixed, moment
from readerstudy.analysis.outputs import output_rows
from readerstudy.generation.models import Attempt, Generation, RefusalVerdict, Verdict
from readerstudy.generation.verdicts.confirmation import is_flagged, queue_of

outputs = ExportTable(
    "outputs.csv",
    _("Every output with the verdict that stands, its own label, confidence and boxes."),
    fixed(*OUTPUT_COLUMNS),
    lambda source: output_rows(source.study),
    "models",
)

BLIND = "; empty while the study is blinded"
GENERATION_COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("case", "The case, by its code."),
    Column("arm", "The arm that asked."),
    Column("replicate", "Which output of this arm on this case.", "1, 2 …", "count"),
    Column("stage", "What became of it.", "queued, running, done, failed"),
    Column("source", "How the arm's outputs come about" + BLIND + ".", "model, human, imported"),
    Column("simulated", "Whether no real model wrote it.", YES),
    Column("input_condition", "What the model was given" + BLIND + ".", "image_text, image, text, none"),
    Column("provider", "The connection that was called" + BLIND + "."),
    Column("asked_model", "The model that was asked for" + BLIND + "."),
    Column("served_model", "The model that answered, as the provider named it" + BLIND + "."),
    Column("fingerprint", "The provider's own mark of its system" + BLIND + "."),
    Column("prompt", "The prompt's name and version" + BLIND + "."),
    Column("prompt_sha256", "SHA-256 of words, images and schema as they were sent" + BLIND + "."),
    Column("parameters", "The parameters of the arm" + BLIND + ".", "JSON"),
    Column("dropped", "Parameters that the model does not take and that were not sent" + BLIND + ".", "JSON"),
    Column("mode", "How the call was made" + BLIND + ".", "live, batch"),
    Column("attempts", "How many calls were made for it" + BLIND + ".", "number", "count"),
    Column(
        "possibly_paid_twice",
        "Calls that may have cost money without giving a reply" + BLIND + ".",
        "number",
        "count",
    ),
    Column("started_at", "When the call that counts began" + BLIND + ".", "ISO 8601, UTC", "date and time"),
    Column("finished_at", "When it ended" + BLIND + ".", "ISO 8601, UTC", "date and time"),
    Column("seconds", "How long it took" + BLIND + ".", "number", "s"),
    Column("outcome", "How it ended" + BLIND + "."),
    Column("error_code", "What kind of error ended it" + BLIND + "."),
    Column("stop_reason", "Why the model stopped, in the provider's word" + BLIND + "."),
    Column("input_tokens", "Tokens that were sent" + BLIND + ".", "number", "tokens"),
    Column("output_tokens", "Tokens that came" + BLIND + ".", "number", "tokens"),
    Column(
        "reasoning_tokens",
        "Tokens spent on reasoning, part of those that came" + BLIND + ".",
        "number",
        "tokens",
    ),
    Column(
        "cost",
        "What the call cost at the price that was entered" + BLIND + ".",
        "number",
        "as the next column",
    ),
    Column("currency", "The currency of the cost" + BLIND + "."),
    Column("characters", "Length of the text" + BLIND + ".", "number", "characters"),
    Column("text_sha256", "SHA-256 of the text as it came."),
    Column(
        "calls_lost", "Calls that failed or were lost on the way, retried ones included.", "number", "count"
    ),
)
COUNTS = ("seconds", "input_tokens", "output_tokens", "reasoning_tokens")


def _generations(source: Source) -> Iterator[list[str]]:
    counted = {
        "calls": Count("attempts"),
        "paid": Count("attempts", filter=Q(attempts__is_possibly_paid=True)),
        "lost": Count("attempts", filter=Q(attempts__outcome__in=LOST)),
    }
    found = Generation.objects.of(source.study).annotate(**counted)
    rows = found.select_related("case", "arm__prompt", "interpretation__attempt__price")
    for row in rows.order_by("case__position", lot(source, "arm"), "replicate").iterator(chunk_size=500):
        yield _generation(source, row)


def lot(source: Source, path: str) -> Case:
    """The place of an arm in the report, to sort by."""
    return Case(
        *(When(**{path: pk}, then=Value(place)) for place, pk in enumerate(source.arms)), default=Value(0)
    )


def _generation(source: Source, row: Any) -> list[str]:
    written = getattr(row, "interpretation", None)
    attempt = written.attempt if written else row.attempts.order_by("-number").select_related("price").first()
    arm, simulated = row.arm, row.arm.is_simulated if source.shown.tells_simulated else None
    told = [arm.kind, *_arm(arm), *_call(attempt), *_counts(row, attempt)]
    kind, *rest = told if not source.is_blinded else [""] * len(told)
    return [
        cells.text(source.study.key),
        cells.text(row.case.code),
        source.arms[arm.pk],
        str(row.replicate),
        row.stage,
        kind,
        cells.flag(simulated),
        *_in_order(rest),
        written.sha256 if written else "",
        str(row.lost),
    ]


def _arm(arm: Any) -> list[str]:
    prompt = f"{arm.prompt.name} {arm.prompt.number}" if arm.prompt else ""
    return [arm.input_condition, cells.text(prompt), canonical(arm.parameters)]


def _call(attempt: Attempt | None) -> list[str]:
    if attempt is None:
        return [""] * 12
    return [
        cells.text(attempt.connection),
        cells.text(attempt.asked_model),
        cells.text(attempt.served_model),
        cells.text(attempt.fingerprint),
        attempt.prompt_sha256,
        canonical(attempt.dropped),
        attempt.mode,
        moment(attempt.started_at),
        moment(attempt.finished_at),
        attempt.outcome,
        cells.text(attempt.error_code),
        cells.text(attempt.stop_reason),
    ]


def _counts(row: Any, attempt: Attempt | None) -> list[str]:
    numbers = [cells.number(getattr(attempt, name, None)) for name in COUNTS]
    cost = getattr(attempt, "cost", None)
    price = attempt.price if attempt else None
    money = ["" if cost is None else format(cost.normalize(), "f"), price.currency if price else ""]
    return [
        str(row.calls),
        str(row.paid),
        *numbers,
        *money,
        cells.number(getattr(attempt, "characters", None)),
    ]


def _in_order(told: list[str]) -> list[str]:
    """The cells from `input_condition` to `characters` in the order of the columns."""
    condition, prompt, parameters, *more = told
    call, (attempts, paid, seconds, *tokens, cost, currency, characters) = more[:12], more[12:]
    provider, asked, served, mark, sha256, dropped, mode, started, finished, outcome, error, stop = call
    return [
        *(
            condition,
            provider,
            asked,
            served,
            mark,
            prompt,
            sha256,
            parameters,
            dropped,
            mode,
            attempts,
            paid,
        ),
        *(started, finished, seconds, outcome, error, stop, *tokens, cost, currency, characters),
    ]


generations = ExportTable(
    "generations.csv",
    _("Every call to a model: parameters, versions, tokens, cost and seconds, and what came of it."),
    fixed(*GENERATION_COLUMNS),
    _generations,
    "models",
)

VERDICT_COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("case", "The case, by its code."),
    Column("arm", "The arm that the output comes from."),
    Column("replicate", "Which output of this arm on this case.", "1, 2 …", "count"),
    Column("verdict", "What kind of response it is, by this verdict.", ", ".join(Verdict.values)),
    Column("declined", "Whether that counts as a refusal.", YES),
    Column("layer", "Who gave it.", "rule, judge = a judging model, person"),
    Column(
        "by",
        "The person, by pseudonym; empty for rules and models.",
        "R01 reader, C01 coordinator, A01 adjudicator …",
    ),
    Column("signal", "What it rests on" + BLIND + "."),
    Column("evidence", "The words it rests on" + BLIND + "."),
    Column("is_sure", "Whether the rules did not have to choose between two readings.", YES),
    Column("given_at", "When it was given.", "ISO 8601, UTC", "date and time"),
    Column("standing", "Whether it is the one that counts.", YES),
    Column("flagged", "Whether the output's automatic verdict calls for a person's look.", YES),
    Column("sampled", "Whether the output is in the random sample of those that are not flagged.", YES),
)
PLACE = "interpretation__generation"


def _verdicts(source: Source) -> Iterator[list[str]]:
    mine = RefusalVerdict.objects.of(source.study)
    standing = set(mine.standing().values_list("pk", flat=True))
    judged = _confirmed(source)
    place = (f"{PLACE}__case__position", lot(source, f"{PLACE}__arm"), f"{PLACE}__replicate", "pk")
    for row in mine.select_related(f"{PLACE}__case").order_by(*place).iterator(chunk_size=500):
        yield [*_verdict(source, row, row.pk in standing), *judged[row.interpretation_id]]


def _confirmed(source: Source) -> dict[int, list[str]]:
    """By output: whether it is flagged, and whether it is in the sample that people look at beside those."""
    drawn = {entry.interpretation for entry in queue_of(source.study).sample}
    mine = RefusalVerdict.objects.of(source.study).automatic()
    rows = mine.values_list("interpretation", "verdict", "interpretation__attempt__outcome")
    return {
        pk: [cells.flag(is_flagged(verdict, outcome)), cells.flag(pk in drawn)]
        for pk, verdict, outcome in rows
    }


def _verdict(source: Source, row: RefusalVerdict, stands: bool) -> list[str]:
    generation = row.interpretation.generation
    return [
        cells.text(source.study.key),
        cells.text(generation.case.code),
        source.arms[generation.arm_id or 0],
        str(generation.replicate),
        row.verdict,
        cells.flag(row.declined),
        row.layer,
        source.person(row.by_id),
        source.unblinded(cells.text(row.signal)),
        source.unblinded(cells.text(row.evidence)),
        cells.flag(row.is_sure),
        moment(row.created_at),
        cells.flag(stands),
    ]


verdicts = ExportTable(
    "verdicts.csv",
    _("Every verdict on what kind of response an output is, by rule, by a judging model and by people."),
    fixed(*VERDICT_COLUMNS),
    _verdicts,
    "models",
)
