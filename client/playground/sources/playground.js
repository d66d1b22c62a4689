// The page: its editor, what is around it, and what happens when a query runs.

import { nextDiagnostic } from "@codemirror/lint";

import { readFragment, sharedAddress } from "./address.js";
import { byId, element } from "./dom.js";
import { makeEditor, markdown } from "./editor.js";
import { boxes, plan } from "./levels.js";
import * as memory from "./memory.js";
import { asCsv, asJson, asJsonLines, rowCount, table } from "./rows.js";
import { ServerError, ask, file, run as runQuery, setToken } from "./server.js";
import { makeTabs } from "./tabs.js";
import { toCharacters } from "./offsets.js";

const UNAUTHORIZED = 401;

/** @type {{datasets: Record<string, import("./rows.js").Columns>, example: string} | null} */
let known = null;
/** @type {import("./editor.js").Finding[]} */
let findings = [];
/** @type {AbortController | null} */
let running = null;
let shared = readFragment();

setToken(shared.token ?? "");

const status = byId("status");
const datasets = /** @type {HTMLSelectElement} */ (byId("dataset"));
const dataset = () => datasets.value || shared.dataset;

// --- theme -----------------------------------------------------------------------------------------------------------

const darkness = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const theme = memory.theme() ?? (darkness.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
}

byId("theme").addEventListener("click", () => {
  memory.keepTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  showTheme();
});
darkness.addEventListener("change", showTheme);
showTheme();

// --- the editor ------------------------------------------------------------------------------------------------------

/** The text to begin with: what was written before a reload, unless another link was opened since. */
function firstText() {
  const draft = memory.draft();
  return draft && draft.shared === shared.query ? draft.text : (shared.query ?? "");
}

const editor = makeEditor({
  parent: byId("editor"),
  text: firstText(),
  dataset,
  found: showFindings,
  changed: (text) => {
    memory.keepDraft(text, shared.query);
    refresh();
  },
  explain: (code) => describe(code, code, 0),
  failed,
  keys: [
    { key: "Mod-Enter", run: command(run), preventDefault: true },
    { key: "Mod-.", run: command(fixHere) },
    { key: "Mod-Shift-.", run: command(fixAll) },
    { key: "Mod-Shift->", run: command(fixAll) },
    { key: "Shift-Alt-f", run: command(format) },
    { key: "F1", run: command(describeHere) },
    { key: "F8", run: nextDiagnostic },
  ],
});
editor.view.contentDOM.setAttribute("aria-describedby", "status");

/** @param {() => unknown} action */
function command(action) {
  return () => {
    action();
    return true;
  };
}

/** @param {import("./editor.js").Finding[]} found */
function showFindings(found) {
  findings = found;
  byId("findings").replaceChildren(...found.map(finding));
}

/** @param {import("./editor.js").Finding} one */
function finding(one) {
  const rule = element("button", { type: "button", class: "code", click: () => describe(one.code, one.code, 0) }, one.code);
  const go = element("button", { type: "button", class: "more", click: () => editor.show(one) }, "show");
  const fix = one.edits.length ? element("button", { type: "button", class: "more", click: () => editor.fix(one) }, "fix") : null;
  const hint = one.hint ? element("span", { class: "hint" }, `hint: ${one.hint}`) : null;
  return element("li", { class: one.severity }, element("span", { class: "severity" }, one.severity), " ", rule, ` ${one.message} `, go, fix, hint);
}

function fixHere() {
  const text = editor.text();
  const { from, to } = editor.view.state.selection.main;
  const [start, end] = [toCharacters(text, from), toCharacters(text, to)];
  const fixable = findings.filter((one) => one.edits.length);
  const here = fixable.find((one) => one.start <= end && start <= one.end) ?? fixable[0];
  if (here) editor.fix(here);
  else say("no finding has a fix");
}

/** @param {string} name */
async function rewrite(name) {
  try {
    const { found, text } = await editor.about(name);
    if (editor.text() === text) editor.replace(found.text);
    else say("the text changed meanwhile");
  } catch (error) {
    failed(error);
  }
}

