"""What left this site for a study: every class of bytes, by provider, counted from the calls themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Purpose, Rendition, RenditionKind, Upload
from readerstudy.generation.models import Attempt, JudgeCall, Mode, VendorCard
from readerstudy.providers import ErrorCode
from readerstudy.studies.models import ArmKind, InputCondition, Study

BEFORE_SENDING = (ErrorCode.CONFIGURATION, ErrorCode.UNSUPPORTED_IMAGE, ErrorCode.NO_RECORDING)
SENT_KINDS = (RenditionKind.DISPLAY, RenditionKind.NORMAL)
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DepartedImage:
    """One image as it was sent to one provider: how often, and what it was here."""

    sha256: str
    slot: str
    case: str
    purpose: str
    kind: str
    mime: str
    size: int
    times: int
    first: datetime
    last: datetime
    image_set: str

    @property
    def bytes_sent(self) -> int:
        return self.size * self.times


@dataclass(frozen=True, slots=True)
class ByteClass:
    """One class of bytes: how many calls carried it, how many bytes in all (None: not counted), and what exactly."""

    name: str
    calls: int
    size: int | None
    details: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Everything that went to one provider, or with an empty name to all of them."""

    connection: str
    label: str
    is_simulated: bool
    region: str
    calls: int
    first: datetime | None
    last: datetime | None
    classes: tuple[ByteClass, ...]
    images: tuple[DepartedImage, ...]


@dataclass
class _Sum:
    # What the calls to one provider add up to.
    calls: int = 0
    batched: int = 0
    tried: int = 0
    words_bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    prompts: set[str] = field(default_factory=set)
    texts: set[int] = field(default_factory=set)
    calls_with_text: int = 0
    calls_with_images: int = 0
    parameters: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    sdks: set[str] = field(default_factory=set)
    images: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    judged: int = 0
    judged_bytes: int = 0

    def judge(self, call: JudgeCall) -> None:
        """Counts one call to the judging model: its words are our instructions and the text of one output."""
        self.calls += 1
        self.judged += 1
        self.judged_bytes += call.words_bytes
        self.first = min(self.first or call.started_at, call.started_at)
        self.last = max(self.last or call.started_at, call.started_at)
        self.models.add(call.asked_model)
        self.sdks |= {call.sdk} - {""}

    def add(self, attempt: Attempt) -> None:
        """Counts one call."""
        source, at = attempt.generation.source, attempt.started_at
        self.calls += 1
        self.batched += attempt.mode == Mode.BATCH
        self.tried += attempt.generation.trial_id is not None
        self.words_bytes += attempt.words_bytes
        self.first, self.last = min(self.first or at, at), max(self.last or at, at)
        if source.prompt is not None:
            self.prompts.add(str(source.prompt))
        self._add_text(attempt)
        self.parameters |= set(attempt.sent)
        self.models.add(attempt.asked_model)
        self.sdks |= {attempt.sdk} - {""}
        self.calls_with_images += bool(attempt.images)
        for image in attempt.images:
            self._add_image(image["sha256"], image["slot"], at)

    def _add_text(self, attempt: Attempt) -> None:
        condition = InputCondition(attempt.generation.source.input_condition)
        if condition.has_text and attempt.generation.case.clinical_text:
            self.calls_with_text += 1
            self.texts.add(attempt.generation.case_id)

    def _add_image(self, sha256: str, slot: str, at: datetime) -> None:
        times, first, last = self.images.get((sha256, slot), (0, at, at))
        self.images[sha256, slot] = [times + 1, min(first, at), max(last, at)]


