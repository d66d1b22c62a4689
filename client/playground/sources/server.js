// Requests to the server that the page came from. The token is in the fragment of the address and in memory, nowhere else.

import { parse } from "./exact.js";

/** The path of the query endpoint of the hosted service's protocol. */
const QUERIES = "/api/query/v1";
let token = "";

/** An error that the server answered. */
export class ServerError extends Error {
  /**
   * @param {number} status
   * @param {string} description
   * @param {string} hint
   */
  constructor(status, description, hint) {
    super(hint ? `${description}\nhint: ${hint}` : description);
    this.status = status;
  }
}

/** @param {string} value the token that requests have from now on */
export function setToken(value) {
  token = value;
}

/**
 * Send a request, and return the response.
 *
 * @param {string} path
 * @param {string} body JSON
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Response>}
 */
async function post(path, body, signal) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(path, { method: "POST", headers, body, signal });
  if (response.ok) return response;
  /** @type {{description?: string, hint?: string}} */
  let found = {};
  try {
    found = await response.json();
  } catch {
    // The answer of another program: its status says what it is.
  }
  throw new ServerError(response.status, found.description ?? `the server answered ${response.status}`, found.hint ?? "");
}

/**
 * Ask something about a text.
 *
 * @param {string} name
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(name, body, signal) {
  return (await post(name, JSON.stringify(body), signal)).json();
}

/**
 * Return a file that the server makes of rows.
 *
 * @param {string} name
 * @param {string} rows the server's JSON, by columns
 */
export async function file(name, rows) {
  return (await post(name, rows, undefined)).blob();
}

/**
 * Run a query, and return its columns, in order, with exact numbers.
 *
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<{names: string[], columns: Map<string, any[]>, size: number}>}
 */
export async function run(text, signal) {
  const response = await post(QUERIES, JSON.stringify({ query: text, as_list: false }), signal);
  const body = await response.text();
  const found = parse(body);
  return {
    names: found.get("tensors"),
    columns: found.get("data"),
    size: body.length,
  };
}
