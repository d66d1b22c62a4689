// The editor: findings, quick fixes, completion, descriptions and signatures come from the server.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, snippet, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { forceLinting, lintKeymap, linter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, placeholder } from "@codemirror/view";

import { element } from "./dom.js";
import { language } from "./language.js";
import { fromCharacters, toCharacters } from "./offsets.js";
import { ask } from "./server.js";

const LINT_MILLISECONDS = 150;
const TRIGGER = /[\w.('"[ ,]$/;

/**
 * @typedef {object} Finding
 * @property {string} code
 * @property {"error" | "warning" | "info"} severity
 * @property {string} message
 * @property {string | null} hint
 * @property {number} start in characters
 * @property {number} end in characters
 * @property {{start: number, end: number, text: string}[]} edits those of its fix
 */

/**
 * Make the editor.
 *
 * @param {object} options
 * @param {HTMLElement} options.parent
 * @param {string} options.text
 * @param {() => string | null} options.dataset the dataset of a query without FROM
 * @param {(findings: Finding[], text: string) => void} options.found called with the findings of a text
 * @param {(text: string) => void} options.changed called after a change of the text
 * @param {(code: string) => void} options.explain called with the code of a rule to describe
 * @param {(error: unknown) => void} options.failed called with the error of a request
 * @param {import("@codemirror/view").KeyBinding[]} options.keys
 */
export function makeEditor(options) {
  const words = new Compartment();

  /**
   * Ask about the text of the editor.
   *
   * @param {string} name
   * @param {EditorState} state
   * @param {number} [offset] in units of JavaScript
   */
  async function about(name, state, offset) {
    const text = state.doc.toString();
    const place = offset === undefined ? {} : { offset: toCharacters(text, offset) };
    const found = await ask(name, { text, dataset: options.dataset(), ...place });
    return { found, at: fromCharacters(text), text };
  }

  /** @param {EditorView} view */
  async function findings(view) {
    try {
      const { found, at, text } = await about("check", view.state);
      if (view.state.doc.toString() === text) options.found(found.findings, text);
      return found.findings.map((/** @type {Finding} */ one) => shown(one, at, view, options.explain));
    } catch (error) {
      options.failed(error);
      return [];
    }
  }

  /** @param {import("@codemirror/autocomplete").CompletionContext} context */
  async function proposals(context) {
    const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
    if (!context.explicit && !TRIGGER.test(before)) return null;
    try {
      const { found, at } = await about("complete", context.state, context.pos);
      if (context.aborted || !found.proposals.length) return null;
      const from = at(found.proposals[0].start);
      return { from, filter: false, options: found.proposals.map((/** @type {any} */ one) => option(one, at)) };
    } catch (error) {
      options.failed(error);
      return null;
    }
  }

  /**
   * @param {EditorView} view
   * @param {number} place
   */
  async function hover(view, place) {
    try {
      const { found, at } = await about("describe", view.state, place);
      const described = found.description;
      if (!described) return null;
      const create = () => ({ dom: element("div", { class: "description" }, ...markdown(described)) });
      return { pos: at(described.start), end: at(described.end), above: true, create };
    } catch (error) {
      options.failed(error);
      return null;
    }
  }

  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        keymap.of(options.keys),
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        words.of([]),
        placeholder("select ... from ..."),
        linter(findings, { delay: LINT_MILLISECONDS }),
        autocompletion({ override: [proposals], icons: false, maxRenderedOptions: 60 }),
        hoverTooltip(hover),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "query", spellcheck: "false", tabindex: "0" }),
        EditorView.domEventHandlers({ beforeinput: replaceSelected }),
        EditorView.cspNonce.of(nonce()),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.changed(update.state.doc.toString());
        }),
        THEME,
      ],
    }),
  });

  return {
    view,
    text: () => view.state.doc.toString(),
    about: (/** @type {string} */ name) => about(name, view.state, view.state.selection.main.head),
    complete: () => startCompletion(view),
    /** Check the text again, as after a change of the dataset. */
    check: () => {
      view.dispatch(setDiagnostics(view.state, []));
      forceLinting(view);
    },
    /** @param {string} text */
    replace: (text) => {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** @param {string} text */
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    /** @param {Finding} finding */
    fix: (finding) => applyFix(view, finding),
    /** @param {Finding} finding */
    show: (finding) => {
      const at = fromCharacters(view.state.doc.toString());
      view.dispatch({ selection: { anchor: at(finding.start), head: at(finding.end) }, scrollIntoView: true });
      view.focus();
    },
    /** @param {{keywords: string[], functions: string[]}} known */
    setWords: (known) => view.dispatch({ effects: words.reconfigure(language(known.keywords, known.functions)) }),
  };
}