function fixAll() {
  return rewrite("fix");
}

function format() {
  return rewrite("format");
}

// --- descriptions ----------------------------------------------------------------------------------------------------

/**
 * Show the description of the word at a place of a text.
 *
 * @param {string} subject
 * @param {string} text
 * @param {number} offset
 */
async function describe(subject, text, offset) {
  try {
    const { description } = await ask("describe", { text, offset, dataset: dataset() });
    showDescription(description ?? { title: subject, text: "There is no description of this word." });
  } catch (error) {
    failed(error);
  }
}

async function describeHere() {
  try {
    const { signature } = (await editor.about("signature")).found;
    const { description } = (await editor.about("describe")).found;
    if (description) showDescription(description);
    else if (signature) showDescription({ title: signature.label, text: signature.text });
    else say("there is nothing to describe at the cursor");
  } catch (error) {
    failed(error);
  }
}

/** @param {{title: string, text: string}} description */
function showDescription(description) {
  byId("description").replaceChildren(...markdown(description));
  tabs.show("help");
}

// --- running a query -------------------------------------------------------------------------------------------------

/** @param {string} text */
function say(text, kind = "") {
  status.textContent = text;
  status.className = kind;
}

/** @param {unknown} error */
function failed(error) {
  if (error instanceof ServerError && error.status === UNAUTHORIZED) {
    lock(error.message);
    return;
  }
  say(error instanceof Error ? firstLine(error.message) : String(error), "error");
}

/** @param {string} text */
function firstLine(text) {
  return text.split("\n", 1)[0];
}

async function run() {
  if (running) return;
  const [text, chosen] = [editor.text(), dataset()];
  running = new AbortController();
  byId("stop").hidden = false;
  say("running …");
  const started = performance.now();
  try {
    const sent = await ask("prepare", { text, dataset: chosen, unchecked: byId("unchecked").checked }, running.signal);
    const begun = performance.now();
    const result = await runQuery(sent.text, running.signal);
    const milliseconds = performance.now() - begun;
    showRows(result, sent);
    const outcome = `${counted(rowCount(result), "row")} in ${milliseconds.toFixed(0)} ms`;
    const whole = performance.now() - started;
    const from = sent.added ? ` · FROM "${sent.added}" was added` : "";
    say(`${outcome} · ${whole.toFixed(0)} ms with check and display · ${size(result.size)}${from}`);
    memory.keepRun({ text, dataset: chosen, outcome });
  } catch (error) {
    showError(error);
    memory.keepRun({ text, dataset: chosen, outcome: "failed" });
  } finally {
    running = null;
    byId("stop").hidden = true;
    showHistory();
  }
}

/** @param {unknown} error */
function showError(error) {
  if (error instanceof DOMException && error.name === "AbortError") {
    say("stopped");
    return;
  }
  failed(error);
  byId("rows").replaceChildren(element("pre", { class: "failure", tabindex: "0" }, error instanceof Error ? error.message : String(error)));
  tabs.show("rows");
}

/**
 * @param {{names: string[], columns: Map<string, any[]>, size: number}} result
 * @param {{text: string, columns: import("./rows.js").Columns}} sent
 */
function showRows(result, sent) {
  const files = [
    element("button", { type: "button", click: () => save("rows.csv", "text/csv", asCsv(result)) }, "CSV"),
    element("button", { type: "button", click: () => save("rows.jsonl", "application/jsonl", asJsonLines(result)) }, "JSON Lines"),
    element("button", { type: "button", click: () => saveParquet(result) }, "Parquet"),
  ];
  const shown = rowCount(result) ? table(result, sent.columns, columnsOf(sent.text), like) : [element("p", { class: "quiet" }, "no rows")];
  const bar = element("div", { class: "bar" }, element("span", { class: "quiet" }, "Save as "), ...files);
  byId("rows").replaceChildren(...shown, bar);
  tabs.show("rows");
}

/**
 * Return the columns of the datasets that a text names; of two of one name that of the first.
 *
 * @param {string} text
 */
