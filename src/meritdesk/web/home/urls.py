"""The addresses of the app, each with the rights it demands."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
