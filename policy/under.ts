/**
 * Places that `under` compares: absolute paths and URLs. Programs disagree about everything unusual in
 * them, so that a text is either plain, and then all agree where it points, or it is no place at all.
 */
export type Place = PathPlace | UrlPlace;

export interface PathPlace {
  readonly kind: "path";
  readonly segments: readonly string[];
}

export interface UrlPlace {
  readonly kind: "url";
  /** With its colon, in lower case. */
  readonly scheme: string;
  /** In lower case; in a base, `*.example.com` stands for every host below it, however deep. */
  readonly host: string;
  /** "" for the scheme's own port. */
  readonly port: string;
  readonly segments: readonly string[];
}

/** A place as a value gives it, or why the text is none: the end of a sentence that begins with it. */
export function parsePlace(text: string): Place | string {
  return parse(text, false);
}

/** A place as a policy names it: the host of a URL may begin with `*.`. */
export function parseBase(text: string): Place | string {
  return parse(text, true);
}

/** Why a text cannot stand after `under`; undefined when it can. */
export function underProblem(text: string): string | undefined {
  const base = parseBase(text);
  return typeof base === "string" ? `it ${base}` : undefined;
}

/** Whether the place is the base or lies below it; undefined when one is a path and the other a URL. */
export function isUnder(place: Place, base: Place): boolean | undefined {
  if (place.kind === "path" || base.kind === "path") {
    if (place.kind !== base.kind) return undefined;
    return startsWith(place.segments, base.segments);
  }
  return (
    place.scheme === base.scheme &&
    place.port === base.port &&
    hostMatches(place.host, base.host) &&
    startsWith(place.segments, base.segments)
  );
}

/** The host of a URL in lower case, or why the text is not a plain URL. */
export function hostOf(text: string): { readonly host: string } | string {
  const place = parsePlace(text);
  if (typeof place === "string") return place;
  if (place.kind === "path") return "must be a URL";
  return { host: place.host };
}

const MAX_LENGTH = 64 * 1024;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const URL_PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]*|\*\.[A-Za-z0-9_.-]+)(?::([0-9]+))?$/;

function parse(text: string, base: boolean): Place | string {
  if (text.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (CONTROL.test(text)) return "must not hold control characters";
  if (text.includes("\\")) return "must not hold a backslash";
  // However often it is encoded, a later decoder would see `.`, `/`, `\` or NUL.
  if (/%(?:25)*(?:2e|2f|5c|00)/i.test(text)) {
    return "must not hold an encoded dot, slash, backslash or NUL";
  }
  if (text.startsWith("/")) {
    const segments = pathSegments(text, false);
    return typeof segments === "string" ? segments : { kind: "path", segments };
  }
  const parts = URL_PARTS.exec(text);
  if (parts === null) return "must be an absolute path or a URL with `//`";
  return parseUrl(text, parts, base);
}

function parseUrl(text: string, parts: RegExpExecArray, base: boolean): Place | string {
  const [, scheme = "", authority = "", path = ""] = parts;
  if (authority.includes("@")) return "must not hold a user name";
  const match = AUTHORITY.exec(authority);
  if (match === null) return "must have a plain host name";
  const [, host = "", port] = match;
  const wildcard = host.startsWith("*.");
  if (wildcard && !base) return "must have a plain host name";
  if (host === "" && (scheme.toLowerCase() !== "file" || port !== undefined)) {
    return "must have a host";
  }
  if (base && /[?#]/.test(text)) return "must not have a query or a fragment";

  let url: URL;
  try {
    url = new URL(wildcard ? text.replace("*.", "") : text);
  } catch {
    return "must be a valid URL";
  }
  const plain = (wildcard ? host.slice(2) : host).toLowerCase();
  // 127.1, 0x7f.0.0.1 and `localhost` after `file:` are hosts that parsers rewrite, each in its own way.
  if (
    url.hostname !== plain ||
    plain.endsWith(".") ||
    plain.startsWith(".") ||
    plain.includes("..")
  ) {
    return "must have its host in plain form";
  }
  if (port !== undefined && String(Number(port)) !== port)
    return "must have its port in plain form";

  const segments = pathSegments(path, true);
  if (typeof segments === "string") return segments;
  return {
    kind: "url",
    scheme: url.protocol,
    host: wildcard ? `*.${plain}` : plain,
    port: url.port,
    segments,
  };
}

/** The names between the slashes, decoded in a URL. One slash at the end is allowed. */
function pathSegments(path: string, encoded: boolean): readonly string[] | string {
  if (path === "" || path === "/") return [];
  const names = path.slice(1).split("/");
  if (names.at(-1) === "") names.pop();
  for (let i = 0; i < names.length; i++) {
    let name = names[i] as string;
    if (name === "") return "must not hold empty path segments";
    if (encoded && name.includes("%")) {
      try {
        name = decodeURIComponent(name);
      } catch {
        return "must be percent-encoded UTF-8";
      }
      if (CONTROL.test(name)) return "must not hold control characters";
      names[i] = name;
    }
    if (climbs(name)) return "must not hold `.` or `..` as a path segment";
  }
  return names;
}

/** Whether some program takes the name for `.` or `..`, or for more than one segment. */
function climbs(name: string): boolean {
  const folded = name.normalize("NFKC").replace(/\p{Cf}/gu, "");
  // Path parameters (`..;a`) are cut off by some servers, dots and spaces at the end by Windows.
  return /^[. ]+(?:;|$)/.test(folded) || (folded !== name && /[/\\%]/.test(folded));
}

function startsWith(segments: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= segments.length && prefix.every((name, i) => segments[i] === name);
}

function hostMatches(host: string, base: string): boolean {
  if (!base.startsWith("*.")) return host === base;
  const domain = base.slice(1);
  return host.length > domain.length && host.endsWith(domain);
}