function columnsOf(text) {
  const named = Object.entries(known?.datasets ?? {}).filter(([name]) => text.includes(name));
  return Object.assign({}, ...named.map(([, columns]) => columns).reverse());
}

/**
 * Write the search for rows with similar vectors, and run it.
 *
 * @param {string} column
 * @param {any[]} vector
 */
async function like(column, vector) {
  const named = Object.entries(known?.datasets ?? {}).find(([name, columns]) => editor.text().includes(name) && Object.hasOwn(columns, column));
  try {
    const { text } = await ask("like", { column, vector: vector.map(Number), dataset: named ? named[0] : dataset() });
    editor.replace(text);
    await run();
  } catch (error) {
    failed(error);
  }
}

/**
 * Save the rows that are shown as Parquet, which the server writes.
 *
 * @param {import("./rows.js").Result} result
 */
async function saveParquet(result) {
  try {
    save("rows.parquet", "application/vnd.apache.parquet", await file("parquet", asJson(result)));
  } catch (error) {
    failed(error);
  }
}

/**
 * @param {string} name
 * @param {string} type
 * @param {string | Blob} content
 */
function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type: typeof content === "string" ? `${type};charset=utf-8` : type }));
  const link = /** @type {HTMLAnchorElement} */ (element("a", { href: url, download: name }));
  link.click();
  URL.revokeObjectURL(url);
}

/**
 * @param {number} count
 * @param {string} noun
 */
function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} bytes */
function size(bytes) {
  return bytes < 10_000 ? `${bytes} bytes` : `${(bytes / 1000).toLocaleString("en", { maximumFractionDigits: 0 })} kB`;
}

// --- the other tabs --------------------------------------------------------------------------------------------------

const DELAY = 200;
let timer = 0;

/** Show again what the open tab says about the text, a moment after a change. */
function refresh() {
  clearTimeout(timer);
  timer = setTimeout(() => TABS[tabs.current() ?? ""]?.(), DELAY);
}

/** @type {Record<string, () => void>} */
const TABS = { explain: () => fill("explain", explained), plan: () => fill("plan", planned), python: () => fill("python", inPython), history: showHistory };
const tabs = makeTabs(/** @type {HTMLElement} */ (document.querySelector("[role=tablist]")), (name) => TABS[name]?.());

/**
 * @param {string} name
 * @param {(text: string) => Promise<(Node | null)[]>} make
 */
async function fill(name, make) {
  const text = editor.text();
  let shown;
  try {
    shown = await make(text);
  } catch (error) {
    failed(error);
    shown = [element("pre", { class: "failure", tabindex: "0" }, error instanceof Error ? error.message : String(error))];
  }
  if (editor.text() === text) byId(name).replaceChildren(...shown.filter((node) => node !== null));
}

/** @param {string} text */
async function explained(text) {
  const found = await ask("explain", { text, dataset: dataset() });
  return [...sentences(found), ...pictures(found)];
}

/** @param {any} found */
function sentences(found) {
  const same = found.sent && !found.added;
  const why = found.added
    ? `The text that is sent differs from the one in the editor: it names no dataset, so FROM "${found.added}" is added.`
    : "The text of the editor is sent unchanged.";
  const errors = found.errors ? `It is not sent, since it has ${counted(found.errors, "error")}: fix them, or run it with errors.` : null;
  return [
    element("p", {}, errors ?? why),
    found.sent && !same ? code(found.sent) : null,
  ];
}

/** @param {any} found */
function pictures(found) {
  const written = found.written ? [element("h2", {}, "The SELECTs of the text"), boxes(found.written)] : [element("p", { class: "quiet" }, "The text is no query.")];
  const fixed = found.fixed ? [element("h2", {}, "With all fixes"), code(found.fixed.text), boxes(found.fixed.level)] : [];
  return [...written, ...fixed];
}

/** @param {string} text */
async function planned(text) {
  const sent = await ask("prepare", { text, dataset: dataset(), unchecked: byId("unchecked").checked });
  const found = await ask("plan", { text: sent.text, dataset: dataset() });
  return [element("p", { class: "quiet" }, "The plan of the engine; the query is not run."), plan(found.plan)];
}

