export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const CHARACTER = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** Reads an XML document without comments, CDATA and doctype. Throws what keeps it from being well-formed (XML 1.0). */
export function wellFormed(text: string): XmlElement {
  if (!CHARACTER.test(text)) throw new Error("A character is none of XML's.");
  const rest = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
  if (rest === text) throw new Error("The declaration is missing.");
  const reader = { rest };
  const root = element(reader);
  if (reader.rest.trim() !== "") throw new Error(`Something follows the root: ${reader.rest}`);
  return root;
}

function element(reader: { rest: string }): XmlElement {
  const start = take(reader, /^<([A-Za-z]+)((?: [A-Za-z]+="[^"<]*")*)(\/?)>/);
  const [, name = "", written = "", closed] = start;
  const attributes: Record<string, string> = {};
  for (const [, key = "", value = ""] of written.matchAll(/ ([A-Za-z]+)="([^"]*)"/g)) {
    if (key in attributes) throw new Error(`\`${key}\` stands twice.`);
    attributes[key] = decode(value);
  }
  if (closed === "/") return { name, attributes, children: [], text: "" };
  const children: XmlElement[] = [];
  let text = "";
  for (;;) {
    const [found = ""] = /^[^<]*/.exec(reader.rest) ?? [];
    if (found.includes("]]>")) throw new Error("`]]>` stands in text.");
    text += decode(found);
    reader.rest = reader.rest.slice(found.length);
    if (reader.rest.startsWith("</")) break;
    children.push(element(reader));
  }
  const [, ended] = take(reader, /^<\/([A-Za-z]+)>/);
  if (ended !== name) throw new Error(`\`${name}\` is ended by \`${ended}\`.`);
  return { name, attributes, children, text };
}

function take(reader: { rest: string }, pattern: RegExp): RegExpExecArray {
  const match = pattern.exec(reader.rest);
  if (match === null) throw new Error(`This is no tag: ${reader.rest.slice(0, 80)}`);
  reader.rest = reader.rest.slice(match[0].length);
  return match;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function decode(text: string): string {
  return text.replace(/&([^;]*)(;?)/g, (whole, name: string, end: string) => {
    const code = /^#([0-9]+)$/.exec(name)?.[1];
    const value = code === undefined ? ENTITIES[name] : String.fromCodePoint(Number(code));
    if (end === "" || value === undefined) throw new Error(`\`${whole}\` is no entity.`);
    return value;
  });
}
