"""The bytes of an image that somebody may see, for readers, adjudicators, and those who look at a screen afterwards."""

from __future__ import annotations

from io import BytesIO

from django.http import FileResponse, Http404, JsonResponse
from django.http.response import HttpResponseBase

from readerstudy.cases.models import Image
from readerstudy.cases.pixels import open_for_reader
from readerstudy.imaging.blank import blank_of
from readerstudy.reading.protocol import shown_as_of
from readerstudy.reading.visibility import public_meta


def send_image(found: Image, product: str, *, is_blank: bool = False) -> HttpResponseBase:
    """The bytes of one product of an image, as `image_url` names them, or what the viewer has to know of it.

    Raises:
        Http404: where there is no such product or frame.
    """
    shown_as = shown_as_of(found.case.study)
    if product == "meta":
        return JsonResponse(public_meta(found, shown_as))
    name, _dash, frame = product.partition("-")
    stored = open_for_reader(found, product=name, frame=int(frame or 0), shown_as=shown_as)
    if stored is None:
        raise Http404
    file = BytesIO(blank_of(stored.file.read())) if is_blank else stored.file
    response = FileResponse(file, content_type=stored.mime)
    del response["Content-Disposition"]  # it would carry the name under which the file is stored
    return response