/** @param {string} text */
async function inPython(text) {
  const { python } = await ask("explain", { text, dataset: dataset() });
  if (python === null) return [element("p", { class: "quiet" }, "The text is no query.")];
  const copied = element("span", { role: "status" });
  const copy = element("button", { type: "button", click: async () => (copied.textContent = await copyText(python)) }, "Copy");
  return [code(python), element("div", { class: "bar" }, copy, copied)];
}

/** @param {string} text */
function code(text) {
  return element("pre", { class: "program", tabindex: "0" }, text);
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return "the browser does not allow copying: select the text";
  }
}

function showHistory() {
  const runs = memory.runs();
  const items = runs.map((one) => {
    const again = element("button", { type: "button", class: "past", click: () => recall(one) }, one.text);
    return element("li", {}, again, element("span", { class: "quiet" }, one.outcome));
  });
  byId("history").replaceChildren(items.length ? element("ol", { class: "history" }, ...items) : element("p", { class: "quiet" }, "No query has run."));
}

/** @param {memory.Run} one */
function recall(one) {
  if (one.dataset) datasets.value = one.dataset;
  editor.replace(one.text);
  editor.view.focus();
}

// --- sharing ---------------------------------------------------------------------------------------------------------

byId("share").addEventListener("click", async () => {
  const address = sharedAddress(editor.text(), dataset());
  byId("address").value = address;
  byId("link").hidden = false;
  byId("address").select();
  if (!readFragment().token) {
    history.replaceState(null, "", address);
    shared = readFragment();
    memory.keepDraft(editor.text(), shared.query);
  }
  byId("copied").textContent = await copyText(address);
});
byId("close-link").addEventListener("click", () => {
  byId("link").hidden = true;
  byId("share").focus();
});
addEventListener("hashchange", () => {
  shared = readFragment();
  if (shared.token) setToken(shared.token);
  if (shared.query !== null) editor.replace(shared.query);
  chooseDataset();
});

// --- datasets and token ----------------------------------------------------------------------------------------------

/** Ask for the token that the server wants. */
function lock(/** @type {string} */ reason) {
  byId("unlock").hidden = false;
  byId("unlock-reason").textContent = reason;
  byId("token").focus();
}

byId("unlock").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  setToken(byId("token").value);
  byId("token").value = "";
  byId("unlock").hidden = true;
  setUp();
});

function chooseDataset() {
  if (shared.dataset && known && Object.hasOwn(known.datasets, shared.dataset)) datasets.value = shared.dataset;
}

/** Load the columns of the datasets, and the words of the language. */
async function setUp() {
  try {
    const found = await ask("setup", {});
    known = found;
    editor.setWords(found);
    datasets.replaceChildren(...Object.keys(found.datasets).map((name) => element("option", { value: name }, name)));
    chooseDataset();
    showColumns(found.datasets);
    if (!editor.text() && shared.query === null && memory.draft() === null) editor.replace(found.example);
    editor.check();
    say("");
  } catch (error) {
    failed(error);
  }
}

/** @param {Record<string, Record<string, {type: string}>>} found */
function showColumns(found) {
  const lists = Object.entries(found).map(([name, columns]) => {
    const items = Object.entries(columns).map(([column, { type }]) =>
      element("li", {}, element("button", { type: "button", click: () => editor.insert(column) }, column), element("span", { class: "type" }, type)),
    );
    return element("details", { open: true }, element("summary", {}, name), element("ul", {}, ...items));
  });
  byId("columns").replaceChildren(...lists);
}

datasets.addEventListener("change", () => {
  editor.check();
  refresh();
});
byId("run").addEventListener("click", run);
byId("stop").addEventListener("click", () => running?.abort());
byId("format").addEventListener("click", format);
byId("fix").addEventListener("click", fixAll);
addEventListener("keydown", (event) => {
  const isEditor = event.target instanceof Node && editor.view.dom.contains(event.target);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isEditor) run();
  if (event.key === "Escape" && running) running.abort();
});
setUp();
