from django.urls import path

from readerstudy.accounts import views

app_name = "accounts"

urlpatterns = [
    path("invitation/<int:number>/<str:token>/", views.accept_invitation, name="accept_invitation"),
    path("profile/", views.profile, name="profile"),
    path("signed-in/", views.signed_in_again, name="signed_in"),
    path("me/", views.account, name="account"),
    path("second-factor.svg", views.second_factor_picture, name="second_factor_picture"),
    path("language/", views.choose_language, name="language"),
    path("theme/", views.choose_theme, name="theme"),
]
