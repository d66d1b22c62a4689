"""Words of the field: names and phrases that were private, and do not come back."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {name: ROOT / name for name in ("tql", "client/tql_client", "grammar/tql_grammar")}
MODULES = {path.relative_to(ROOT).as_posix(): path for folder in FOLDERS.values() for path in folder.rglob("*.py")}
# Each name that was private, and the word of the field that took its place.
RENAMED = {
    "Above": "PostAggregation",
    "AsIs": "VerbatimExpression",
    "AsWritten": "VerbatimQuery",
    "Both": "Join",
    "Calls": "InFlight",
    "Combined": "SetOperation",
    "Groups": "AggregateBuilder",
    "JOINTS": "COMBINATIONS",
    "Joined": "JoinClause",
    "LETTING_GO": "DRAIN_SECONDS",
    "Level": "QueryLevel",
    "MOST_ROWS": "MAX_ROWS",
    "NO_QUERY": "NEVER_RUN",
    "Outcome": "ParseOutcome",
    "Pieces": "ChunkedJson",
    "Placed": "QualifiedName",
    "Reading": "ParseResult",
    "Shapeless": "Uncacheable",
    "TURNED": "REVERSED",
    "Unordered": "Union",
    "all_equal": "equal_to_all",
    "amapped": "map_queries_async",
    "as_given": "unwrap_verbatim",
    "automaton": "lalr",
    "awaited": "run_in_thread",
    "carried_columns": "hidden_columns",
    "check_reading": "check_parsed",
    "comparing": "snapshots",
    "compiled_pieces": "compiled_chunks",
    "cut_rows": "apply_limit",
    "deadly": "crash_findings",
    "doubtful": "ambiguous",
    "drive": "run_parser",
    "given_back": "output_reference",
    "grown": "open_chains",
    "home": "default_dataset",
    "is_cut": "has_limit",
    "machine": "parse_table",
    "made_by": "defining_expression",
    "made_names": "computed_columns",
    "mapped": "map_queries",
    "may_lose_rows": "needs_barrier",
    "moved": "is_derived",
    "numbers_rows": "has_row_number",
    "on_way": "in_flight",
    "paged": "iterate_pages",
    "pieces": "chunks",
    "refuse_doubtful": "reject_ambiguous",
    "reporting": "reporters",
    "require_unmoved": "require_source_order",
    "retrieving": "retriever",
    "seal": "freeze_chains",
    "touches_index": "is_index_ordered",
    "widened": "promote",
}
# The folders whose docstrings, comments and messages are checked for private phrases.
PROSE = [
    path
    for folder in ("client/tql_client", "grammar/tql_grammar", "tests", "tql")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__)
]
# Each private phrase, as a regular expression, and the words of the field for it.
PHRASES = {
    r"\b(any|no)body\b": "the client, the server, the user",
    r"\banew\b": "again",
    r"\bas (it is|they are) (written|given)\b|\bas it is$": "unchanged, as written",
    r"\bat hand\b": "known, available",
    r"\bbeside\b": "compared with, in addition to, next to",
    r"\bfor ever\b": "forever, without an end",
    r"\bgoes to nobody\b|\bwhoever\b": "any caller",
    r"\bhand(s|ed|ing)? (over|on|out|them|it)\b": "pass, return",
    r"\bheed(s|ed|ing)?\b": "use",
    r"\bhow often\b": "the number of",
    r"\bis (a|an other|another) one\b": "differs",
    r"\blay(s|ing)?\b.{0,12}\bout\b|\blaid.out\b": "format",
    r"\blet(s|ting)? go\b": "close, release",
    r"\bmakes? of\b|\bcomes? of\b|\bcame of\b": "outcome, result",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bof ours\b|\bours and theirs\b": "of the client, of the package",
    r"\bon (its|their|the) way\b": "in flight, running",
    r"\bsuch an?\b": "this, of this kind",
    r"\btell(s|ing)?\b|\btold\b": "return whether, report",
    r"\bunless (given|told)\b": "by default",
    r"^(Return|Yield|Say|Give|Know|Take|Show) (what|how|where|which|when)\b": "a noun for the thing",
}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_is_described_by_a_noun_phrase(name: str) -> None:
    """A docstring names the one thing that its module hides, instead of beginning with "Know"."""
    described = ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8")))

    assert described, f"{name} has no docstring"
    assert not described.startswith("Know "), f"{name}: name the thing: a noun phrase, then what it hides"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_private_name_does_not_come_back(name: str) -> None:
    """Names are those of the field."""
    path = MODULES[name]
    read = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    names = {path.stem, *(token.string for token in read if token.type == tokenize.NAME)}

    assert {word: RENAMED[word] for word in names & RENAMED.keys()} == {}


def prose(path: Path) -> list[tuple[int, str]]:
    """Return the docstrings, other strings and comments of a module, each with its line."""
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    read = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return [
        (token.start[0] + number, line.strip().lstrip("rfb#\"' "))
        for token in read
        if token.type in kinds
        for number, line in enumerate(token.string.splitlines())
    ]


@pytest.mark.parametrize("path", sorted(PROSE), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_private_phrase_does_not_come_back(path: Path) -> None:
    """Docstrings, comments and messages use the words of SQLAlchemy, Polars, requests and httpx."""
    found = [
        f"{path.name}:{number}: {line!r}: say {instead}"
        for number, line in prose(path)
        for phrase, instead in PHRASES.items()
        if re.search(phrase, line.rstrip("\"' "))
    ]

    assert found == []


def _argument_errors(path: Path) -> list[ast.Call]:
    """Return the calls of `ArgumentError` in a module."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "ArgumentError"]


