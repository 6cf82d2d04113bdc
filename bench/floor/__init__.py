"""Bare Django, as `startproject` makes it: what our pages are measured beside."""