def departures_of(study: Study) -> list[Departure]:
    """One entry for each provider that was called, and first of all one for all of them together; empty before."""
    sums: dict[str, _Sum] = {}
    whole = _Sum()
    for attempt in _attempts(study).iterator(chunk_size=ROWS_AT_ONCE):
        sums.setdefault(attempt.connection or attempt.generation.source.connection, _Sum()).add(attempt)
        whole.add(attempt)
    for call in _judge_calls(study).iterator(chunk_size=ROWS_AT_ONCE):
        sums.setdefault(call.judge.connection, _Sum()).judge(call)
        whole.judge(call)
    if not sums:
        return []
    known = _Known(_renditions(study), _sets_of_images(study))
    cards = {card.connection: card for card in VendorCard.objects.newest()}
    return [
        _departure("", whole, known, cards),
        *(_departure(name, sums[name], known, cards) for name in sorted(sums)),
    ]


def _attempts(study: Study) -> QuerySet[Attempt]:
    """The calls of the study's arms and of its trials; those that ended before anything was sent are none."""
    of_arms = Q(generation__arm__study=study, generation__arm__kind=ArmKind.MODEL)
    sources = ("generation__arm__prompt", "generation__trial__prompt", "generation__case")
    made = Attempt.objects.filter(of_arms | Q(generation__trial__study=study))
    heavy = ("raw", "generation__case__strata")
    return made.exclude(error_code__in=BEFORE_SENDING).select_related(*sources).defer(*heavy).order_by("pk")


def _judge_calls(study: Study) -> QuerySet[JudgeCall]:
    made = JudgeCall.objects.filter(judge__study=study).exclude(error_code__in=BEFORE_SENDING)
    return made.select_related("judge").defer("raw", "judge__prompt").order_by("pk")


def _renditions(study: Study) -> dict[str, Rendition]:
    """What each hash was here; versions that a mask replaced are among them."""
    found = Rendition.objects.filter(image__case__study=study).select_related("image__case").order_by("-pk")
    sent_last = sorted(found, key=lambda rendition: rendition.kind in SENT_KINDS)
    return {rendition.sha256: rendition for rendition in sent_last}


def _sets_of_images(study: Study) -> dict[int, str]:
    """The name of the set in which each image came, by the image's primary key."""
    rendered = Upload.objects.of(study).filter(image__isnull=False)
    return dict(rendered.values_list("image_id", "image_set__name"))


@dataclass(frozen=True, slots=True)
class _Known:
    # What the images of the study are here: by the hash of what was sent, and by the image itself.
    renditions: dict[str, Rendition]
    sets: dict[int, str]


def _departure(name: str, found: _Sum, known: _Known, cards: dict[str, VendorCard]) -> Departure:
    offer, card = settings.CONNECTIONS.get(name), cards.get(name)
    images = tuple(_images(found, known))
    return Departure(
        connection=name,
        label=offer.label if offer else name,
        is_simulated=bool(offer and offer.simulated),
        region=card.region if card else "",
        calls=found.calls,
        first=found.first,
        last=found.last,
        classes=tuple(_classes(found, images)),
        images=images,
    )


def _images(found: _Sum, known: _Known) -> Iterator[DepartedImage]:
    for (sha256, slot), (times, first, last) in found.images.items():
        rendition = known.renditions.get(sha256)
        case = rendition.image.case if rendition else None
        yield DepartedImage(
            sha256=sha256,
            slot=slot,
            case=case.code if case else "",
            purpose=case.purpose if case else "",
            kind=rendition.kind if rendition else "",
            mime=rendition.mime if rendition else "",
            size=rendition.size if rendition else 0,
            times=times,
            first=first,
            last=last,
            image_set=known.sets.get(rendition.image_id, "") if rendition else "",
        )


