import { message } from "../../language/index.ts";
import { listing } from "./listing.ts";

/** What the policy leaves open or unsaid: MCPP600 to MCPP699. */

const nothing = { type: "object", properties: {}, additionalProperties: false };

const notes = {
  server: { name: "notes" },
  tools: [
    { name: "list_notes", risk: "read", inputSchema: nothing },
    { name: "delete_note", risk: "destructive", inputSchema: nothing },
  ],
};

export const unmentionedTools = message<{
  names: readonly string[];
  of: number;
  effect: "allow" | "deny" | "hide";
}>({
  code: "MCPP601",
  severity: "info",
  title: "tools that no statement mentions",
  message: ({ names, of, effect }) =>
    `No statement mentions ${names.length === of && of > 1 ? `any of the ${of} tools` : listing(names, 12)}; the default ${{ allow: "allows", deny: "denies", hide: "hides" }[effect]} ${names.length === 1 ? "it" : "them"}.`,
  explanation:
    "These tools of the tool list have no rule of their own and fall under the default. That is as it should be for a denying default; the list is there so that a tool is not forgotten, for instance after a new `mcpp pull`.",
  example: {
    tools: notes,
    fails: `default deny

allow list_notes
`,
    passes: `default deny

allow list_notes
deny delete_note
`,
  },
});

export const graveAndOpen = message<{
  tools: readonly { readonly name: string; readonly risk: string }[];
  byDefault: boolean;
}>({
  code: "MCPP602",
  severity: "warning",
  title: "a grave tool without condition, limit or ask",
  message: ({ tools, byDefault }) => {
    const classes = [...new Set(tools.map((tool) => `@${tool.risk}`))];
    return `${byDefault ? "The default permits" : "This permits"} every call of ${listing(tools.map((tool) => tool.name))} (${listing(classes)}), with no condition, limit or ask.`;
  },
  hint: () => "Add a condition, a `limit`, or `ask` for a person's approval.",
  explanation:
    "A tool that deletes, pays or runs commands is open to every call: with no condition on its arguments, no limit on their number, and nobody asked. An agent that is misled, or stuck in a loop, can then do harm without bound. Any one of the three is enough to end this warning; choose the one that fits the tool.",
  example: {
    tools: notes,
    fails: `default deny

allow list_notes, delete_note
`,
    passes: `default deny

allow list_notes
allow delete_note limit 5/hour
`,
  },
});

export const kindLeftOpen = message<{ kind: "resource" | "prompt" }>({
  code: "MCPP603",
  severity: "warning",
  title: "resources or prompts left open",
  message: ({ kind }) =>
    `The server offers ${kind}s, and no statement of this policy mentions them: all of them pass.`,
  hint: ({ kind }) =>
    `Say \`default deny ${kind}s\` to close them, or \`default allow ${kind}s\` if they may pass.`,
  explanation:
    "Besides tools a server may offer resources (files, records) and prompts. A kind that no statement mentions is not governed: everything of it passes, also what a denied tool would have returned. One statement is enough; `allow resource` or `allow prompt` with names or globs opens some and closes the rest.",
  example: {
    tools: { ...notes, resources: [{ uri: "note://today", name: "today" }] },
    fails: `default deny

allow list_notes
deny delete_note
`,
    passes: `default deny
default deny resources

allow list_notes
deny delete_note
`,
  },
});

export const annotationsContradict = message<{
  tools: readonly { readonly name: string; readonly why: string }[];
}>({
  code: "MCPP604",
  severity: "info",
  title: "annotations that contradict the rest",
  message: ({ tools }) => {
    const [first, ...others] = tools;
    const alike = listing(others.map(({ name }) => name));
    return `${first?.why ?? ""} The hint is not believed.${others.length === 0 ? "" : ` The same is true of ${alike}.`}`;
  },
  hint: () =>
    'If a class is wrong, correct `risk` in the tool list and add `"risk_by": "hand"`, which a new `mcpp pull` keeps.',
  explanation:
    "A server can mark a tool as `readOnlyHint: true` or `destructiveHint: false`. Such a hint is only its own claim. Where the name, the description or the schema say otherwise, the graver class is taken and the contradiction is reported here, in one list.",
  example: {
    tools: {
      server: { name: "notes" },
      tools: [
        { name: "list_notes", inputSchema: nothing },
        { name: "delete_note", inputSchema: nothing, annotations: { readOnlyHint: true } },
      ],
    },
    fails: `default deny

allow list_notes
allow delete_note limit 5/hour
`,
    passes: `default deny

allow list_notes
deny delete_note
`,
  },
});
