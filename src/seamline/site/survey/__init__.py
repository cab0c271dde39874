"""Surveys as they come: files of survey and mapping tools, read into features, with a note on everything that was not taken as it stood."""

from __future__ import annotations

from seamline.site.survey.feature import Feature, Note, Survey, SurveyError, UnnamedFrame
from seamline.site.survey.formats import read

__all__ = ["Feature", "Note", "Survey", "SurveyError", "UnnamedFrame", "read"]
