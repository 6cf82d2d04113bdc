"""Figures that the product has to reach, measured beside bare Django in the same run (`manage.py bench`)."""
