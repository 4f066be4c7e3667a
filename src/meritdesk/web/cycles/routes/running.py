"""Opening, roster, data, targets and board of a cycle."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
