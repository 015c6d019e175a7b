from django.urls import path, register_converter

from readerstudy.cases.views import (
    files,
    labels,
    look,
    marks,
    placing,
    purposes,
    rules,
    sheet,
    tells,
    terms,
    transfers,
)


class ImageKey:
    """An image's key in an address, so that no word of another page is taken for one."""

    regex = "[0-9a-f]{32}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Product(ImageKey):
    """What is asked for of an image: its description, its preview, or one frame."""

    regex = r"meta|preview|full-[0-9]{1,5}"


register_converter(ImageKey, "image_key")
register_converter(Product, "product")

app_name = "cases"

urlpatterns = [
    path("<slug:key>/images/", sheet.show_images, name="images"),
    path("<slug:key>/images/attest/", files.attest, name="attest"),
    path("<slug:key>/images/places/", placing.edit_places, name="places"),
    path("<slug:key>/images/purposes/", purposes.edit_purposes, name="purposes"),
    path("<slug:key>/images/rules/", rules.edit_rules, name="rules"),
    path("<slug:key>/images/tells/", tells.show_tells, name="tells"),
    path("<slug:key>/images/terms/", terms.show_terms, name="terms"),
    path("<slug:key>/images/terms/new/", terms.edit_terms, name="add_terms"),
    path("<slug:key>/images/terms/<int:number>/", terms.edit_terms, name="edit_terms"),
    path("<slug:key>/images/upload/", files.upload, name="upload"),
    path("<slug:key>/images/known/", transfers.show_known, name="known"),
    path("<slug:key>/images/transfers/", transfers.start_transfer, name="start_transfer"),
    path("<slug:key>/images/transfers/<slug:transfer>/", transfers.carry_transfer, name="transfer"),
    path("<slug:key>/images/files/", files.show_fates, name="fates"),
    path("<slug:key>/images/files.csv", files.download_report, name="report"),
    path("<slug:key>/images/recipes.csv", files.download_recipes, name="recipes"),
    path("<slug:key>/images/files/erase-names/", files.erase_names, name="erase_names"),
    path("<slug:key>/images/sheet/", sheet.settle_sheet, name="confirm"),
    path("<slug:key>/images/labels/", labels.edit_labels, name="labels"),
    path("<slug:key>/images/labels.csv", labels.download_labels, name="label_table"),
    path("<slug:key>/images/labels/confirm/", labels.confirm_labels, name="confirm_labels"),
    path("<slug:key>/images/marks/", marks.edit_marks, name="marks"),
    path("<slug:key>/images/look/", look.start_looking, name="start_looking"),
    path("<slug:key>/images/<image_key:image>/", look.look, name="look"),
    path("<slug:key>/images/<image_key:image>/settle/", look.settle, name="settle"),
    path("<slug:key>/images/<image_key:image>/mask/", look.mask, name="mask"),
    path("<slug:key>/images/<image_key:image>/mask/again/", look.retry_mask, name="retry_mask"),
    path("<slug:key>/images/<image_key:image>/masking/", look.show_masking, name="masking"),
    path("<slug:key>/images/<image_key:image>/<slug:state>/<product:product>/", look.pixels, name="pixels"),
    path("<slug:key>/images/<slug:image>/preview/", sheet.show_thumbnail, name="thumbnail"),
    path("<slug:key>/images/<slug:image>/take-back/", sheet.take_back, name="take_back"),
]
