import { rewrittenUri } from "../../policy/index.ts";

const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;
const ALLOWED = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * How a URI differs from its normal form (RFC 3986 § 6.2.2 and 6.2.3), as the middle of a sentence; undefined when
 * it does not. Path segments that a server would decode to `..` are refused with it.
 */
export function uriProblem(uri: string): string | undefined {
  if (!ALLOWED.test(uri)) return "holds characters that a URI must percent-encode";
  const parts = PARTS.exec(uri);
  if (parts === null) return "has no scheme";
  const [, scheme = "", authority, path = ""] = parts;
  if (scheme !== scheme.toLowerCase()) return "has a scheme that is not in lower case";
  for (const encoded of uri.match(/%.{0,2}/gs) ?? []) {
    if (!/^%[0-9A-F]{2}$/.test(encoded))
      return "holds a percent sign without two upper-case digits";
    if (UNRESERVED.test(String.fromCharCode(Number.parseInt(encoded.slice(1), 16)))) {
      return "percent-encodes a character that needs no encoding";
    }
  }
  if (authority !== undefined) {
    const host = authority.slice(authority.lastIndexOf("@") + 1).replaceAll(/%../g, "");
    if (host !== host.toLowerCase()) return "has a host that is not in lower case";
    if (host.endsWith(":")) return "has an empty port";
  }
  // What servers make of it: decoded, perhaps twice, and with `\` for `/`.
  const decoded = path
    .replace(/%(?:25)+/g, "%")
    .replace(/%(?:2F|5C)/gi, "/")
    .replace(/%2E/gi, ".");
  if (decoded.split("/").some((segment) => /^\.\.?(?:;.*)?$/.test(segment))) {
    return "has `.` or `..` as a path segment";
  }
  if (/%00/.test(decoded)) return "holds NUL";
  const rewritten = rewrittenUri(uri);
  if (typeof rewritten === "string") return rewritten;
  return rewritten.uri === uri ? undefined : "is not in the form that URL parsers make of it";
}
