from django.urls import path

from readerstudy.generation.views import cards

app_name = "providers"

urlpatterns = [
    path("", cards.list_cards, name="cards"),
    path("<slug:name>/", cards.edit_card, name="edit_card"),
]
