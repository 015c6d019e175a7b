"""Forms of the Images station."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case, Image, ImageRules, ImageTerms, Purpose, Recipients
from readerstudy.cases.tables import MOST_BYTES
from readerstudy.studies.models import Study

PREVIEW_SECONDS = 24 * 3600
_WHOLE = re.compile(r"[0-9]{1,6}")


class Deed(models.TextChoices):
    CONFIRM_ALL = "confirm_all"
    CONFIRM_TICKED = "confirm_ticked"
    LEAVE_OUT = "leave_out"


class SheetForm(forms.Form):
    """What a coordinator does with the images of one sheet. `shown` says which those were, so that an image that came
    in meanwhile is not confirmed unseen."""

    deed = forms.ChoiceField(choices=Deed.choices)
    looked = forms.BooleanField(required=False)
    shown = forms.ModelMultipleChoiceField(Image.objects.none(), to_field_name="key", required=False)
    ticked = forms.ModelMultipleChoiceField(Image.objects.none(), to_field_name="key", required=False)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("shown", "ticked"):
            self.fields[name].queryset = Image.objects.of(study).unconfirmed().select_related("case")  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
            self.fields[name].error_messages["invalid_choice"] = _t(
                "Another coordinator has changed some of these images meanwhile. Look at the sheet as it is now."
            )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if self.errors:
            return answers
        if answers["deed"] != Deed.CONFIRM_ALL and not answers["ticked"]:
            raise ValidationError(_t("No image is ticked. Tick the images that you mean."))
        if answers["deed"] != Deed.LEAVE_OUT and not answers["looked"]:
            raise ValidationError(
                _t(
                    "Nothing was confirmed. Tick the sentence that says you have looked, then press the button again."
                )
            )
        return answers

    def chosen(self) -> list[Image]:
        """The images the deed is about."""
        answers = self.cleaned_data
        return list(answers["shown"] if answers["deed"] == Deed.CONFIRM_ALL else answers["ticked"])

    def seen(self) -> dict[str, str]:
        """In which state the images on the sheet were shown, by their keys."""
        data = self.data
        told = data.getlist("state_of") if isinstance(data, QueryDict) else []
        return dict(each.split(":", 1) for each in told if ":" in each)

    def sentence(self) -> str:
        """The first thing that is wrong."""
        return next(str(error) for errors in self.errors.values() for error in errors)


class LookDeed(models.TextChoices):
    CONFIRM = "confirm"
    UNCONFIRM = "unconfirm"
    LEAVE_OUT = "leave_out"
    TAKE_BACK = "take_back"


class LookForm(forms.Form):
    """What a coordinator decides about one image. `state` is that of the picture on the screen (`Image.state`), `seen`
    how many of its frames were, `sure` the yes to confirming without the others, `left` how many images of the sheet
    then still wait. `from_sheet`: it was decided there, and there one stays."""

    deed = forms.ChoiceField(choices=LookDeed.choices)
    state = forms.CharField(max_length=20, required=False)
    seen = forms.IntegerField(min_value=0, required=False)
    sure = forms.BooleanField(required=False)
    left = forms.IntegerField(min_value=0, required=False)
    from_sheet = forms.BooleanField(required=False)

    def frames_unseen(self, image: Image) -> int:
        """How many frames were not looked at; 0 where that was said to be meant."""
        if self.cleaned_data["deed"] != LookDeed.CONFIRM or self.cleaned_data["sure"] or image.frames < 2:
            return 0
        return max(0, image.frames - (self.cleaned_data["seen"] or 0))


class Scope(models.TextChoices):
    ONE = "one"
    SERIES = "series"
    ALIKE = "alike"


class MaskForm(forms.Form):
    """Boxes to burn in, typed or drawn: `left`, `top`, `width` and `height` of each; empty rows count for none."""

    scope = forms.ChoiceField(choices=Scope.choices)
    rows: tuple[tuple[str, ...], ...] = ()

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        sides = [self._listed(name) for name in ("left", "top", "width", "height")]
        self.rows = tuple(row for row in zip_longest(*sides, fillvalue="") if any(row))
        answers["boxes"] = [self._box(number, row) for number, row in enumerate(self.rows, start=1)]
        return answers

    def _listed(self, name: str) -> list[str]:
        data = self.data
        return [each.strip() for each in data.getlist(name)] if isinstance(data, QueryDict) else []

    def _box(self, number: int, row: tuple[str, ...]) -> list[int]:
        """[left, top, right, bottom], the last two exclusive."""
        if not all(_WHOLE.fullmatch(side) for side in row):
            sentence = _t(
                "Box %(number)d is not complete: it needs left, top, width and height as whole numbers."
            )
            raise ValidationError(sentence % {"number": number})
        left, top, width, height = (int(side) for side in row)
        return [left, top, left + width, top + height]

    def sentence(self) -> str:
        """The first thing that is wrong."""
        return next(str(error) for errors in self.errors.values() for error in errors)


class LabelsForm(forms.Form):
    table = forms.FileField(
        label=_("Table of labels"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": _("Choose a CSV file first."),
            "empty": _("This table is empty. Its first line must name the columns."),
        },
    )

    def clean_table(self) -> bytes:
        file: UploadedFile[bytes] = self.cleaned_data["table"]
        return bytes(file.read(MOST_BYTES + 1))


class MappingForm(LabelsForm):
    """A table of cases and slots."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].label = _t("Table of cases and slots")


