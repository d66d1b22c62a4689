// Cells of the table: texts wrapped, vectors and scores as bars, JSON as a tree, images as pictures.

import { withBoxes } from "./boxes.js";
import { drawing, element } from "./dom.js";
import { isNumber, write } from "./exact.js";

const LONG_TEXT = 400;
const SHORT_VECTOR = 4;
const MOST_BARS = 48;
const BARS_HEIGHT = 22;
const BAR_WIDTH = 3;
const CHANNELS = [1, 3, 4];
const FEW_PARTS = 50;

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {string} type the description of the column of the dataset, or ""
 * @property {string} kind "image", "embedding", .. or ""
 * @property {string} boxes the format of the boxes of the column, "ltwh pixel", or ""
 * @property {boolean} isScore whether a bar shows its numbers
 * @property {number} least
 * @property {number} most
 */

/**
 * Return what is known of a column of a result.
 *
 * @param {string} name
 * @param {any[]} values
 * @param {{type: string, kind: string, boxes: string} | undefined} known its type, where it is known
 * @param {boolean} isStored whether a dataset of the query has a column of this name
 * @returns {Column}
 */
export function columnOf(name, values, known, isStored) {
  const filled = values.filter((value) => value !== null);
  const numbers = filled.filter(isNumber).map(Number).filter(Number.isFinite);
  const isScore = !isStored && numbers.length > 0 && filled.every(isNumber) && filled.some((value) => String(value).includes("."));
  return {
    name,
    type: known?.type ?? "",
    kind: known?.kind ?? "",
    boxes: known?.boxes ?? "",
    isScore,
    least: numbers.reduce((found, one) => Math.min(found, one), 0),
    most: numbers.reduce((found, one) => Math.max(found, one), 0),
  };
}

/**
 * Return the content of a cell.
 *
 * @param {any} value
 * @param {Column} column
 * @param {((vector: any[]) => void) | null} like called to search for rows like this one
 * @param {{name: string, format: string, value: any}[]} boxes the boxes of the row, for its picture
 * @returns {Node}
 */
export function cell(value, column, like, boxes) {
  if (value === null) return element("span", { class: "null" }, "null");
  if (isNumber(value)) return column.isScore ? score(Number(value), String(value), column) : number(String(value));
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return element("span", { class: "number" }, String(value));
  const picture = column.kind === "image" ? image(value) : null;
  if (picture) return withBoxes(picture, boxes);
  if (isVector(value)) return vector(value, column, like);
  return tree(value, true);
}

/** @param {string} shown */
function number(shown) {
  return element("span", { class: "number" }, shown);
}

/**
 * @param {number} value
 * @param {string} shown
 * @param {Column} column
 */
function score(value, shown, column) {
  const range = column.most - column.least;
  const bar = element("span", { class: "bar" });
  if (range > 0 && Number.isFinite(value)) {
    bar.style.left = `${((Math.min(value, 0) - column.least) / range) * 100}%`;
    bar.style.width = `${(Math.abs(value) / range) * 100}%`;
  }
  return element("span", { class: "score" }, element("span", { class: "number" }, shown), element("span", { class: "track", "aria-hidden": "true" }, bar));
}

/** @param {string} value */
function text(value) {
  if (value.length <= LONG_TEXT) return element("span", { class: "text" }, value);
  const shown = document.createTextNode(`${value.slice(0, LONG_TEXT)}…`);
  const more = element(
    "button",
    {
      type: "button",
      class: "more",
      click: () => {
        shown.data = value;
        more.remove();
      },
    },
    `show all ${value.length.toLocaleString("en")} characters`,
  );
  return element("span", { class: "text" }, shown, " ", more);
}

/** @param {any} value */
function isVector(value) {
  return Array.isArray(value) && value.length > 0 && value.every(isNumber);
}

/**
 * @param {any[]} values
 * @param {Column} column
 * @param {((vector: any[]) => void) | null} like
 */
