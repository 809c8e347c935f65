"""Typologies: the ways of fraud that are known, each as a small pure function."""
