import * as configMessages from "../cli/config/messages.ts";
import { readyOf } from "../cli/config/policies.ts";
import { readConfig } from "../cli/config/read.ts";
import { engineJudge } from "../cli/judge.ts";
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

/** Claims are refuted by the engine. */
const judge = engineJudge();

/** Every diagnostic there is: of policies, and of gateways' configurations. */
export const documented: readonly Message<never>[] = [
  ...catalogue,
  ...(Object.values(configMessages) as readonly unknown[] as readonly Message<never>[]),
].sort((a, b) => (a.code < b.code ? -1 : 1));

/** The reference of diagnostics: file name → text, one page a code, and an index. */
export function pages(): ReadonlyMap<string, string> {
  const entries = documented.map((entry): [string, string] => [`${entry.code}.md`, pageOf(entry)]);
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
  ["8", "Configuration of a gateway"],
  ["9", "Tests"],
];

function index(): string {
  const chapters = CHAPTERS.map(([digit, title]) => {
    const rows = documented
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
    fence(languageOf(entry), example.fails),
    fence("text", found.map((one) => renderDiagnostic(one)).join("\n\n")),
    ...(fixes.length === 0 ? [] : [`The editor offers:\n\n${fixes.join("\n")}`]),
    "Instead:",
    fence(languageOf(entry), example.passes),
    "[All diagnostics](README.md)",
  ];
  return `${sections.join("\n\n")}\n`;
}

function isOfConfiguration({ code }: Message<never>): boolean {
  return code.startsWith("MCPP8");
}

function languageOf(entry: Message<never>): string {
  return isOfConfiguration(entry) ? "yaml" : "mcpp";
}

/** A fence that nothing inside it ends. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${text.replace(/\n+$/, "")}\n${ticks}`;
}

/** What one of an entry's examples gives. */
export function diagnosticsOf(
  entry: Message<never>,
  which: "fails" | "passes",
): readonly Diagnostic[] {
  const { example } = entry;
  const { tools, files = {}, target } = example;
  const listed = tools !== undefined && !(which === "fails" && example.failsWithoutTools);
  const host = {
    judge,
    read: (path: string) => {
      const found = files[path];
      return found === undefined ? undefined : { name: path, text: found };
    },
    ...(listed ? { toolList: new Source("server.tools.json", JSON.stringify(tools)) } : {}),
  };
  if (isOfConfiguration(entry)) {
    const { diagnostics } = readConfig(new Source("mcpp.yaml", example[which]), {
      env: {},
      starts: true,
      now: Date.parse("2026-11-23T10:00:00Z"),
      statePath: (path) => path,
      policy: (path) => {
        const found = files[path];
        return found === undefined
          ? {
              path,
              diagnostics: [],
              problem: `\`${path}\` could not be read: there is no such file or folder.`,
            }
          : readyOf(path, compile(new Source(path, found), host));
      },
    });
    // What is to say of the policies by themselves is of other codes.
    return diagnostics.filter(({ code }) => code.startsWith("MCPP8"));
  }
  const options = target === undefined ? {} : { target };
  return compile(new Source("policy.mcpp", example[which]), host, options).diagnostics;
}
