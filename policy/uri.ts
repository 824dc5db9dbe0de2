/** Schemes whose URIs every URL parser rewrites (WHATWG URL Standard, § Special schemes). */
const REWRITTEN = /^(?:https?|wss?|ftp|file):/;

/**
 * A URI as URL parsers write it: `http:/a` and `http://a:80` are `http://a/` to them, `file://localhost/b` is
 * `file:///b`. Of other schemes the URI itself. A string is why there is no such form, as the end of a sentence
 * that begins with the URI.
 */
export function rewrittenUri(uri: string): { readonly uri: string } | string {
  if (!REWRITTEN.test(uri)) return { uri };
  try {
    const { href, protocol, pathname } = new URL(uri);
    // To a file system, `//` is `/`.
    if (protocol === "file:" && pathname.includes("//")) return "has an empty path segment";
    return { uri: href };
  } catch {
    return "is not a valid URL";
  }
}
