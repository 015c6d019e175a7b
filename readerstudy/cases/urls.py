from django.urls import path

from readerstudy.cases import views

app_name = "cases"

urlpatterns = [
    path("<slug:key>/images/", views.show_images, name="images"),
    path("<slug:key>/images/upload/", views.upload, name="upload"),
    path("<slug:key>/images/files/", views.show_fates, name="fates"),
    path("<slug:key>/images/files.csv", views.download_report, name="report"),
    path("<slug:key>/images/files/erase-names/", views.erase_names, name="erase_names"),
    path("<slug:key>/images/sheet/", views.settle_sheet, name="confirm"),
    path("<slug:key>/images/labels/", views.edit_labels, name="labels"),
    path("<slug:key>/images/labels.csv", views.download_labels, name="label_table"),
    path("<slug:key>/images/labels/confirm/", views.confirm_labels, name="confirm_labels"),
    path("<slug:key>/images/<slug:image>/preview/", views.show_thumbnail, name="thumbnail"),
    path("<slug:key>/images/<slug:image>/take-back/", views.take_back, name="take_back"),
]
