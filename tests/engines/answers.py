"""
Answers of a version: what its engine said in each case.

What is said is one text: ``rows`` and a hash of the names and values, ``refused`` and the message, ``dies``, ``hangs``, ``random``, ``left out`` and the reason;
of a query of the builder it is ``right``, ``wrong`` and a hash, ``declined`` where tql refuses to build it, or ``undecided`` where its documentation promises no single answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "answers"
HASH, LONGEST = 12, 60
# The types of the newest engine that was measured.
TYPES = frozenset(
    {
        *("Array", "Audio", "BM25", "Binary", "BinaryMask", "Bool", "BoundingBox", "Bytes", "ClassLabel", "Clustered"),
        *("ClusteredQuantized", "Dict", "Embedding", "EmbeddingsMatrixIndex", "Exact", "Float16", "Float32", "Float64"),
        *("Image", "Int128", "Int16", "Int32", "Int64", "Int8", "Inverted", "Link", "Medical", "Mesh", "Nullable"),
        *("Point", "Polygon", "PooledQuantized", "SegmentMask", "Sequence", "Serial", "Struct", "Text", "UInt16"),
        *("UInt32", "UInt64", "UInt8", "Unique", "Video"),
    }
)
_NUMBER = re.compile(r"\d+")
_KIND = re.compile(r"[^/]*")


class Answers(NamedTuple):
    """
    The answers of a version.

    Attributes:
        version: the version of the engine.
        lacks: the types that the newest engine has, and this one has not.
        said: what the engine said, by case; a case is its kind and a name, ``rows/1a2b3c4d``.
        features: the features of the texts of the world that are not right, by case: the other texts are known without an engine.
    """

    version: str
    lacks: tuple[str, ...]
    said: dict[str, str]
    features: dict[str, tuple[str, ...]]


def short(value: Any) -> str:
    """Return a hash of a value of JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:HASH]


def named(kind: str, text: str) -> str:
    """Return the case of a text."""
    return f"{kind}/{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def kind_of(case: str) -> str:
    """Return the kind of a case."""
    found = _KIND.match(case)
    return found[0] if found else ""


def message(text: str) -> str:
    """Return the beginning of the engine's message, without numbers, which differ from run to run."""
    return _NUMBER.sub("#", " ".join(text.split()))[:LONGEST]


def write(answers: Answers, folder: Path = FOLDER) -> Path:
    """Write the answers as lines of JSON in the order of the cases, and return the path."""
    head = {"version": answers.version, "lacks": list(answers.lacks)}
    lines: list[dict[str, Any]] = [
        {"case": case, "said": said, **({"features": answers.features[case]} if case in answers.features else {})}
        for case, said in sorted(answers.said.items())
    ]
    path = folder / f"{answers.version}.jsonl"
    path.write_text("".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in [head, *lines]), "utf-8")
    return path


def read(version: str, folder: Path = FOLDER) -> Answers:
    """Return the answers of a version."""
    head, *lines = map(json.loads, (folder / f"{version}.jsonl").read_text("utf-8").splitlines())
    return Answers(
        head["version"],
        tuple(head["lacks"]),
        {line["case"]: line["said"] for line in lines},
        {line["case"]: tuple(line["features"]) for line in lines if "features" in line},
    )


def versions(folder: Path = FOLDER) -> list[str]:
    """Return the versions that have answers, the newest first."""
    found = [path.stem for path in folder.glob("*.jsonl")]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")], reverse=True)
