import { rewrittenUri } from "../../policy/index.ts";

/**
 * The RFC 3986 normal form (§ 6.2.2 and 6.2.3) of a resource's URI, or of a glob over URIs, as a call's URI is compared
 * with it. A string is why no URI can equal it, as the end of a sentence that begins with "it".
 */
export function normalUri(given: string): { readonly uri: string } | string {
  // What a URI cannot hold as it is stands in it percent-encoded.
  const encoded = given.replace(/[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/gu, encodeURIComponent);
  if (/%(?![0-9A-Fa-f]{2})/.test(encoded)) return "holds a `%` without two hexadecimal digits";
  const plain = encoded.replace(/%[0-9A-Fa-f]{2}/g, (triple) => {
    const character = String.fromCharCode(Number.parseInt(triple.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : triple.toUpperCase();
  });
  const [, scheme = "", authority = "", path = "", rest = ""] =
    /^([A-Za-z][A-Za-z0-9+.-]*:)?(\/\/[^/?#]*)?([^?#]*)(.*)$/s.exec(plain) ?? [];
  if (path.split("/").some((segment) => segment === "." || segment === "..")) {
    return "has `.` or `..` as a path segment";
  }
  const uri = `${scheme.toLowerCase()}${normalAuthority(authority)}${path}${rest}`;
  // A `*` in the host may stand for a part of the path, too.
  return authority.includes("*") ? { uri } : rewrittenUri(uri);
}

function normalAuthority(authority: string): string {
  const at = authority.lastIndexOf("@") + 1;
  const host = authority
    .slice(at)
    .replace(/%..|[A-Z]/g, (part) => (part.startsWith("%") ? part : part.toLowerCase()));
  return `${authority.slice(0, at)}${host.replace(/:$/, "")}`;
}
