"""Plumbing shared by the subject packages; knows nothing of events or questions."""
