"""Explanations of all rules: of characters, of syntax, of Python files, of comments, and of the checks."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """The explanation of a rule: severity, title, reason, an example query, and the corrected query."""

    severity: str
    title: str
    why: str
    example: str
    meant: str = ""


def explanations() -> dict[str, Explanation]:
    """Return the explanations of all rules, by code: of characters, of syntax, of Python files, and of the checks."""
    from tql_grammar.lint.check import OLDER_RULES, RULES
    from tql_grammar.lint.ignores import IGNORE_RULES
    from tql_grammar.python import source as python_source
    from tql_grammar.syntax.findings import syntax_rules, text_rules

    hints = {rule.code: rule.hint for rule in syntax_rules.RULES}
    by_code = {
        rule.code: Explanation(
            "error",
            rule.title,
            f"{rule.message.replace('{}', '..')}.\n{rule.hint}.",
            repr(rule.example)[1:-1],
            repr(rule.meant)[1:-1],
        )
        for rule in text_rules.RULES
    }
    for code, title in syntax_rules.TITLES.items():
        why = hints.get(code, "The engine's parser rejects the query.")
        by_code[code] = Explanation("error", title, why, syntax_rules.EXAMPLES[code], syntax_rules.MEANT.get(code, ""))
    by_code[python_source.PASTED] = Explanation(
        "warning",
        python_source.PASTED_TITLE,
        python_source.PASTED_WHY,
        python_source.PASTED_EXAMPLE,
        python_source.PASTED_MEANT,
    )
    for about in IGNORE_RULES:
        by_code[about.code] = Explanation(about.severity, about.title, about.why, about.example, about.meant)
    for rule in (*RULES, *OLDER_RULES):
        by_code[rule.code] = Explanation(rule.severity, rule.title, rule.explanation, rule.example, rule.meant)
    return by_code
