"""Organizers: who may plan what, and how they sign in."""
