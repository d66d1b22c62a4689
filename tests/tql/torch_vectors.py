"""Check of torch tensors as vectors: ``make torch``, in a separate environment, since torch is large."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tql import ArgumentError, select

# The environment of the type checkers has no torch.
torch: Any = importlib.import_module("torch")
NUMBERS = [0.1, -2.5, 3.0]


def text(vector: object) -> str:
    """Return the text of a search."""
    return str(select().similarity("e", vector).order_by("score"))


def main() -> int:
    """Compare the text of every kind of tensor with that of the list of its numbers, and print the number of checks."""
    wide = torch.tensor([*NUMBERS, *NUMBERS])
    tensors = {
        "float32": torch.tensor(NUMBERS),
        "float64": torch.tensor(NUMBERS, dtype=torch.float64),
        "a slice": wide[:3],
        "every other": torch.tensor([0.1, 9, -2.5, 9, 3.0, 9])[::2],
        "a row": torch.tensor([NUMBERS, NUMBERS])[1],
        "normalised": torch.nn.functional.normalize(torch.tensor(NUMBERS), dim=0) * torch.tensor(NUMBERS).norm(),
    }
    failed = 0
    for name, tensor in tensors.items():
        same = text(tensor) == text(tensor.tolist())
        failed += not same
        sys.stdout.write(f"{name:12} {'the same text' if same else 'ANOTHER TEXT'}\n")
    refused = {
        "on no device": torch.empty(3, device="meta"),
        "with gradient, two dimensions": torch.zeros((2, 2), requires_grad=True),
        "empty": torch.tensor([]),
        "NaN": torch.tensor([float("nan")]),
    }
    for name, tensor in refused.items():
        try:
            text(tensor)
        except ArgumentError as error:
            sys.stdout.write(f"{name:30} refused: {str(error).splitlines()[0]}\n")
        else:
            failed += 1
            sys.stdout.write(f"{name:30} NOT REFUSED\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
