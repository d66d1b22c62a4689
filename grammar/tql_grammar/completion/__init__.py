"""Completion, hover and signature help of query texts."""
