import { Failure, type Invocation, sentenceOf } from "./command.ts";

/** How a server is reached: by starting it, or by its URL. */
export type Target =
  | { readonly kind: "command"; readonly command: string; readonly args: readonly string[] }
  | {
      readonly kind: "url";
      readonly url: URL;
      readonly headers: Readonly<Record<string, string>>;
    };

/** Reads `(-- CMD… | --url URL [--header 'K: V'])`; undefined when there is neither. */
export function targetOf({ options, rest }: Invocation): Target | undefined {
  const { url } = options;
  const headers = headersOf((options.header as string[] | undefined) ?? []);
  if (rest !== undefined && url !== undefined) {
    throw new Failure("Give either `--url URL` or `-- COMMAND`, not both.");
  }
  if (typeof url === "string") return { kind: "url", url: urlOf(url), headers };
  if (Object.keys(headers).length > 0) {
    throw new Failure("`--header` goes with `--url` only.");
  }
  if (rest === undefined) return undefined;
  const [command, ...args] = rest;
  if (command === undefined || command === "") {
    throw new Failure("No command stands after `--`.");
  }
  return { kind: "command", command, args };
}

/** A target as people write it, without a URL's user info and query, which may hold secrets. */
export function describeTarget(target: Target): string {
  return target.kind === "command"
    ? [target.command, ...target.args].join(" ")
    : `${target.url.origin}${target.url.pathname}`;
}

/** For commander: gathers an option that may stand several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function urlOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new Failure(`\`${text}\` is not a URL: ${sentenceOf(error)}`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Failure(`\`${text}\` is not an http or https URL.`);
  }
  return url;
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    // The value may be a secret: it is not repeated.
    if (match === null) throw new Failure("A `--header` is written as 'Name: value'.");
    headers[match[1] as string] = match[2] as string;
  }
  return headers;
}
