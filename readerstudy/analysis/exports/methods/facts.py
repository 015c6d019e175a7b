"""What the system knows of a study, as finished sentences by name; a name without a sentence is not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import median
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.analysis.document.endpoints import STATISTICS
from readerstudy.analysis.evidence import seed_of
from readerstudy.analysis.exports.tables import Source
from readerstudy.analysis.report import software_line
from readerstudy.analysis.table import reference_of
from readerstudy.cases.models import Attestation, Case, Image, Purpose
from readerstudy.generation.models import Attempt, FrozenSet, Interpretation
from readerstudy.reading.models import Allocation, AllocationPlan, PresentationKind, Rating, Reading, Session
from readerstudy.reading.plan_forms import COMPARISONS, COVERAGES
from readerstudy.reading.protocol import frozen_of
from readerstudy.stats.inference import Inference
from readerstudy.studies.models import Arm, ArmKind, Design, ProtocolVersion, Unblinding

DAY = "j M Y"
CORRECTIONS = {
    "holm": gettext_lazy("p-values of one family are corrected by Holm's method."),
    "benjamini-hochberg": gettext_lazy(
        "p-values of one family are corrected by Benjamini and Hochberg's method."
    ),
    "none": gettext_lazy("p-values are not corrected for their number."),
}
Told = dict[str, str]


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def day(at: datetime | None) -> str:
    return date_format(at, DAY) if at else ""


def days(first: datetime | None, last: datetime | None) -> str:
    """From when to when, or the one day."""
    if day(first) == day(last):
        return _("on %(day)s") % {"day": day(first)} if first else ""
    return _("from %(first)s to %(last)s") % {"first": day(first), "last": day(last)}


@dataclass(frozen=True)
class Facts:
    """The facts of one study. Arms are named as the protocol names them; no result is told by arm while blinded."""

    source: Source

    @cached_property
    def arms(self) -> list[Arm]:
        return list(Arm.objects.filter(study=self.source.study).select_related("prompt").order_by("position"))

    @cached_property
    def models(self) -> list[Arm]:
        return [arm for arm in self.arms if arm.kind == ArmKind.MODEL]

    @cached_property
    def design(self) -> Design:
        return Design.objects.of(self.source.study)

    @cached_property
    def calls(self) -> dict[int, dict[str, Any]]:
        """By arm: first and last day of its calls, tokens and cost."""
        rows = Attempt.objects.filter(generation__arm__in=self.models).order_by().values("generation__arm")
        sums = {"first": Min("started_at"), "last": Max("started_at"), "n": Count("pk")}
        sums |= {"sent": Sum("input_tokens"), "came": Sum("output_tokens"), "took": Sum("seconds")}
        return {row["generation__arm"]: dict(row) for row in rows.annotate(**sums)}

    @cached_property
    def told(self) -> Told:
        """All sentences by name; empty ones are left out."""
        groups = (
            self._study(),
            self._cases(),
            self._models(),
            self._readers(),
            self._reading(),
            self._analysis(),
        )
        return {name: sentence for group in groups for name, sentence in group.items() if sentence}

    def _study(self) -> Told:
        study, section = self.source.study, self.design.section("study")
        ethics = self.design.section("ethics")
        versions = list(ProtocolVersion.objects.of(study))
        signed = next((each.signature for each in reversed(versions) if each.signature), None)
        return {
            "title": study.title,
            "question": study.question,
            "hypotheses": " ".join(section.get("hypotheses", ())),
            "source": section.get("source", ""),
            "protocol": _("Protocol version %(n)d; manifest SHA-256 %(hash)s.")
            % {"n": study.protocol_version, "hash": study.manifest_sha256}
            if study.manifest_sha256
            else "",
            "locked": _(
                "The protocol, cases, outputs, questions and allocation were locked on %(day)s, before "
                "the first rating that counts."
            )
            % {"day": day(study.locked_at)}
            if study.locked_at
            else "",
            "signed": _("Signed by %(name)s on %(day)s.")
            % {"name": signed.printed_name, "day": day(signed.at)}
            if signed
            else "",
            "amendments": self._amendments(versions),
            "ethics": _("Ethics, as entered: %(told)s.") % {"told": _entered(ethics)}
            if _entered(ethics)
            else "",
            "unblinded": self._unblinded(),
            "audit": _(
                "Every entry, change and export is in an append-only audit trail whose events are "
                "bound by SHA-256; it is in the archive."
            ),
            "data": _(
                "Ratings, outputs, allocation, codebook, protocol and scripts in R and Python that "
                "recompute the figures are in one archive with checksums."
            ),
        }

    def _unblinded(self) -> str:
        found = list(Unblinding.objects.of(self.source.study))
        early = sum(not each.is_planned for each in found)
        if early:
            told = _("The blind was broken early %(n)d times; the audit trail says by whom and why.")
            return told % {"n": early}
        if found:
            told = _("Reports and tables named the arms by codes until the study was unblinded, on %(day)s.")
            return told % {"day": day(found[0].at)}
        if self.source.is_blinded:
            return _("Reports and tables name the arms by codes, and nobody has broken the blind.")
        return ""

    def _amendments(self, versions: list[ProtocolVersion]) -> str:
        found = [each for each in versions if each.kind == "amendment"]
        if not found:
            return _("The protocol was not amended after its lock.") if self.source.study.locked_at else ""
        told = "; ".join(f"{day(each.at)}: {each.reason} ({each.ratings_before})" for each in found)
        return _("Amendments, with the number of ratings before each: %(told)s.") % {"told": told}

    def _cases(self) -> Told:
        study, table = self.source.study, self.source.long
        every = Case.objects.filter(study=study)
        left_out = every.filter(left_out_at__isnull=False).count()
        cases = list(table.cases.values())
        labels = sorted({reference_of(case) for case in cases} - {""})
        known = sum(bool(reference_of(case)) for case in cases)
        images = list(Image.objects.of(study))
        kinds = sorted({str(image.meta.get("imaging_modality") or "") for image in images} - {""})
        apart = every.filter(
            left_out_at=None, purpose__in=[Purpose.PRACTICE, Purpose.CHECK, Purpose.EXAMPLE]
        ).count()
        return {
            "cases": _(
                "%(n)d cases were compared; %(out)d were left out before, and %(apart)d served "
                "practice, attention checks or prompts alone."
            )
            % {"n": len(cases), "out": left_out, "apart": apart},
            "strata": _("Strata: %(names)s.") % {"names": listed(table.strata)} if table.strata else "",
            "reference": _("%(known)d of %(n)d cases have a reference standard; labels: %(labels)s.")
            % {"known": known, "n": len(cases), "labels": listed(labels)}
            if known
            else "",
            "images": ngettext("%(n)d image was shown", "%(n)d images were shown", len(images))
            % {"n": len(images)}
            + (_(", of the kinds %(kinds)s.") % {"kinds": listed(kinds)} if kinds else "."),
            "deidentified": self._deidentified(images),
        }

    def _deidentified(self, images: list[Image]) -> str:
        if not Attestation.objects.filter(study=self.source.study).exists():
            return ""
        looked = sum(image.confirmed_at is not None for image in images)
        told = _(
            "A coordinator attested that files were de-identified; each was rebuilt into new files "
            "without its header, and a person confirmed for %(n)d of %(all)d images that no name "
            "is written in the pixels."
        )
        return told % {"n": looked, "all": len(images)}

    def _models(self) -> Told:
        others = [arm for arm in self.arms if arm.kind != ArmKind.MODEL]
        prompts = {f"{arm.prompt.name} {arm.prompt.number}" for arm in self.models if arm.prompt}
        parts = [self._model(arm) for arm in self.models]
        costs = Attempt.objects.filter(generation__arm__in=self.models, cost__isnull=False)
        sums = (
            costs.order_by().values("price__currency").annotate(total=Sum("cost")).order_by("price__currency")
        )
        money = listed(f"{row['total'].normalize():f} {row['price__currency']}" for row in sums)
        tokens = [sum(row[name] or 0 for row in self.calls.values()) for name in ("sent", "came")]
        seconds = _known(
            Attempt.objects.filter(interpretation__generation__arm__in=self.models).values_list(
                "seconds", flat=True
            )
        )
        simulated = [arm.name for arm in self.arms if arm.is_simulated]
        return {
            "models": " ".join(parts),
            "comparators": _("Compared with: %(arms)s.")
            % {"arms": listed(f"{arm.name} ({arm.get_kind_display()})" for arm in others)}
            if others
            else "",
            "simulated": _("Simulated, so that no real model wrote them: %(arms)s.")
            % {"arms": listed(simulated)}
            if simulated
            else "",
            "prompts": _("Prompts: %(names)s; their words stand at the end of this pack.")
            % {"names": listed(sorted(prompts))}
            if prompts
            else "",
            "one_call": _("Each output came from one call of its own, without a conversation before it.")
            if self.models
            else "",
            "replicates": self._replicates(),
            "text_form": _(
                "Readers saw a levelled copy of each text that a person had approved; the text as it "
                "came is kept with its SHA-256."
            )
            if FrozenSet.objects.filter(study=self.source.study).exists()
            else "",
            "compute": self._compute(tokens, seconds, money),
            "refusals": self._refusals(),
        }

    def _replicates(self) -> str:
        if all(arm.replicates == 1 for arm in self.models):
            return _("Each model was asked once about each case.") if self.models else ""
        told = _(
            "Outputs for each case: %(told)s; readers read the first, the others show how far a model agrees with "
            "itself."
        )
        return told % {"told": listed(f"{arm.name} {arm.replicates}" for arm in self.models)}

    def _model(self, arm: Arm) -> str:
        served = sorted(
            set(
                Attempt.objects.filter(interpretation__generation__arm=arm)
                .exclude(served_model="")
                .values_list("served_model", flat=True)
            )
        )
        row = self.calls.get(arm.pk, {})
        settings = listed(f"{name} {value}" for name, value in sorted(arm.parameters.items())) or _(
            "none but the provider's own"
        )
        told = _(
            "%(name)s: model %(model)s at %(provider)s, served as %(served)s, asked %(when)s; parameters: "
            "%(settings)s; given: %(input)s."
        )
        return told % {
            "name": arm.name,
            "model": arm.model,
            "provider": arm.connection,
            "served": listed(served) or "—",
            "when": days(row.get("first"), row.get("last")) or _("never"),
            "settings": settings,
            "input": str(arm.get_input_condition_display()).lower(),
        }

    def _compute(self, tokens: list[int], seconds: list[float], money: str) -> str:
        if not any(tokens) and not seconds:
            return ""
        told = _("%(sent)d tokens were sent and %(came)d came") % {"sent": tokens[0], "came": tokens[1]}
        told += _("; median time of a call %(s).1f s") % {"s": median(seconds)} if seconds else ""
        return told + (_("; cost %(money)s.") % {"money": money} if money else ".")

    def _refusals(self) -> str:
        study = self.source.study
        texts = Interpretation.objects.filter(
            generation__arm__in=self.arms,
            generation__case__in=self.source.long.cases,
            generation__replicate=1,
        )
        judged = self.source.long.verdicts
        declined = sum(judged[pk].declined for pk in texts.values_list("pk", flat=True) if pk in judged)
        told = _(
            "Refusals are outcomes: %(policy)s. %(n)d of %(all)d outputs are refusals; figures are "
            "given with them as failures and without them."
        )
        return told % {"policy": str(study.get_refusal_policy_display()), "n": declined, "all": texts.count()}

    def _readers(self) -> Told:
        readers = list(self.source.long.readers.values())
        profiles = [reader.user.profile for reader in readers if hasattr(reader.user, "profile")]
        years = [each.years_experience for each in profiles]
        specialties = sorted({each.specialty for each in profiles if each.specialty})
        simulated = sum(reader.user.is_simulated for reader in readers)
        consented = sum(reader.consented_at is not None for reader in readers)
        gone = sum(reader.removed_at is not None for reader in readers)
        practice = self.design.section("phases").get("practice", {}).get("cases", ())
        return {
            "readers": ngettext("%(n)d reader took part", "%(n)d readers took part", len(readers))
            % {"n": len(readers)}
            + (_("; %(gone)d left before the end.") % {"gone": gone} if gone else "."),
            "qualifications": (
                _("Specialties: %(told)s.") % {"told": listed(specialties)} if specialties else ""
            )
            + (
                _(" Years of experience: %(low)d to %(high)d.") % {"low": min(years), "high": max(years)}
                if years
                else ""
            ),
            "simulated_readers": ngettext(
                "%(n)d reader is simulated; no doctor gave these ratings.",
                "%(n)d readers are simulated; no doctor gave these ratings.",
                simulated,
            )
            % {"n": simulated}
            if simulated
            else "",
            "consent": _("%(n)d of %(all)d readers agreed to the consent text.")
            % {"n": consented, "all": len(readers)}
            if consented
            else "",
            "instructions": _("Readers were instructed in writing: “%(words)s”")
            % {"words": self.source.study.instructions}
            if self.source.study.instructions
            else "",
            "training": _("%(n)d practice cases with feedback came before the first case that counts.")
            % {"n": len(practice)}
            if practice
            else "",
        }

    def _reading(self) -> Told:
        study = self.source.study
        plan = AllocationPlan.objects.locked(study) or AllocationPlan.objects.current(study)
        mine = Allocation.objects.filter(plan=plan)
        repeats = mine.filter(kind=PresentationKind.REPEAT).count()
        section = self.design.section("allocation")
        done = Reading.objects.filter(allocation__plan=plan, submitted_at__isnull=False)
        active = _known(done.values_list("active_seconds", flat=True))
        spread = done.aggregate(first=Min("shown_at"), last=Max("submitted_at"))
        counts = self._ratings()
        return {
            "allocation": _(
                "Who reads what was drawn by the algorithm %(algorithm)s from a stored seed. %(plan)s. %(outputs)s. "
                "The order is random for each reader and stored."
            )
            % {
                "algorithm": plan.algorithm,
                "plan": dict(COVERAGES)[section.get("plan", "crossed")],
                "outputs": dict(COMPARISONS)[section.get("outputs", "one_at_a_time")],
            }
            if plan
            else "",
            "washout": _("At least %(n)d days lay between two periods of a case.")
            % {"n": section["washout_days"]}
            if section.get("washout_days")
            else "",
            "repeats": _(
                "%(n)d presentations came again unmarked, to measure how far readers agree with themselves."
            )
            % {"n": repeats}
            if repeats
            else "",
            "blinding": _(
                "Outputs stood under letters drawn for each reader and case; readers saw neither the source of a text "
                "nor other readers' answers."
            )
            + " "
            + self._reference_shown(),
            "independence": _(
                "Readers worked alone, each under an account of their own; no reader saw another's answers."
            ),
            "dates": _("Readings took place %(when)s in %(n)d sittings.")
            % {
                "when": days(spread["first"], spread["last"]),
                "n": Session.objects.filter(seat__study=study).count(),
            }
            if spread["last"]
            else "",
            "time": _("Median active time of a reading: %(s).0f s.") % {"s": median(active)}
            if active
            else "",
            "questions": _("Questions: %(told)s.")
            % {
                "told": "; ".join(
                    f"“{row.question}” ({row.get_kind_display()})"
                    for row in self.source.long.criteria.values()
                )
            },
            "counts": counts,
        }

    def _reference_shown(self) -> str:
        if frozen_of(self.source.study).shows_reference:
            return _("The reference standard stood beside the text.")
        return _("The reference standard was not shown with any case that counts.")

    def _ratings(self) -> str:
        mine = {"allocation__plan__study": self.source.study, "allocation__plan__is_pilot": False}
        rows = Rating.objects.filter(**mine).aggregate(
            n=Count("pk", filter=~Q(value="")), cannot=Count("pk", filter=Q(cannot_judge=True))
        )
        told = _("%(n)d ratings stand; “cannot judge” was chosen %(cannot)d times and counts as missing.")
        return told % rows if rows["n"] else ""

    def _analysis(self) -> Told:
        plan, study = self.design.section("analysis"), self.source.study
        asked = Inference(
            **{
                "seed": seed_of(study),
                **{name: plan[name] for name in ("level", "resamples", "seed") if name in plan},
            }
        )
        endpoints = self.design.section("endpoints")
        primary = [each for each in endpoints if each.get("primary")]
        return {
            "statistics": _(
                "Means and shares: crossed moment estimates of case, reader and error variance, Hillis "
                "degrees of freedom, t intervals at %(level)g %%; agreement: percent agreement, "
                "Krippendorff's alpha and Gwet's coefficients; refusal rates: exact intervals; pairs "
                "of arms: paired differences, McNemar's exact test."
            )
            % {"level": 100 * asked.level},
            "resampling": _("Bootstrap: %(n)d resamples by PCG64 from seed %(seed)d.")
            % {"n": asked.resamples, "seed": asked.seed},
            "software": _("Computed by %(told)s.") % {"told": software_line()},
            "endpoints": _("Endpoints, as declared: %(told)s.")
            % {"told": "; ".join(f"{each['name']} ({STATISTICS[each['statistic']]})" for each in endpoints)}
            if endpoints
            else "",
            "primary": _("Primary: %(told)s.") % {"told": listed(each["name"] for each in primary)}
            if primary
            else "",
            "multiplicity": str(CORRECTIONS[plan.get("multiplicity", "holm")]),
            "exclusions": _("Exclusion rules, written before the first rating: %(told)s")
            % {"told": " ".join(plan["exclusions"])}
            if plan.get("exclusions")
            else "",
            "stopping": _("Data collection ends: %(told)s") % {"told": plan["stopping"]}
            if plan.get("stopping")
            else "",
            "sample_size": _("The protocol asks for %(n)d cases.")
            % {"n": self.design.section("cases")["count"]}
            if self.design.section("cases").get("count")
            else "",
        }


def _known(numbers: Iterable[float | None]) -> list[float]:
    return [number for number in numbers if number is not None]


def _entered(section: dict[str, Any]) -> str:
    return "; ".join(
        f"{name.replace('_', ' ')}: {_word(value)}" for name, value in section.items() if value != ""
    )


def _word(value: Any) -> str:
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)
