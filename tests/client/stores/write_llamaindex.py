"""The dataset that llama-index-vector-stores-deeplake writes: `python -m tests.client.stores.write_llamaindex FOLDER`, in an environment that has the package."""

from __future__ import annotations

import sys

from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.vector_stores.deeplake import DeepLakeVectorStore  # pyright: ignore[reportMissingImports] - in an environment of its own

from tests.client.stores.documents import COUNT, IDS, TEXTS, flat, vector


def node(number: int) -> TextNode:
    """Return a document as a part of another one."""
    source = RelatedNodeInfo(node_id=f"file-{number // 3}")
    text, relationships = TEXTS[number], {NodeRelationship.SOURCE: source}
    return TextNode(
        text=text, id_=IDS[number], metadata=flat(number), embedding=vector(text), relationships=relationships
    )


if __name__ == "__main__":
    DeepLakeVectorStore(sys.argv[1]).add([node(number) for number in range(COUNT)])