function vector(values, column, like) {
  if (values.length <= SHORT_VECTOR && column.kind !== "embedding") return element("span", { class: "number" }, write(values));
  const label = `vector of ${values.length} numbers, the first ones ${values.slice(0, SHORT_VECTOR).map(String).join(", ")}`;
  const similar =
    column.kind === "embedding" && like
      ? element("button", { type: "button", class: "more", click: () => like(values), title: "search for rows with similar vectors" }, "like this")
      : null;
  return element("span", { class: "vector" }, bars(values.map(Number), label), element("span", { class: "size" }, `${values.length} numbers`), similar);
}

/**
 * Return bars of numbers; of many numbers, each bar is the one of its part that is farthest from 0.
 *
 * @param {number[]} values
 * @param {string} label
 */
function bars(values, label) {
  const count = Math.min(values.length, MOST_BARS);
  const heights = Array.from({ length: count }, (_, index) => {
    const part = values.slice(Math.floor((index * values.length) / count), Math.floor(((index + 1) * values.length) / count));
    return part.reduce((found, one) => (Number.isFinite(one) && Math.abs(one) > Math.abs(found) ? one : found), 0);
  });
  const most = heights.reduce((found, one) => Math.max(found, Math.abs(one)), 0) || 1;
  const middle = BARS_HEIGHT / 2;
  const path = heights
    .map((height, index) => `M${index * BAR_WIDTH} ${middle}h${BAR_WIDTH - 1}v${(-height / most) * middle}h${1 - BAR_WIDTH}z`)
    .join("");
  const width = count * BAR_WIDTH;
  return drawing(
    "svg",
    { class: "bars", width, height: BARS_HEIGHT, viewBox: `0 0 ${width} ${BARS_HEIGHT}`, role: "img", "aria-label": label },
    drawing("path", { d: path }),
  );
}

/**
 * Return a picture of nested lists, rows of pixels of channels; null for any other value.
 *
 * @param {any} value
 */
function image(value) {
  const [height, width, channels] = [value?.length, value?.[0]?.length, value?.[0]?.[0]?.length];
  if (!height || !width || !CHANNELS.includes(channels)) return null;
  const pixels = new Uint8ClampedArray(height * width * 4);
  let place = 0;
  for (const row of value) {
    if (row.length !== width) return null;
    for (const pixel of row) {
      const [red, green, blue, alpha] = pixel.map(Number);
      pixels.set(channels === 1 ? [red, red, red, 255] : [red, green, blue, channels === 4 ? alpha : 255], place);
      place += 4;
    }
  }
  const canvas = /** @type {HTMLCanvasElement} */ (
    element("canvas", { class: "picture", width, height, role: "img", "aria-label": `picture, ${width} × ${height} pixels` })
  );
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/**
 * Return JSON as a tree; what is long is closed, and its parts are made when it is opened.
 *
 * @param {any} value
 * @param {boolean} isOuter
 * @returns {Node}
 */
function tree(value, isOuter) {
  if (!Array.isArray(value) && !(value instanceof Map)) return leaf(value);
  const size = value instanceof Map ? value.size : value.length;
  const [begin, end] = value instanceof Map ? ["{", "}"] : ["[", "]"];
  const short = write(value);
  if (size === 0 || (Array.isArray(value) && short.length <= FEW_PARTS)) return element("span", { class: "number" }, short);
  const parts = element("div", { class: "parts" });
  const made = element("details", { class: "tree" }, element("summary", {}, `${begin} ${size} ${size === 1 ? "part" : "parts"} ${end}`), parts);
  const fill = () => {
    if (!parts.childNodes.length) parts.append(...branches(value));
  };
  made.addEventListener("toggle", fill);
  if (isOuter && size <= FEW_PARTS && value instanceof Map) {
    made.setAttribute("open", "");
    fill();
  }
  return made;
}

/** @param {any[] | Map<string, any>} value */
function branches(value) {
  return [...value.entries()].map(([key, part]) =>
    element("div", { class: "branch" }, element("span", { class: "key" }, `${typeof key === "number" ? key : JSON.stringify(key)}: `), tree(part, false)),
  );
}

/** @param {any} value */
function leaf(value) {
  if (typeof value === "string") return element("span", { class: "string" }, JSON.stringify(value));
  return element("span", { class: "number" }, write(value));
}
