"""Verification of fixes: a fixed query has to have the intended tree, keep the text around the finding, lose the finding, and gain no error."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.lint.edits import TEXT_FIXES, applied, difference
from tql_grammar.syntax.lexer import BLANKS, comments, cut_at_nul, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.diagnostic import Diagnostic, Edit
    from tql_grammar.lint.rule import Found, Subject
    from tql_grammar.syntax.findings.report import ParseResult
    from tql_grammar.syntax.lexer import Token

MOST_ROUNDS = 20
# The largest number of fixes that one check verifies, and of characters in them; later findings get their fixes once the first ones are applied.
MOST_OFFERED, MOST_TEXT = 20, 50_000
DIRECTIONS = frozenset({"ASC", "DESC"})
# Families whose fix lets the engine read more of the text, so that errors further on may appear.
OF_TEXT = ("TQL0", "TQL1")


class Checked(NamedTuple):
    """A parsed query, the subject of the rules, and the findings."""

    reading: ParseResult
    subject: Subject | None
    found: tuple[Found, ...]

    @property
    def text(self) -> str:
        """The text."""
        return self.reading.text

    def fix(self, found: Found) -> str | None:
        """Return the text after the edits of a finding, or None if there are none or they rewrite a fragile column."""
        if self.subject is None or found.fix is None:
            return text_fix(self.text, found.diagnostic)
        return None if touches_fragile_column(self.subject, found.fix.edits) else applied(self.text, found.fix.edits)

    def edits(self, found: Found, fix: str) -> tuple[Edit, ...]:
        """Return the edits of the fix of a finding."""
        return difference(self.text, fix) if found.fix is None else tuple(sorted(found.fix.edits))


def has_fix(found: Found) -> bool:
    """Tell whether a finding may have a fix."""
    return found.fix is not None or found.diagnostic.code in TEXT_FIXES


def with_fixes(before: Checked, check_text: Callable[[str], Checked]) -> list[Diagnostic]:
    """Return the findings of a query, the first ones with their fixes where those are safe."""
    found = [item.diagnostic for item in before.found]
    left = max(1, min(MOST_OFFERED, MOST_TEXT // (len(before.text) + 1)))
    for index, item in enumerate(before.found):
        if not left:
            break
        if not has_fix(item):
            continue
        left -= 1
        fix = before.fix(item)
        if fix is not None and is_safe(before, check_text(fix), item):
            found[index] = item.diagnostic.replace(fix=fix, edits=before.edits(item, fix))
    return found


def is_safe(before: Checked, after: Checked, item: Found) -> bool:
    """Tell whether a fixed query has the intended tree, keeps comments, parentheses, directions and quoted names, and has fewer such findings and no new error."""
    diagnostic, fix, tree = item.diagnostic, item.fix, before.reading.tree
    if after.reading.tree is None:
        return False
    if fix is not None and tree is not None and fix.intended(tree) != after.reading.tree:
        return False
    of_text = diagnostic.code.startswith(OF_TEXT)
    old, new = _tokens(before.text), _tokens(after.text)
    said, kept = _comments(before.text, old), _comments(after.text, new)
    if not (_is_subsequence(said, kept) if of_text else said == kept):
        return False
    if not _keeps_words(before.text, old, after.text, new):
        return False
    return _has_less(before.found, after.found, diagnostic.code, of_text=of_text)


def _has_less(before: Iterable[Found], after: Iterable[Found], code: str, *, of_text: bool) -> bool:
    """Tell whether there are fewer findings of a code, and no new errors."""
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
    """Return the lines of comments that begin with dashes."""
    lines = (line.strip(BLANKS + "\r") for start, end in comments(text, read) for line in text[start:end].split("\n"))
    return [line for line in lines if line.startswith("--")]


def _keeps_words(before: str, old: Sequence[Token], after: str, new: Sequence[Token]) -> bool:
    """Tell whether all parentheses, quoted names and explicit directions are kept."""
    directions = ([token.kind for token in read if token.kind in DIRECTIONS] for read in (old, new))
    return not _signs(before, old) - _signs(after, new) and _is_subsequence(*directions)


def _signs(text: str, read: Iterable[Token]) -> Counter[str]:
    """Return the parentheses and quoted names of a text, with their counts."""
    written = (text[token.start : token.end] for token in read)
    return Counter(word for word in written if word in {"(", ")"} or word.startswith('"'))


def _is_subsequence(part: Iterable[str], whole: Iterable[str]) -> bool:
    """Tell whether *part* is a subsequence of *whole*."""
    rest = iter(whole)
    return all(item in rest for item in part)


def touches_fragile_column(subject: Subject, edits: Iterable[Edit]) -> bool:
    """Tell whether edits rewrite a nullable or indexed column, for which the engine evaluates equivalent conditions differently."""
    fragile = subject.fragile_columns
    return any(edit.start <= start and end <= edit.end for edit in edits for start, end in fragile)


def rounds(text: str) -> int:
    """Return the number of times that the fix of a finding about the text may parse it, which is smaller for a long text."""
    return max(1, min(MOST_ROUNDS, MOST_TEXT * 8 // (len(text) + 1)))


def text_fix(text: str, diagnostic: Diagnostic) -> str | None:
    """Return the text with the fix of a finding about text or syntax, and of the findings that appear after it, until it parses."""
    from tql_grammar.syntax.parser import read

    changed = _changed(text, diagnostic)
    for _ in range(rounds(text)):
        reading = None if changed is None else read(changed)
        if changed is None or reading is None or reading.tree is not None:
            return changed
        changes = (_changed(changed, item) for item in reading.diagnostics)
        changed = next((change for change in changes if change is not None), None)
    return None


def _changed(text: str, diagnostic: Diagnostic) -> str | None:
    """Return the text with the fix of one finding, or None for a finding without a fix."""
    fix = TEXT_FIXES.get(diagnostic.code)
    changed = text if fix is None else fix(text, diagnostic)
    return None if changed == text else changed
