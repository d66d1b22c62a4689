"""Conversion of Python values, numpy arrays and tensors to TQL literals."""