def _classes(found: _Sum, images: tuple[DepartedImage, ...]) -> Iterator[ByteClass]:
    examples = [image for image in images if image.purpose == Purpose.EXAMPLE]
    others = [image for image in images if image.purpose != Purpose.EXAMPLE]
    yield _image_class(_("Images of cases"), others)
    yield _image_class(_("Images of examples in prompts"), examples)
    yield ByteClass(
        _("Words: prompts, captions and clinical text"),
        found.calls - found.judged,
        found.words_bytes,
        _("Prompts: %(names)s") % {"names": ", ".join(sorted(found.prompts)) or "—"},
    )
    yield ByteClass(
        _("Clinical text (within the words)"),
        found.calls_with_text,
        None,
        ngettext("Of %(n)d case", "Of %(n)d cases", len(found.texts)) % {"n": len(found.texts)},
    )
    yield ByteClass(
        _("Texts of outputs, to the judging model alone"),
        found.judged,
        found.judged_bytes,
        _("With our instructions; no image, and nothing that names an arm") if found.judged else "—",
    )
    yield ByteClass(
        _("Attempt ids, in a header or beside each call of a batch"), found.calls, None, _ids(found)
    )
    yield ByteClass(
        _("Other headers: our key at the provider, and the program’s name and version"),
        found.calls,
        None,
        ", ".join(sorted(found.sdks)) or "—",
    )
    told = {"models": ", ".join(sorted(found.models)), "names": ", ".join(sorted(found.parameters)) or "—"}
    yield ByteClass(
        _("Model and parameters"), found.calls, None, _("Models: %(models)s. Parameters: %(names)s") % told
    )


def _image_class(name: str, images: Iterable[DepartedImage]) -> ByteClass:
    rows = list(images)
    count = len({row.sha256 for row in rows})
    told = {
        "n": count,
        "slots": ", ".join(sorted({row.slot for row in rows})) or "—",
        "kinds": ", ".join(sorted({_kind(row) for row in rows})) or "—",
        "sets": ", ".join(sorted({row.image_set or _("no longer known") for row in rows})),
    }
    details = (
        ngettext(
            "%(n)d image; slots: %(slots)s; renditions: %(kinds)s; image sets: %(sets)s",
            "%(n)d different images; slots: %(slots)s; renditions: %(kinds)s; image sets: %(sets)s",
            count,
        )
        % told
    )
    return ByteClass(
        name, sum(row.times for row in rows), sum(row.bytes_sent for row in rows), details if rows else "—"
    )


def _kind(image: DepartedImage) -> str:
    return str(RenditionKind(image.kind).label) if image.kind else _("no longer known")


def _ids(found: _Sum) -> str:
    """What kinds of calls there were."""
    told = {
        "live": found.calls - found.batched,
        "batched": found.batched,
        "tried": found.tried,
        "judged": found.judged,
    }
    return (
        _(
            "%(live)d live, %(batched)d in batches; %(tried)d of them to try prompts out, %(judged)d to judge refusals"
        )
        % told
    )


def never_leaves() -> list[str]:
    """Classes of bytes that no call carries, in words."""
    return [
        _("The uploaded files themselves, DICOM headers, names of files and folders"),
        _("Reference labels, strata and codes of cases"),
        _("Images that no person has confirmed, and cases that were left out"),
        _("Names of studies, arms and people of this site"),
        _("Ratings, verdicts, and anything that readers do"),
        _("To a model that is compared: what another model or a person wrote about a case"),
    ]


def class_rows(departures: Iterable[Departure]) -> Iterator[list[str]]:
    """The classes of all providers as rows of a table, with a header."""
    yield ["provider", "simulated", "region", "first_call", "last_call", "class", "calls", "bytes", "details"]
    for each in departures:
        if not each.connection:
            continue
        for found in each.classes:
            yield [
                each.label,
                str(int(each.is_simulated)),
                each.region,
                _iso(each.first),
                _iso(each.last),
                found.name,
                str(found.calls),
                "" if found.size is None else str(found.size),
                found.details,
            ]


def image_rows(departures: Iterable[Departure]) -> Iterator[list[str]]:
    """Every image that left, by provider, as rows of a table, with a header."""
    yield [
        "provider",
        "sha256",
        "slot",
        "case",
        "purpose",
        "rendition",
        "mime",
        "bytes",
        "times",
        "first",
        "last",
        "image_set",
    ]
    for each in departures:
        for image in each.images if each.connection else ():
            facts = [image.sha256, image.slot, image.case, image.purpose, image.kind, image.mime]
            moments = [_iso(image.first), _iso(image.last)]
            yield [each.label, *facts, str(image.size), str(image.times), *moments, image.image_set]


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
