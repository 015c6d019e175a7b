from django.urls import path

from readerstudy.reading.views import console, plans, preview, room

app_name = "reading"

urlpatterns = [
    path("studies/templates/<str:code>/<slug:stage>/screen/", preview.show, name="preview"),
    path("studies/templates/image/<slug:drawing>/<slug:product>/", preview.show_image, name="preview_image"),
    path("read/<slug:key>/", room.start, name="start"),
    path("read/<slug:key>/consent/", room.consent, name="consent"),
    path("read/<slug:key>/next/", room.resume, name="resume"),
    path("read/<slug:key>/stop/", room.stop, name="stop"),
    path("read/<slug:key>/case/<slug:reading_key>/", room.read, name="read"),
    path("read/<slug:key>/case/<slug:reading_key>/rate/", room.rate, name="rate"),
    path("read/<slug:key>/case/<slug:reading_key>/submit/", room.submit, name="submit"),
    path("read/<slug:key>/image/<slug:case_key>/<slug:slot>/<slug:product>/", room.image, name="image"),
    path("studies/<slug:key>/readers/", console.readers, name="readers"),
    path("studies/<slug:key>/readers/board/", console.board, name="board"),
    path("studies/<slug:key>/readers/<int:number>/link/", console.show_link, name="show_link"),
    path("studies/<slug:key>/readers/<int:number>/remove/", console.remove, name="remove"),
    path("studies/<slug:key>/readers/<int:number>/join/", plans.join, name="join"),
    path("studies/<slug:key>/readers/<int:number>/replace/", plans.replace, name="replace"),
    path("studies/<slug:key>/readers/release/", plans.release, name="release"),
    path("studies/<slug:key>/plan/", plans.plan, name="plan"),
    path("studies/<slug:key>/plan/preview/", plans.preview, name="plan_preview"),
    path("studies/<slug:key>/plan/balance/", plans.allocation, name="allocation"),
    path("studies/<slug:key>/plan/sample-size/", plans.sample_size, name="sample_size"),
]