@pytest.mark.parametrize("folder", ["tql/compiler", "grammar/tql_grammar/rewrite"])
def test_an_error_of_the_compiler_says_why_and_what_to_do(folder: str) -> None:
    """Each `ArgumentError` has the rule, the invalid value, the remedy, and by ``why=`` the reason."""
    errors = [(path, call) for path in (ROOT / folder).rglob("*.py") for call in _argument_errors(path)]
    found = [
        f"{path.name}:{call.lineno}"
        for path, call in errors
        if len(call.args) != len(("subject", "rule", "got", "hint")) or [word.arg for word in call.keywords] != ["why"]
    ]

    assert len(errors) > 20
    assert found == []


# The comments that suppress a finding of a linter or a type checker, and those of them that have a reason on the line.
SUPPRESSED = re.compile(r"#\s*(?:noqa|type: ignore|pyright: ignore)")
REASONED = re.compile(
    r"# (?:noqa: [A-Z0-9, ]+ - |(?:type|pyright): ignore\[[^]]+\]  # )(?!as above|the same\.?$|as for)\w*"
)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_suppressed_finding_has_its_reason(name: str) -> None:
    """The reason is on the line."""
    read = tokenize.generate_tokens(io.StringIO(MODULES[name].read_text("utf-8")).readline)
    comments = [token for token in read if token.type == tokenize.COMMENT and SUPPRESSED.match(token.string)]

    assert [f"{token.start[0]}: {token.string}" for token in comments if not REASONED.match(token.string)] == []


# --- pages: README, CONTRIBUTING and the documentation ----------------------------------------------------------------

# Pages that scripts write from data of the code, whose words are checked there.
GENERATED = {"builder.md", "passes.md", "refusals.md", "engine.md", "speed.md"}
PAGES = [
    ROOT / "README.md",
    *(
        path
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if path.name not in GENERATED and not {"_build", "rules"} & set(path.parts)
    ),
]
MOST_WORDS = 30
# The sentences with more words that stay, by their beginning, each with its reason.
LONG = {
    "RateLimited 429, ServerError 5xx": "a tree of classes",
    "TqlError +- QueryError": "a tree of classes",
    "None, bool, int, float, str": "a list of types",
    '"element" one value of the type': "a list of the values of a field",
}
SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+|\n{2,}|\n(?=[-|#>\d])|\s\|\s")


def sentences(text: str) -> list[str]:
    """Return the sentences of a page or a docstring, without code; code in a sentence is one word."""
    without = re.sub(r"^ *```.*?^ *```$", "\n\n", text, flags=re.DOTALL | re.MULTILINE)
    words = re.sub(r"``.+?``|`[^`]+`", "code", without, flags=re.DOTALL)
    return [" ".join(part.split()) for part in SENTENCE_END.split(re.sub(r"\]\([^)]*\)", "]", words)) if part.strip()]


def too_long(text: str) -> list[str]:
    """Return the sentences of more than 30 words that have no reason."""
    found = [part for part in sentences(text) if len(part.split()) > MOST_WORDS]
    return [part for part in found if not part.startswith(tuple(LONG))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_has_short_sentences_and_words_of_the_field(path: Path) -> None:
    """A sentence has at most 30 words, and no private phrase."""
    text = path.read_text("utf-8")
    found = [
        f"{part!r}: say {word}"
        for part in sentences(text)
        for phrase, word in PHRASES.items()
        if re.search(phrase, part)
    ]

    assert too_long(text) == []
    assert found == []


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_docstring_has_short_sentences(name: str) -> None:
    """A sentence of a docstring has at most 30 words."""
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))) if isinstance(node, described)]

    assert [part for node in nodes for part in too_long(ast.get_docstring(node) or "")] == []
