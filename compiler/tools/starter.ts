import { RESERVED } from "../../language/index.ts";
import type { RiskClass, Tool, ToolList } from "./list.ts";
import { classify } from "./risk.ts";

/** How a starter policy treats a class, and why: sentences for its author. */
interface Treatment {
  readonly risk: RiskClass;
  readonly heading: readonly string[];
  readonly rule: (name: string) => string;
}

const TREATMENTS: readonly Treatment[] = [
  {
    risk: "read",
    heading: ["Read: these look and change nothing. The limit stops a loop, not a person."],
    rule: (name) => `allow ${name} limit 60/minute per grant`,
  },
  {
    risk: "write",
    heading: ["Write: these change something that can be changed back."],
    rule: (name) => `allow ${name} limit 60/hour per grant`,
  },
  {
    risk: "execute",
    heading: [
      "Execute: these run something: code, commands, a browser, a deployment.",
      "Say with `if` which arguments are fine, or write `ask` to have each call approved.",
    ],
    rule: (name) => `allow ${name} limit 10/minute per grant`,
  },
  {
    risk: "financial",
    heading: [
      "Financial: these move money. A person approves each call.",
      "Cap the amount with `deny NAME if args.amount > 100_00` and `limit sum(args.amount) to 500_00/day`.",
    ],
    rule: (name) => `ask ${name} limit 10/hour per grant`,
  },
  {
    risk: "destructive",
    heading: [
      "Destructive: what these do cannot be undone. A person approves each call.",
      "Write `allow` where that is too careful, or `hide` where nobody needs the tool.",
    ],
    rule: (name) => `ask ${name} limit 10/hour per grant`,
  },
];

export interface StarterOptions {
  /** The tool list's path as the policy names it, relative to the policy. */
  readonly tools?: string;
  /** What the `server` statement says where the list does not name its server. */
  readonly server?: string;
}

/**
 * A first policy for a server: it denies by default, and names every tool once, by its class, with the
 * evidence as a comment. It passes `mcpp check --strict`.
 */
export function starterPolicy(list: ToolList, options: StarterOptions = {}): string {
  const server = list.server?.name || options.server || "server";
  const path = options.tools === undefined ? "" : ` tools ${quoted(options.tools)}`;
  const sections = [
    comments([
      `A starter policy for ${plain(server)}: every tool is named once, by what it can do.`,
      "Each class was read off the tool, as the comment beside it says. Correct what you know better.",
    ]),
    `server ${nameText(server)}${path}\n`,
    "// What is not permitted below is denied, tools that the server adds later too.\ndefault deny\n",
    ...TREATMENTS.map((treatment) => classSection(list, treatment)),
    resourceSection(list),
    promptSection(list),
    list.tools.length === 0
      ? ""
      : "// Whatever the tools: no grant makes more calls than this.\nlimit all 120/minute per grant\n",
  ];
  return sections.filter((section) => section !== "").join("\n");
}

function classSection(list: ToolList, { risk, heading, rule }: Treatment): string {
  const lines = list.tools.flatMap((tool) => {
    const found = classify(tool);
    if (found.risk !== risk) return [];
    return [...found.contradictions.map(comment), toolLine(tool, found.why, rule)];
  });
  return lines.length === 0 ? "" : comments(heading) + lines.map((line) => `${line}\n`).join("");
}

function toolLine({ name }: Tool, why: string, rule: (name: string) => string): string {
  if (isGlob(name)) {
    return comment(`${plain(name)} is left out: its name reads as a glob. ${why}`);
  }
  return `${rule(nameText(name))} ${comment(why)}`;
}

function resourceSection(list: ToolList): string {
  const globs = [
    ...(list.resources ?? []).map(({ uri }) => uri),
    ...(list.resourceTemplates ?? []).map(({ uriTemplate }) => globOf(uriTemplate)),
  ].filter((uri) => typeof uri === "string" && uri !== "" && !uri.includes("?"));
  if (globs.length === 0) {
    return list.capabilities?.resources === undefined
      ? ""
      : "// The server offers resources and names none. Name those that may be read.\ndefault deny resources\n";
  }
  return `// Resources that may be read: those that the server names.\n${allowed("resource", globs)}`;
}

/** RFC 6570: what an expression stands for may be anything. */
function globOf(template: unknown): string {
  return String(template).replace(/\{[^}]*\}/g, "*");
}

function promptSection(list: ToolList): string {
  const names = (list.prompts ?? []).map(({ name }) => name).filter((name) => !isGlob(name));
  if (names.length === 0) {
    return list.capabilities?.prompts === undefined
      ? ""
      : "// The server offers prompts and names none. Name those that may be used.\ndefault deny prompts\n";
  }
  return `// Prompts that may be used: those that the server names.\n${allowed("prompt", names)}`;
}

function allowed(kind: "resource" | "prompt", names: readonly string[]): string {
  const unique = [...new Set(names)].sort();
  return unique.map((name) => `allow ${kind} ${nameText(name)}\n`).join("");
}

function comments(lines: readonly string[]): string {
  return lines.map((line) => `${comment(line)}\n`).join("");
}

/** Evidence may stem from a file that anyone wrote: it stays on its line. */
function comment(text: string): string {
  return `// ${plain(text)}`;
}

function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

function isGlob(name: string): boolean {
  return /[*?]/.test(name);
}

/** A name as a policy writes it. Quotes do no harm where they are not needed. */
function nameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && !RESERVED.has(name) ? name : quoted(name);
}

/** A JSON string in which nothing is hidden from a reader. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
