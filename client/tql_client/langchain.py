"""Public import name of the LangChain retriever; requires the `langchain` extra."""

from tql_client.integrations.langchain import Search, TqlRetriever, condition

__all__ = ["Search", "TqlRetriever", "condition"]
