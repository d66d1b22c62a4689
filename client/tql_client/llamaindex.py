"""Public import name of the LlamaIndex retriever; requires the `llamaindex` extra."""

from tql_client.integrations.llamaindex import Search, TqlRetriever, condition

__all__ = ["Search", "TqlRetriever", "condition"]
