"""The dataset that langchain-deeplake writes: `python -m tests.client.stores.write_langchain FOLDER`, in an environment that has the package."""

from __future__ import annotations

import sys

from langchain_core.embeddings import Embeddings
from langchain_deeplake import DeeplakeVectorStore  # pyright: ignore[reportMissingImports] - in an environment of its own

from tests.client.stores.documents import COUNT, IDS, TEXTS, nested, vector


class Model(Embeddings):
    """Model with the vectors of the documents."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        return [vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return vector(text)


if __name__ == "__main__":
    store = DeeplakeVectorStore(sys.argv[1], embedding_function=Model())
    store.add_texts(TEXTS, [nested(number) for number in range(COUNT)], ids=IDS)
