import { message } from "../../language/index.ts";
import { listing } from "./listing.ts";

/** What a call slips through although the policy seems to forbid it: MCPP400 to MCPP499. */

const payments = {
  server: { name: "payments" },
  tools: [
    {
      name: "create_refund",
      risk: "financial",
      inputSchema: {
        type: "object",
        properties: {
          customer: { type: "string" },
          amount: { type: "number" },
          reason: { type: "string" },
        },
        required: ["customer", "amount"],
      },
    },
  ],
};

const files = {
  server: { name: "files" },
  tools: [
    {
      name: "read_file",
      risk: "read",
      inputSchema: {
        type: "object",
        properties: { path: { type: "string" } },
        required: ["path"],
      },
    },
  ],
};

const NOT_MET = {
  deny: "is not denied by this rule",
  ask: "is let through without being asked about",
  limit: "is not counted by this limit",
} as const;

export const escapedByOmission = message<{ rule: "deny" | "ask" | "limit"; path: string }>({
  code: "MCPP401",
  severity: "warning",
  title: "a call escapes by leaving a value out",
  message: ({ rule, path }) =>
    `A call without \`${path}\` ${NOT_MET[rule]}, because a comparison with a missing value is false.`,
  hint: ({ rule, path }) =>
    rule === "limit"
      ? `Add \`or not has ${path}\`, or say with \`else\` what a missing value counts as.`
      : `Say what is fine with \`${rule} … unless\`, add \`or not has ${path}\`, or say with \`else\` what a missing value counts as.`,
  explanation:
    "A comparison with a missing operand is false, whatever the operator. A `deny if`, `ask if` or `limit if` that reads an optional argument, or a label that a grant need not have, therefore does nothing for a call that leaves the value out, and the caller chooses the arguments.\n\nTurn the rule round where you can: `deny … unless` names what is fine, and a call without the value does not meet it. Otherwise add `or not has` for the value, or give it a meaning with `else`.",
  example: {
    tools: payments,
    fails: `default deny

allow create_refund limit 10/hour
deny create_refund if args.reason == "gift"
`,
    passes: `default deny

allow create_refund limit 10/hour
deny create_refund unless args.reason != "gift"
`,
  },
});

export const textOperatorOnAddress = message<{
  operator: string;
  what: "path" | "URL" | "host name";
  sample: string;
  grants: boolean;
}>({
  code: "MCPP402",
  severity: "warning",
  title: "an address compared as text",
  message: ({ operator, what, sample, grants }) =>
    `\`${operator}\` compares text, not ${what}s: \`${sample}\` ${grants ? "passes" : "escapes"} too.`,
  hint: ({ what }) =>
    what === "host name"
      ? 'Compare the host itself, `host(…) == "…"`, or a whole URL with `under`.'
      : `\`under\` compares ${what}s part by part, and takes no spelling that is in doubt.`,
  explanation:
    "One file or page has many spellings: `/srv/out/../secret`, `//etc`, `https://example.com@evil.example`, `https://example.com.evil.example`. A comparison of texts sees only one of them, so a permission that is written with `starts with`, `contains`, `like` or `matches` lets more pass than it says, and a prohibition less.\n\n`under` compares paths by segment and URLs by scheme, host and path. A spelling that is in doubt (`..`, a backslash, an encoded slash, user info, a relative path) is an error, and denies the call, in a permission as in a prohibition.",
  example: {
    tools: files,
    fails: `default deny

allow read_file
deny read_file unless args.path starts with "/srv/docs"
`,
    passes: `default deny

allow read_file
deny read_file unless args.path under "/srv/docs"
`,
  },
});

export const splitLimit = message<{ by: string; session: boolean }>({
  code: "MCPP403",
  severity: "warning",
  title: "a limit that its caller can split",
  message: ({ by, session }) =>
    session
      ? "Each session has a counter of its own, and nothing bounds all of them together: a caller gets more by opening new sessions."
      : `Each value of \`${by}\` has a counter of its own, and nothing bounds all of them together: a caller gets more by sending new values.`,
  hint: ({ by }) =>
    `Add a limit for the same tools without \`${by}\`, high enough for all of them together.`,
  explanation:
    "A limit `per session` or per argument keeps one counter for each session or value. Both are chosen by the caller: it can open a new session, or send another value, and start at nought again. That is fine for fairness, and is no bound.\n\nKeep the limit and add a second one `per grant`, which the caller cannot split. For a `sum` the second limit must be a sum too: a number of calls does not bound what they add up to.",
  example: {
    tools: payments,
    fails: `default deny

allow create_refund
limit create_refund 5/day per args.customer
`,
    passes: `default deny

allow create_refund
limit create_refund 5/day per args.customer
limit create_refund 100/day per grant
`,
  },
});

