from django.urls import path, re_path

from readerstudy.api.views import console, images, outputs, readings, studies, terms, transfers
from readerstudy.api.views.base import StudyView, UnknownAddress

app_name = "api"

ENDPOINTS: dict[str, type[StudyView]] = {
    "studies/": studies.ListStudies,
    "studies/<slug:key>/": studies.ShowStudy,
    "studies/<slug:key>/uploads/": images.Uploads,
    "studies/<slug:key>/transfers/": transfers.Transfers,
    "studies/<slug:key>/transfers/<slug:transfer>/": transfers.ShowTransfer,
    "studies/<slug:key>/images/": images.ListImages,
    "studies/<slug:key>/images/confirm/": images.ConfirmImages,
    "studies/<slug:key>/images/mask/": images.MaskImages,
    "studies/<slug:key>/image-sets/": terms.ImageSets,
    "studies/<slug:key>/labels/": images.ImportLabels,
    "studies/<slug:key>/marks/": images.ImportMarks,
    "studies/<slug:key>/generations/": outputs.Generations,
    "studies/<slug:key>/generations/retry/": outputs.RetryGenerations,
    "studies/<slug:key>/readings/progress/": readings.ReadingsProgress,
    "studies/<slug:key>/ratings/": readings.ListRatings,
    "studies/<slug:key>/ratings.csv": readings.DownloadRatings,
    "studies/<slug:key>/report/": studies.ShowReport,
}

urlpatterns = [
    path("tokens/<slug:key>/", console.tokens, name="tokens"),
    path("tokens/<slug:key>/<int:number>/revoke/", console.revoke, name="revoke_token"),
    path("schema/", studies.ShowSchema.as_view(), name="schema"),
    *(path(address, view.as_view(), name=view.endpoint) for address, view in ENDPOINTS.items()),
    re_path(r"^.*$", UnknownAddress.as_view(), name="unknown"),
]
