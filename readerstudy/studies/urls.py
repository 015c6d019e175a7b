from django.urls import path, re_path

from readerstudy.studies import life_views, protocol_views, question_views, spoken_views, views

app_name = "studies"

urlpatterns = [
    path("", views.show_list, name="list"),
    path("new/", views.create, name="create"),
    path("new/file/", protocol_views.load, name="load"),
    path("templates/", protocol_views.show_gallery, name="gallery"),
    path("templates/<str:code>/", protocol_views.show_template, name="template"),
    path("templates/<str:code>/<slug:stage>/start/", protocol_views.start_template, name="start_template"),
    path("templates/<str:code>/<slug:stage>/file/", protocol_views.download_template, name="template_file"),
    path("<slug:key>/", views.detail, name="detail"),
    path("<slug:key>/settings/", views.edit_settings, name="settings"),
    path("<slug:key>/arms/", views.list_arms, name="arms"),
    path("<slug:key>/arms/new/", views.edit_arm, name="add_arm"),
    path("<slug:key>/arms/<int:number>/", views.edit_arm, name="edit_arm"),
    path("<slug:key>/arms/<int:number>/cross/<int:prompt>/", views.cross_arm, name="cross_arm"),
    path("<slug:key>/arms/<int:number>/remove/", views.remove_arm, name="remove_arm"),
    path("<slug:key>/questions/", question_views.list_questions, name="questions"),
    path("<slug:key>/questions/new/", question_views.choose_kind, name="add_question"),
    path("<slug:key>/questions/new/<slug:kind>/", question_views.new_question, name="new_question"),
    path("<slug:key>/questions/order/", question_views.order_questions, name="order_questions"),
    path("<slug:key>/questions/rubrics/", question_views.show_rubrics, name="rubrics"),
    path("<slug:key>/questions/rubrics/<slug:name>/", question_views.show_rubric, name="rubric"),
    path("<slug:key>/questions/rubrics/<slug:name>/use/", question_views.use_rubric, name="use_rubric"),
    path("<slug:key>/questions/<int:number>/", question_views.edit_question, name="edit_question"),
    re_path(
        r"^(?P<key>[-\w]+)/questions/(?P<number>[0-9]{1,18})/(?P<deed>up|down|copy|remove)/$",
        question_views.change_question,
        name="change_question",
    ),
    path("<slug:key>/protocol/", protocol_views.show_protocol, name="protocol"),
    path("<slug:key>/protocol/file/", protocol_views.download_protocol, name="protocol_file"),
    path("<slug:key>/audit/", views.show_audit, name="audit"),
    path("<slug:key>/life/", life_views.show_life, name="life"),
    path("<slug:key>/life/<slug:deed>/", life_views.do_deed, name="deed"),
    path("<slug:key>/unblind-early/", life_views.unblind_early, name="unblind_early"),
    path("<slug:key>/amend/", life_views.amend, name="amend"),
    path("<slug:key>/amend/look/", life_views.look_at_amendment, name="look_at_amendment"),
    path("<slug:key>/amend/sign/", life_views.sign_amendment, name="sign_amendment"),
    path("<slug:key>/languages/", spoken_views.languages, name="languages"),
    path("<slug:key>/languages/<slug:code>/", spoken_views.language, name="language"),
    path("<slug:key>/ethics/", life_views.edit_ethics, name="ethics"),
    path("<slug:key>/copy/", life_views.copy, name="copy"),
]
