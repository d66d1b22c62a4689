"""Queries for people: the Python expression that makes one, differences, notebooks."""
