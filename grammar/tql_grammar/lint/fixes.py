"""Check behind every fix: a fixed text is offered only where it parses, keeps all that was written around the finding, and has the finding no more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.lint.edits import TEXT_FIXES, applied
from tql_grammar.syntax.lexer import BLANKS, comments, cut_at_nul, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.lint.edits import Edit
    from tql_grammar.lint.rule import Found, Subject
    from tql_grammar.syntax.findings.report import ParseResult
    from tql_grammar.syntax.lexer import Token

MOST_ROUNDS = 20
# How many fixes of one check are tried, and how much text they may have; what comes later has its turn when the first ones are applied.
MOST_OFFERED, MOST_TEXT = 20, 50_000
DIRECTIONS = frozenset({"ASC", "DESC"})
# Before such a fix the engine did not read all of the text, so the fix may show errors that were written there before.
OF_TEXT = ("TQL0", "TQL1")


class Checked(NamedTuple):
    """A text as it was read, what the rules looked at, and the findings."""

    reading: ParseResult
    subject: Subject | None
    found: tuple[Found, ...]

    @property
    def text(self) -> str:
        """The text."""
        return self.reading.text

    def fix(self, found: Found) -> str | None:
        """Return the text that the edits of a finding make, or None where there are none, or they touch what they must not."""
        if self.subject is None or not found.edits:
            return text_fix(self.text, found.diagnostic)
        return None if touches_hard_column(self.subject, found.edits) else applied(self.text, found.edits)


def offered(before: Checked, look: Callable[[str], Checked]) -> list[Diagnostic]:
    """Return the findings of a text, each with its fix where that is safe; behind the first ones no fix is looked for."""
    found = [item.diagnostic for item in before.found]
    left = max(1, min(MOST_OFFERED, MOST_TEXT // (len(before.text) + 1)))
    for place, item in enumerate(before.found):
        fix = before.fix(item) if left else None
        if fix is not None:
            left -= 1
            if is_safe(before, look(fix), item.diagnostic):
                found[place] = item.diagnostic.replace(fix=fix)
    return found


def is_safe(before: Checked, after: Checked, diagnostic: Diagnostic) -> bool:
    """Tell whether a fixed text parses, keeps comments, parentheses, directions and quoted names, and has fewer such findings and no new error."""
    if after.reading.tree is None:
        return False
    of_text = diagnostic.code.startswith(OF_TEXT)
    old, new = _tokens(before.text), _tokens(after.text)
    said, kept = _comments(before.text, old), _comments(after.text, new)
    if not (_is_within(said, kept) if of_text else said == kept):
        return False
    if not _keeps_words(before.text, old, after.text, new):
        return False
    return _has_less(before.found, after.found, diagnostic.code, of_text=of_text)


def _has_less(before: Iterable[Found], after: Iterable[Found], code: str, *, of_text: bool) -> bool:
    """Tell whether a finding is gone, and no error is new."""
    old, new = _counted(before), _counted(after)
    errors = (code for (code, severity) in new - old if severity == "error")
    if any(code.startswith(OF_TEXT) or not of_text for code in errors):
        return False
    return _count(new, code) < _count(old, code)


def _counted(found: Iterable[Found]) -> Counter[tuple[str, str]]:
    """Return the number of findings of each code and severity."""
    return Counter((item.diagnostic.code, item.diagnostic.severity) for item in found)


def _count(found: Counter[tuple[str, str]], code: str) -> int:
    """Return the number of findings of a code."""
    return sum(count for (other, _), count in found.items() if other == code)


def _tokens(text: str) -> list[Token]:
    """Return the tokens that the engine reads."""
    return tokens(cut_at_nul(text))


def _comments(text: str, read: Sequence[Token]) -> list[str]:
    """Return the comments that a person sees: the lines of each that begin with dashes."""
    lines = (line.strip(BLANKS + "\r") for start, end in comments(text, read) for line in text[start:end].split("\n"))
    return [line for line in lines if line.startswith("--")]


def _keeps_words(before: str, old: Sequence[Token], after: str, new: Sequence[Token]) -> bool:
    """Tell whether parentheses, quoted names and written directions are all there still."""
    directions = ([token.kind for token in read if token.kind in DIRECTIONS] for read in (old, new))
    return not _kept_signs(before, old) - _kept_signs(after, new) and _is_within(*directions)


def _kept_signs(text: str, read: Iterable[Token]) -> Counter[str]:
    """Return the parentheses and the quoted names of a text."""
    written = (text[token.start : token.end] for token in read)
    return Counter(word for word in written if word in {"(", ")"} or word.startswith('"'))


def _is_within(part: Iterable[str], whole: Iterable[str]) -> bool:
    """Tell whether all of *part* comes in *whole*, in the same order."""
    rest = iter(whole)
    return all(item in rest for item in part)


def touches_hard_column(subject: Subject, edits: Iterable[Edit]) -> bool:
    """Tell whether edits rewrite a column that may be null or has an index: there the engine's conditions differ from form to form."""
    hard = subject.hard_columns
    return any(edit.start <= start and end <= edit.end for edit in edits for start, end in hard)


def text_fix(text: str, diagnostic: Diagnostic) -> str | None:
    """Return the text with the fix of a finding about text or syntax, and with those of the findings behind it, until it parses."""
    from tql_grammar.syntax.parser import read

    changed = _changed(text, diagnostic)
    for _ in range(MOST_ROUNDS):
        reading = None if changed is None else read(changed)
        if changed is None or reading is None or reading.tree is not None:
            return changed
        changes = (_changed(changed, item) for item in reading.diagnostics)
        changed = next((change for change in changes if change is not None), None)
    return None


def _changed(text: str, diagnostic: Diagnostic) -> str | None:
    """Return the text with the fix of one finding, or None where it has none."""
    fix = TEXT_FIXES.get(diagnostic.code)
    changed = text if fix is None else fix(text, diagnostic)
    return None if changed == text else changed
