"""Retrievers for LangChain and LlamaIndex, and the cell magic of notebooks."""
