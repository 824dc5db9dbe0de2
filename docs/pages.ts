import { catalogue } from "../compiler/catalogue.ts";
import { compile } from "../compiler/compile.ts";
import {
  type Diagnostic,
  ebnf,
  type Message,
  RESERVED,
  renderDiagnostic,
  Source,
} from "../language/index.ts";

/** The reference of diagnostics: file name → text, one page a code, and an index. */
export function pages(): ReadonlyMap<string, string> {
  const entries = catalogue.map((entry): [string, string] => [`${entry.code}.md`, pageOf(entry)]);
  return new Map([["README.md", index()], ...entries]);
}

/** The grammar's page, read off the parser. */
export function grammarPage(): string {
  return `# The grammar

Made by \`npm run docs\` from the parser itself. Words and signs stand in quotes, kinds of tokens in capitals; \`?\` is optional, \`*\` any number of times, \`+\` at least once. A clause stands once on a rule, \`limit\` any number of times; the [diagnostics](diagnostics/README.md) say what else is refused.

${fence("text", ebnf())}

| token | is |
|---|---|
| NAME | \`[A-Za-z_][A-Za-z0-9_-]*\`, not reserved |
| WORD | the same, reserved or not |
| GLOB | a NAME with \`*\` or \`?\` in it |
| GROUPNAME | \`@\` and a NAME |
| STRING | a JSON string on one line |
| NUMBER | \`-?(0|[1-9][0-9]*(_[0-9]+)*)(\\.[0-9]+)?\` |
| DURATION | \`500ms\`, \`30s\`, \`10m\`, \`24h\`, \`7d\` |
| DATE, TIME | \`2026-12-31\`, \`08:00\` |
| UNIT | \`second\`, \`minute\`, \`hour\`, \`day\`, \`week\`, \`month\`, or the plural |
| DAY | \`mon\` … \`sun\` |
| REGEX | \`/…/\`, with \`i\` behind it to ignore case |

Reserved words, which stand in quotes where they are the name of a tool: ${[...RESERVED]
    .sort()
    .map((word) => `\`${word}\``)
    .join(" ")}.
`;
}

const CHAPTERS: readonly (readonly [string, string])[] = [
  ["1", "Syntax"],
  ["2", "Names and files"],
  ["3", "Tool lists and types"],
  ["4", "Escapes: what a call slips through"],
  ["5", "Reachability: what never has an effect"],
  ["6", "Risk and coverage"],
  ["7", "Compiling"],
];

function index(): string {
  const chapters = CHAPTERS.map(([digit, title]) => {
    const rows = catalogue
      .filter(({ code }) => code.startsWith(`MCPP${digit}`))
      .map(({ code, severity, title }) => `| [${code}](${code}.md) | ${severity} | ${title} |`);
    return `## ${title}\n\n| code | severity | title |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `# Diagnostics

Everything that \`mcpp check\` and the editor can say about a policy, by code. An error stops \`mcpp compile\` and \`mcpp serve\`; a warning does not, unless \`--strict\` is given; an information never does. These pages are made by \`npm run docs\` from the same catalogue that the checker reports from.

${chapters.join("\n")}`;
}

function pageOf(entry: Message<never>): string {
  const { code, severity, title, explanation, example } = entry;
  const found = diagnosticsOf(entry, "fails").filter((one) => one.code === code);
  const fixes = (found[0]?.fixes ?? []).map((fix) => `- ${fix.title}`);
  const sections = [
    `# ${code}: ${title}`,
    `${severity[0]?.toUpperCase()}${severity.slice(1)}.`,
    explanation,
    "## Example",
    fence("mcpp", example.fails),
    fence("text", found.map((one) => renderDiagnostic(one)).join("\n\n")),
    ...(fixes.length === 0 ? [] : [`The editor offers:\n\n${fixes.join("\n")}`]),
    "Instead:",
    fence("mcpp", example.passes),
    "[All diagnostics](README.md)",
  ];
  return `${sections.join("\n\n")}\n`;
}

/** A fence that nothing inside it ends. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${text.replace(/\n+$/, "")}\n${ticks}`;
}

/** What one of an entry's examples gives. */
export function diagnosticsOf(
  { example }: Message<never>,
  which: "fails" | "passes",
): readonly Diagnostic[] {
  const { tools, files = {}, target } = example;
  const listed = tools !== undefined && !(which === "fails" && example.failsWithoutTools);
  const host = {
    read: (path: string) => {
      const found = files[path];
      return found === undefined ? undefined : { name: path, text: found };
    },
    ...(listed ? { toolList: new Source("server.tools.json", JSON.stringify(tools)) } : {}),
  };
  const options = target === undefined ? {} : { target };
  return compile(new Source("policy.mcpp", example[which]), host, options).diagnostics;
}
