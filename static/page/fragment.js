/**
 * What a link of `parlor dev` has behind its `#`: a token. So it is in no request, no
 * log and no header, and here it is taken out of the address and the history at once.
 */

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
const TOKEN = /^#token=(.*)$/;

function take() {
  const found = TOKEN.exec(location.hash);
  if (!found) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  // Elsewhere a link could sign people in as somebody else without their notice.
  const takesLinks = "takesLinks" in document.documentElement.dataset;
  return takesLinks && LOCAL.has(location.hostname) ? found[1] : null;
}

/** The token of the link that this page was opened by; null if there is none that is taken. */
export const linked = take();

// A link in a window that shows the page already changes nothing but the fragment.
addEventListener("hashchange", () => { if (TOKEN.test(location.hash)) location.reload(); });
