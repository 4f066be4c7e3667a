"""Results, forms, records and evaluation forms."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