export const writeOnly = message<{
  rule: "deny" | "hide";
  classes: readonly string[];
  tools: readonly string[];
}>({
  code: "MCPP404",
  severity: "warning",
  title: "`@write` without the graver classes",
  message: ({ rule, classes, tools }) =>
    `\`${rule} @write\` leaves ${listing(tools)} permitted: ${tools.length === 1 ? "it is" : "they are"} of ${listing(classes.map((name) => `@${name}`))}, which \`@write\` does not include.`,
  hint: ({ classes }) => `Add ${listing(classes.map((name) => `@${name}`))} to the rule.`,
  explanation:
    "Each tool has one risk class, the gravest that there is evidence for. `@write` is therefore not everything that changes something: what deletes is `@destructive`, what moves money is `@financial`, and what runs commands is `@execute`. A rule that forbids `@write` alone leaves the worse tools open.",
  example: {
    tools: {
      server: { name: "notes" },
      tools: [
        { name: "list_notes", risk: "read", inputSchema: { type: "object", properties: {} } },
        { name: "edit_note", risk: "write", inputSchema: { type: "object", properties: {} } },
        {
          name: "delete_note",
          risk: "destructive",
          inputSchema: { type: "object", properties: {} },
        },
      ],
    },
    fails: `default deny

allow * limit each 60/minute
deny @write
`,
    passes: `default deny

allow * limit each 60/minute
deny @write, @destructive
`,
  },
});

export const openSchema = message<{ tools: readonly string[] }>({
  code: "MCPP405",
  severity: "info",
  title: "arguments that no schema names",
  message: ({ tools }) =>
    `${tools.length === 1 ? "The tool" : "The tools"} ${listing(tools)} may take arguments that ${tools.length === 1 ? "its schema does" : "their schemas do"} not name, and rules that look for a bad value in a named one do not see those.`,
  hint: () => "`validate arguments strictly` refuses arguments that the schema does not name.",
  explanation:
    "A JSON Schema that does not say `additionalProperties: false` lets a call carry any further argument. If the server reads one, a `deny if` on the named arguments does not see it. `validate arguments strictly` refuses every argument that the schema does not name. It is an information, since most servers ignore what they did not declare; it is given once for the policy.",
  example: {
    tools: payments,
    fails: `default deny

allow create_refund limit 10/hour
deny create_refund if args.amount > 100
`,
    passes: `default deny
validate arguments strictly

allow create_refund limit 10/hour
deny create_refund if args.amount > 100
`,
  },
});

export const clientPermits = message<{ path: string }>({
  code: "MCPP406",
  severity: "warning",
  title: "a permission by the client's own word",
  message: ({ path }) =>
    `This rule lets calls pass because of \`${path}\`, which any client can claim: it is what the client says of itself.`,
  hint: () => "Tell callers apart by their grant: `grant.name`, or a label declared with `labels`.",
  explanation:
    "`client.name` and `client.version` are what the program on the other side writes into its first message. Nothing proves them. They are good enough to deny a version with a known fault, or to tell clients apart in the audit log; they are no reason to let a call pass. A grant's name and labels are set by whoever runs the proxy and belong to a secret token.",
  example: {
    tools: payments,
    fails: `default deny

allow create_refund if client.name == "support-desk" limit 10/hour
`,
    passes: `default deny

allow create_refund if grant.name == "support-desk" limit 10/hour
`,
  },
});

export const classOfToday = message<{ groups: readonly string[] }>({
  code: "MCPP407",
  severity: "warning",
  title: "a risk class does not reach tools that come later",
  message: ({ groups }) =>
    `${listing(groups.map((name) => `@${name}`))} ${groups.length === 1 ? "means" : "mean"} tools of the tool list, and under \`default allow\` a tool that the server adds later is allowed without any of these rules.`,
  hint: () => "Add `pin tools`, so that a tool outside the list is denied, or say `default deny`.",
  explanation:
    "Risk classes are read from the tool list when the policy is compiled. The class of a tool that does not exist yet is unknown, so a rule for `@destructive` cannot cover it, and under `default allow` it would be open on the day it appears. `pin tools` denies every tool that is not in the list, or was changed since; a denying default does so by nature. (Globs such as `delete_*` in `deny` and `hide` do stay in force for later tools.)",
  example: {
    tools: {
      server: { name: "notes" },
      tools: [
        { name: "list_notes", risk: "read", inputSchema: { type: "object", properties: {} } },
        {
          name: "delete_note",
          risk: "destructive",
          inputSchema: { type: "object", properties: {} },
        },
      ],
    },
    fails: `default allow

limit list_notes 60/minute
deny @destructive
`,
    passes: `default allow
pin tools

limit list_notes 60/minute
deny @destructive
`,
  },
});
