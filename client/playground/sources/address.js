// The fragment of the address, which a browser sends to no server: the token, and a shared query.

/** @returns {{token: string | null, query: string | null, dataset: string | null}} */
export function readFragment() {
  const found = new URLSearchParams(location.hash.slice(1));
  return { token: found.get("token"), query: found.get("query"), dataset: found.get("dataset") };
}

/**
 * Return the address that shares a query; it never has the token.
 *
 * @param {string} query
 * @param {string | null} dataset
 */
export function sharedAddress(query, dataset) {
  const parts = new URLSearchParams({ query, ...(dataset ? { dataset } : {}) });
  return `${location.origin}${location.pathname}#${parts}`;
}
