// The rows of a result: a table, and its files.

import { cell, columnOf } from "./cells.js";
import { element } from "./dom.js";
import { Exact, write } from "./exact.js";

const PAGE = 100;

/**
 * @typedef {object} Result
 * @property {string[]} names
 * @property {Map<string, any[]>} columns
 */

/** @typedef {Record<string, {type: string, kind: string, boxes: string}>} Columns */

/** @param {Result} result */
export function rowCount(result) {
  return result.names.length ? (result.columns.get(result.names[0])?.length ?? 0) : 0;
}

/**
 * Return the table of a result; further rows are shown page by page.
 *
 * @param {Result} result
 * @param {Columns} known the types of the columns of the result
 * @param {Columns} stored the columns of the datasets of the query
 * @param {(column: string, vector: any[]) => void} like
 */
export function table(result, known, stored, like) {
  const columns = result.names.map((name) =>
    columnOf(name, result.columns.get(name) ?? [], Object.hasOwn(known, name) ? known[name] : undefined, Object.hasOwn(stored, name)),
  );
  const search = (/** @type {string} */ name) => (stored[name]?.kind === "embedding" ? (/** @type {any[]} */ vector) => like(name, vector) : null);
  const count = rowCount(result);
  // Of several pictures in a row, nothing says which one the boxes are of.
  const boxed = columns.filter((column) => column.kind === "image").length === 1 ? columns.filter((column) => column.boxes) : [];
  const body = element("tbody");
  const more = element("button", { type: "button", click: () => show() });
  let shown = 0;

  function show() {
    const last = Math.min(count, shown + PAGE);
    for (; shown < last; shown++) {
      const row = element("tr", {}, element("th", { scope: "row", class: "place" }, shown + 1));
      const at = (/** @type {string} */ name) => result.columns.get(name)?.[shown] ?? null;
      const boxes = boxed.map((column) => ({ name: column.name, format: column.boxes, value: at(column.name) }));
      for (const column of columns) {
        row.append(element("td", {}, cell(at(column.name), column, search(column.name), boxes)));
      }
      body.append(row);
    }
    more.textContent = `show ${Math.min(PAGE, count - shown)} more of ${count.toLocaleString("en")} rows`;
    more.hidden = shown >= count;
  }

  show();
  const heads = columns.map((column) =>
    element("th", { scope: "col" }, column.name, column.type ? element("span", { class: "type" }, column.boxes ? `boxes, ${column.boxes}` : column.type) : null),
  );
  const head = element("thead", {}, element("tr", {}, element("th", { scope: "col", class: "place" }, "#"), ...heads));
  const scrolled = element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": "rows" }, element("table", {}, head, body));
  return [scrolled, more];
}

/**
 * Return the rows as JSON Lines, as `tql run --format jsonl` writes them.
 *
 * @param {Result} result
 */
export function asJsonLines(result) {
  return lines(result, (name, value) => /** @type {[string, any]} */ ([name, value]), (row) => write(new Map(row)));
}

/**
 * Return the rows as the server's JSON, by columns.
 *
 * @param {Result} result
 */
export function asJson(result) {
  return write(new Map(/** @type {[string, any][]} */ ([["tensors", result.names], ["data", result.columns]])));
}

/**
 * Return the rows as CSV, as `tql run --format csv` writes them.
 *
 * @param {Result} result
 */
export function asCsv(result) {
  // A line of one empty field would be no row.
  return `${result.names.map(quoted).join(",")}\n${lines(result, (_, value) => field(value), (row) => row.join(",") || '""')}`;
}

/**
 * @template Part
 * @param {Result} result
 * @param {(name: string, value: any) => Part} part
 * @param {(row: Part[]) => string} line
 */
function lines(result, part, line) {
  const found = [];
  for (let row = 0; row < rowCount(result); row++) {
    found.push(line(result.names.map((name) => part(name, result.columns.get(name)?.[row] ?? null))));
  }
  return found.map((one) => `${one}\n`).join("");
}

/** @param {any} value */
function field(value) {
  if (value === null) return "";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || value instanceof Exact) return String(value);
  return quoted(write(value));
}

/** @param {string} text */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
