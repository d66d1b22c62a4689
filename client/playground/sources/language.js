// Colours of TQL. The words are those of the server.

import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const STRING = /^'(?:[^']|'')*'?/;
const QUOTED = /^"[^"]*"?/;
const NUMBER = /^\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/;
const WORD = /^[A-Za-z_][\w$]*/;
const OPERATOR = /^(?:[<>=!]=?|<>|\|\||[-+*/%^])/;

const STYLES = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.keyword, class: "tql-keyword" },
    { tag: tags.function(tags.variableName), class: "tql-function" },
    { tag: tags.string, class: "tql-string" },
    { tag: tags.number, class: "tql-number" },
    { tag: tags.comment, class: "tql-comment" },
    { tag: tags.special(tags.variableName), class: "tql-source" },
  ]),
);

/**
 * Return the extension that colours texts.
 *
 * @param {Iterable<string>} keywords in capitals
 * @param {Iterable<string>} functions in small letters
 */
export function language(keywords, functions) {
  const known = new Set(keywords);
  const called = new Set(functions);
  /** @param {string} word */
  const ofWord = (word) => {
    if (called.has(word.toLowerCase())) return "variableName.function";
    return known.has(word.toUpperCase()) ? "keyword" : "variableName";
  };
  const parser = StreamLanguage.define({
    token(stream) {
      if (stream.eatSpace()) return null;
      if (stream.match("--")) {
        stream.skipToEnd();
        return "comment";
      }
      if (stream.match(STRING)) return "string";
      if (stream.match(QUOTED)) return "variableName.special";
      if (stream.match(NUMBER)) return "number";
      const word = stream.match(WORD);
      if (word && typeof word === "object") return ofWord(word[0]);
      if (stream.match(OPERATOR)) return "operator";
      stream.next();
      return null;
    },
  });
  return [parser, STYLES];
}