class PreviewForm(forms.Form):
    """A table that was shown, signed so that what is written is what was seen."""

    table = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._salt = f"cases.labels:{study.pk}"

    def sign(self, content: bytes) -> str:
        return signing.dumps(content.decode(), salt=self._salt, compress=True)

    def clean_table(self) -> bytes:
        try:
            text = signing.loads(self.cleaned_data["table"], salt=self._salt, max_age=PREVIEW_SECONDS)
        except signing.BadSignature as error:
            raise ValidationError(
                _t("This preview is older than a day or did not arrive whole. Upload the table again.")
            ) from error
        return str(text).encode()


class MarksForm(forms.Form):
    """A file of reference marks; its bytes are what counts."""

    file = forms.FileField(
        label=_("CSV table or COCO JSON"),
        error_messages={"required": _("No file was chosen. Choose one first.")},
    )

    def clean_file(self) -> bytes:
        """As many bytes as a table may have, and one more to tell that it is too long."""
        content: bytes = self.cleaned_data["file"].read(MOST_BYTES + 1)
        return content


class RulesForm(forms.ModelForm[ImageRules]):
    """How a study treats its images. The side is asked for in any case and counts only for normalised images."""

    class Meta:
        model = ImageRules
        fields = ["shown_as", "side", "keeps_age_and_sex", "keeps_originals"]
        widgets = {"shown_as": forms.RadioSelect}
        error_messages = {
            "side": dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"),
                _("Choose a whole number of pixels between 256 and 2048."),
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        has_no_key = not settings.ORIGINALS_KEY and not self.instance.keeps_originals
        self.fields["keeps_originals"].disabled = has_no_key
        if has_no_key:
            self.fields["keeps_originals"].help_text = _t(
                "This site has no key to encrypt them with. Ask the site’s staff to set ORIGINALS_KEY."
            )


class TermsForm(forms.ModelForm[ImageTerms]):
    """The next version of a set's terms, with the set's name; the action writes both."""

    name = forms.CharField(label=_("Name of the set"), max_length=80)
    providers = forms.MultipleChoiceField(
        label=_("Providers that the terms name"), required=False, widget=forms.CheckboxSelectMultiple
    )
    receives = forms.BooleanField(
        label=_("Files that come in from now on belong to this set"),
        required=False,
        help_text=_(
            "Whoever uploads them, until another set gets them. Otherwise each upload begins a set of its own."
        ),
    )

    class Meta:
        model = ImageTerms
        fields = ["source", "licence", "recipients", "providers", "expires_on"]
        widgets = {
            "licence": forms.Textarea(attrs={"rows": 4}),
            "recipients": forms.RadioSelect,
            "expires_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    field_order = ("name", "source", "licence", "recipients", "providers", "expires_on", "receives")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = {name: offer.label for name, offer in settings.CONNECTIONS.items() if not offer.simulated}
        named = {name: name for name in self.initial.get("providers") or ()}
        self.fields["providers"].choices = list({**named, **offers}.items())  # type: ignore[attr-defined]  # a MultipleChoiceField
        if not offers and not named:
            self.fields["providers"].help_text = _t("No provider is set up on this site yet.")

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        recipients = answers.get("recipients")
        if recipients == Recipients.LISTED and not answers.get("providers"):
            self.add_error("providers", _t("No provider is ticked. Tick those that the terms name."))
        if recipients != Recipients.LISTED:
            answers["providers"] = []
        if recipients != Recipients.UNSTATED and not (answers.get("source") or answers.get("licence")):
            self.add_error("source", _t("Say where the images come from, or write the licence below."))
        return answers

    def terms_fields(self) -> dict[str, Any]:
        """The columns of the terms, ready for `actions.state_terms`."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def _post_clean(self) -> None:
        """The database's own rules are said by `clean`, in whole sentences."""


class PurposeForm(forms.Form):
    """Which cases get which purpose."""

    cases = forms.ModelMultipleChoiceField(
        Case.objects.none(),
        error_messages={"required": _("No case is ticked. Tick at least one first.")},
    )
    purpose = forms.ChoiceField(choices=Purpose.choices, initial=Purpose.EXAMPLE)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cases"].queryset = Case.objects.kept(study)  # type: ignore[attr-defined]  # a ModelMultipleChoiceField

    def clean_purpose(self) -> Purpose:
        return Purpose(self.cleaned_data["purpose"])
