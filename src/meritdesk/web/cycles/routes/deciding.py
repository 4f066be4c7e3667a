"""Calibration, review, publication, interview, sign-off, appeal, closing."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