/**
 * Type over a selection. Chromium would write the style of the text that goes into an attribute, which the policy of the page refuses.
 *
 * @param {InputEvent} event
 * @param {EditorView} view
 */
function replaceSelected(event, view) {
  const { from, to, empty } = view.state.selection.main;
  const text = event.data;
  if (event.inputType !== "insertText" || empty || text === null || view.composing) return false;
  const insert = () =>
    view.state.update({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: "input.type", scrollIntoView: true });
  event.preventDefault();
  if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
  return true;
}

/** The number that the page allows styles by. */
function nonce() {
  return document.querySelector("meta[name=csp-nonce]")?.getAttribute("content") ?? "";
}

/**
 * Return a finding as the editor shows it.
 *
 * @param {Finding} finding
 * @param {(offset: number) => number} at
 * @param {EditorView} view
 * @param {(code: string) => void} explain
 */
function shown(finding, at, view, explain) {
  const [from, end] = [at(finding.start), at(finding.end)];
  const rule = element("button", { type: "button", class: "code", click: () => explain(finding.code) }, finding.code);
  return {
    from,
    to: Math.max(from, end),
    severity: finding.severity,
    message: `${finding.code}: ${finding.message}`,
    renderMessage: () =>
      element("span", {}, rule, ` ${finding.message}`, finding.hint ? element("span", { class: "hint" }, `hint: ${finding.hint}`) : null),
    actions: finding.edits.length ? [{ name: "Fix", apply: () => applyFix(view, finding) }] : [],
  };
}

/**
 * Make the edits of a fix.
 *
 * @param {EditorView} view
 * @param {Finding} finding
 */
function applyFix(view, finding) {
  const at = fromCharacters(view.state.doc.toString());
  const changes = finding.edits.map((edit) => ({ from: at(edit.start), to: at(edit.end), insert: edit.text }));
  view.dispatch({ changes, userEvent: "input.fix" });
  view.focus();
}

/**
 * Return a proposal as the editor shows it.
 *
 * @param {any} proposal
 * @param {(offset: number) => number} at
 */
function option(proposal, at) {
  const [from, to] = [at(proposal.start), at(proposal.end)];
  const isSnippet = proposal.kind === "snippet";
  return {
    label: proposal.label,
    detail: [proposal.code, proposal.detail].filter(Boolean).join(" "),
    type: proposal.code ? "trap" : proposal.kind,
    apply: (/** @type {EditorView} */ view, /** @type {any} */ completion) => {
      if (isSnippet) {
        snippet(proposal.text.replace(/\$(\d+)/g, "$${$1}"))(view, completion, from, to);
        return;
      }
      const anchor = from + proposal.text.length;
      view.dispatch({ changes: { from, to, insert: proposal.text }, selection: { anchor }, userEvent: "input.complete" });
    },
  };
}

/**
 * Return the elements of a description: its title, and its text with the code in it.
 *
 * @param {{title: string, text: string}} described
 */
export function markdown(described) {
  const parts = described.text.split(/```\w*\n([\s\S]*?)\n```/);
  return [
    element("h3", {}, described.title),
    ...parts.map((part, number) => (number % 2 ? element("pre", { tabindex: "0" }, part) : prose(part.trim()))).filter((part) => part != null),
  ];
}

/** @param {string} text */
function prose(text) {
  if (!text) return null;
  const parts = text.split(/`([^`]+)`/).map((part, number) => (number % 2 ? element("code", {}, part) : part));
  return element("p", {}, ...parts);
}

// The colours are those of the page, so light and dark are one theme.
const THEME = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--field)", fontSize: "14px", maxHeight: "45vh" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0", minHeight: "6em" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--muted)", border: "none" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selected)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selected)" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px", boxShadow: "0 4px 16px var(--shadow)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip-autocomplete ul li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "60em", whiteSpace: "pre-wrap" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)", borderRadius: "4px", padding: "2px 8px" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--text)" },
});
