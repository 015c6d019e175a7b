from django.urls import path, re_path

from readerstudy.studies import views

app_name = "studies"

urlpatterns = [
    path("", views.show_list, name="list"),
    path("new/", views.create, name="create"),
    path("<slug:key>/", views.detail, name="detail"),
    path("<slug:key>/settings/", views.edit_settings, name="settings"),
    path("<slug:key>/arms/", views.list_arms, name="arms"),
    path("<slug:key>/arms/new/", views.edit_arm, name="add_arm"),
    path("<slug:key>/arms/<int:number>/", views.edit_arm, name="edit_arm"),
    path("<slug:key>/arms/<int:number>/cross/<int:prompt>/", views.cross_arm, name="cross_arm"),
    path("<slug:key>/arms/<int:number>/remove/", views.remove_arm, name="remove_arm"),
    path("<slug:key>/questions/", views.list_questions, name="questions"),
    path("<slug:key>/questions/new/", views.edit_question, name="add_question"),
    path("<slug:key>/questions/<int:number>/", views.edit_question, name="edit_question"),
    path("<slug:key>/questions/<int:number>/remove/", views.remove_question, name="remove_question"),
    path("<slug:key>/audit/", views.show_audit, name="audit"),
    re_path(r"^(?P<key>[-\w]+)/(?P<deed>pause|resume|close)/$", views.move, name="move"),
]
