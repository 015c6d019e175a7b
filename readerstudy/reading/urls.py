from django.urls import path

from readerstudy.reading.views import console, plans, practice, preview, room
from readerstudy.reading.views import path as path_views

app_name = "reading"

urlpatterns = [
    path("studies/templates/<str:code>/<slug:stage>/screen/", preview.show, name="preview"),
    path("studies/templates/image/<slug:drawing>/<slug:product>/", preview.show_image, name="preview_image"),
    path("read/<slug:key>/", room.start, name="start"),
    path("read/<slug:key>/consent/", room.consent, name="consent"),
    path("read/<slug:key>/next/", room.resume, name="resume"),
    path("read/<slug:key>/stop/", room.stop, name="stop"),
    path("read/<slug:key>/case/<slug:reading_key>/", room.read, name="read"),
    path("read/<slug:key>/case/<slug:reading_key>/feedback/", path_views.feedback, name="feedback"),
    path("read/<slug:key>/about-you/", path_views.background, name="background"),
    path("read/<slug:key>/tutorial/", path_views.tutorial, name="tutorial"),
    path("read/<slug:key>/tutorial/screen/", path_views.screen, name="screen"),
    path("read/<slug:key>/pause/", path_views.pause, name="pause"),
    path("read/<slug:key>/last-questions/", path_views.leave, name="exit"),
    path("read/<slug:key>/sign/", room.sign, name="sign"),
    path("read/<slug:key>/certificate.pdf", path_views.certificate, name="certificate"),
    path("read/<slug:key>/practice/again/", path_views.practise_again, name="practise_again"),
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
    path("studies/<slug:key>/plan/practice/", practice.overview, name="practice"),
    path("studies/<slug:key>/plan/practice/table/", practice.table, name="practice_table"),
    path("studies/<slug:key>/plan/practice/upload/", practice.upload, name="practice_upload"),
    path("studies/<slug:key>/plan/practice/case/<str:code>/", practice.case, name="practice_case"),
    path("studies/<slug:key>/readers/<int:number>/practise/", practice.grant, name="grant_practice"),
    path("studies/<slug:key>/plan/", plans.plan, name="plan"),
    path("studies/<slug:key>/plan/preview/", plans.preview, name="plan_preview"),
    path("studies/<slug:key>/plan/balance/", plans.allocation, name="allocation"),
    path("studies/<slug:key>/plan/sample-size/", plans.sample_size, name="sample_size"),
]
