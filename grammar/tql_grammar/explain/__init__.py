"""Levels of a query: its nested SELECTs with their reasons, as text and as a picture."""
