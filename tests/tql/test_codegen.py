"""Generated modules: they are formatted, import, pass both checkers, and their schema is that of the dataset."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import deeplake
import pytest
from deeplake import types as kinds

from tests.typing import checkers
from tql import ArgumentError, Schema, col, select
from tql.codegen import module
from tql.row_types import fields_of
from tql.tables import Table
from tql_client.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = 200
NUMBERS = [
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "bool",
]
NAMES = [
    "id",
    "year",
    "odd name",
    "class",
    "select_as",
    "_private",
    "int",
    "Text",
    "Schema",
    "named",
    "2020",
    "é",
    "ﬁ",
    "it's",
    "a-b",
    "a_b",
    "a b",
    "SCHEMA",
    "copy",
    "json",
    "model_x",
    "list",
    "mro",
    "\U0001f600",
    "x\\y",
]


def drawn(generator: random.Random) -> Any:
    """Return a random type of the engine."""
    number = generator.choice(NUMBERS)
    return generator.choice(
        [
            number,
            "text",
            kinds.Nullable(number),
            kinds.Nullable("text"),
            kinds.Text("inverted"),
            kinds.Embedding(generator.randint(1, 9)),
            kinds.Array(number, generator.randint(1, 3)),
            kinds.Sequence(number),
            kinds.Sequence("text"),
            kinds.Dict(),
            kinds.Bytes(),
            kinds.Image(),
            kinds.ClassLabel("int32"),
            kinds.Point(),
            kinds.BoundingBox("float32", "ltwh", "pixel"),
        ]
    )


def dataset(number: int) -> Any:
    """Return a dataset of random columns."""
    generator = random.Random(number)  # noqa: S311 - the same columns each time
    made = deeplake.create(f"mem://codegen-{number}")
    for label in generator.sample(NAMES, k=generator.randint(1, 8)):
        kind = drawn(generator)
        made.add_column(label, kind)
        if isinstance(kind, type(kinds.ClassLabel("int32"))) and generator.random() < 0.5:
            made[label].metadata["class_names"] = ["cat", 'do"g', "it's"]
    return made


def loaded(path: Path) -> Any:
    """Return a module that is imported from its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return found


def quoted(label: str) -> str:
    """Return a text as Python, in double quotes unless it has some, as ruff formats it."""
    text = repr(label)
    return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Schema]:
    """Return the generated files, with the schemas of their datasets."""
    folder = tmp_path_factory.mktemp("generated")
    found = {}
    for number in range(NUMBER):
        schema = Schema.from_dataset(dataset(number))
        path = folder / f"generated_{number}.py"
        path.write_text(
            module(schema, "Docs", "hub://o/d", (None, "dataclass", "typeddict", "pydantic", "msgspec")[number % 5]),
            encoding="utf-8",
        )
        found[path] = schema
    return found


def test_a_generated_module_has_the_schema_of_the_dataset(modules: dict[Path, Schema]) -> None:
    """It imports, its schema is that of the dataset, and each column is there under its name."""
    for path, schema in modules.items():
        made = loaded(path)
        docs = made.Docs
        assert issubclass(docs, Table)
        assert docs.__schema__ == schema
        assert sorted(docs.__names__.values()) == sorted(schema)
        for attribute, label in docs.__names__.items():
            assert select(getattr(docs, attribute)) == select(col(label))
        source = path.read_text(encoding="utf-8")
        fields = {label for label in schema if f"no field for the column {quoted(label)}" not in source}
        if hasattr(made, "DocsRow") and fields:
            assert {field.column for field in fields_of("as_", made.DocsRow)} == fields


def test_a_generated_module_passes_both_checkers(modules: dict[Path, Schema]) -> None:
    """Neither mypy --strict nor basedpyright has an error, and ruff has nothing to format."""
    assert not any(checkers.by_mypy(*modules).values())
    assert not any(checkers.by_basedpyright(*modules).values())
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length",
        "200",
        "--check",
        *map(str, modules),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_command_writes_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`tql codegen` writes a module; `--check` exits with 1 once the columns differ."""
    columns, models = tmp_path / "my docs.json", tmp_path / "models.py"
    Schema(id="int64").save(columns)

    assert main(["codegen", str(columns), "-o", str(models), "--check"]) == 1
    assert main(["codegen", str(columns), "-o", str(models), "--rows", "dataclass"]) == 0
    assert main(["codegen", str(columns), "-o", str(models), "--rows", "dataclass", "--check"]) == 0
    Schema(id="int64", more="text").save(columns)
    assert main(["codegen", str(columns), "-o", str(models), "--rows", "dataclass", "--check"]) == 1
    assert "run the same command without --check" in capsys.readouterr().err
    assert main(["codegen", str(columns), "--name", "Books", "--from", "hub://o/d"]) == 0
    assert 'class Books(Table, source="hub://o/d", schema=SCHEMA):' in capsys.readouterr().out
    assert loaded(models).MyDocsRow(id=3).id == 3


def test_the_command_reads_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The columns are those of the dataset that the engine opens."""
    path = tmp_path / "data"
    made = deeplake.create(str(path))
    made.add_column("id", "int64")
    made.commit()

    assert main(["codegen", str(path)]) == 0
    assert "class Data(Table, schema=SCHEMA):" in capsys.readouterr().out


def test_a_name_that_the_module_imports_is_refused() -> None:
    """The class would hide a type of a column."""
    with pytest.raises(ArgumentError, match="takes the name of a class"):
        module(Schema(id="int64"), "Text")
