import { message } from "../../language/index.ts";
import { listing } from "./listing.ts";

/** Tests that do not test what they seem to: MCPP901 to MCPP999. */

const shop = {
  server: { name: "shop" },
  tools: [
    {
      name: "create_refund",
      risk: "financial",
      inputSchema: {
        type: "object",
        properties: { amount: { type: "number" }, reason: { type: "string" } },
      },
    },
    { name: "delete_order", risk: "destructive", inputSchema: { type: "object" } },
  ],
};

const rules = `default deny

allow create_refund limit 10/hour
hide delete_order

`;

export const hiddenAnyway = message<{ name: string }>({
  code: "MCPP901",
  severity: "info",
  title: "a step about a tool that is not there",
  message: ({ name }) =>
    `There is no tool \`${name}\`, so this step passes whatever the policy says.`,
  explanation:
    "A call of a tool that the server does not have is answered as an unknown tool, just like one of a tool that the policy hides. A step that expects `hide` and misspells the name of a hidden tool passes even without the rule that it is to test. Where a name that does not exist is what the test is about, all is well.",
  example: {
    tools: shop,
    fails: `${rules}test "deletes" {
  delete_ordr {} => hide
}
`,
    passes: `${rules}test "deletes" {
  delete_order {} => hide
}
`,
  },
});

export const wrongLabel = message<{
  name: string;
  /** Absent: it is no text. */
  value?: string;
  known?: readonly string[];
}>({
  code: "MCPP902",
  severity: "error",
  title: "not a value of the label",
  message: ({ name, value }) =>
    value === undefined
      ? `The label \`${name}\` is a text.`
      : `The label \`${name}\` is never \`${value}\`.`,
  hint: ({ known }) =>
    known === undefined ? "Labels are written in quotes." : `Its values are ${listing(known, 12)}.`,
  explanation:
    "A test gives a grant a label that no grant can have: labels are texts, and where `labels` lists the values of one, it has one of these. What such a test shows is true of nobody.",
  example: {
    tools: shop,
    fails: `labels role: "support" | "finance"
default deny

allow create_refund if grant.role == "finance"
hide delete_order

test "refunds" as "anna" { role: "finances" } {
  create_refund {} => deny
}
`,
    passes: `labels role: "support" | "finance"
default deny

allow create_refund if grant.role == "finance"
hide delete_order

test "refunds" as "anna" { role: "finance" } {
  create_refund {} => allow
}
`,
  },
});

export const noSuchTestArgument = message<{
  tool: string;
  /** What has no such part: "" for the tool, else a path. */
  parent: string;
  name: string;
  known: readonly string[];
}>({
  code: "MCPP903",
  severity: "warning",
  title: "an argument that the tool does not have",
  message: ({ tool, parent, name }) =>
    parent === ""
      ? `The tool \`${tool}\` has no argument \`${name}\`.`
      : `\`${parent}\` of \`${tool}\` has no field \`${name}\`.`,
  hint: ({ known }) =>
    known.length === 0
      ? "It has none."
      : `There ${known.length === 1 ? "is" : "are"} ${listing(known, 12)}.`,
  explanation:
    "A step sends an argument that the schema of its tool does not name. Most often it is misspelt, and then the step does not test the condition that it is meant for: a `deny unless` denies it because the argument is missing. A step that expects `deny` is believed to do so on purpose where no name is near, and where `validate arguments` refuses the argument anyway.",
  example: {
    tools: shop,
    fails: `${rules}test "refunds" {
  create_refund { amuont: 20 } => allow
}
`,
    passes: `${rules}test "refunds" {
  create_refund { amount: 20 } => allow
}
`,
  },
});

export const wrongTestArgument = message<{
  tool: string;
  path: string;
  type: string;
  value: string;
}>({
  code: "MCPP904",
  severity: "warning",
  title: "a value that the tool does not take",
  message: ({ tool, path, type, value }) =>
    `\`${path}\` of \`${tool}\` is ${type}, which \`${value}\` is not.`,
  explanation:
    "A step that expects its call to pass, or to be asked about, sends a value that the schema of its tool does not accept. A server refuses such a call whatever the policy says, and so does `validate arguments`. Steps that expect `deny` may send what they like.",
  example: {
    tools: shop,
    fails: `${rules}test "refunds" {
  create_refund { amount: "20" } => allow
}
`,
    passes: `${rules}test "refunds" {
  create_refund { amount: 20 } => allow
}
`,
  },
});

export const emptyTest = message<Record<never, never>>({
  code: "MCPP905",
  severity: "warning",
  title: "a test without a call",
  message: () => "This test makes no call, so it passes whatever the policy says.",
  hint: () => "A step is a call and what is expected of it, such as `get_order {} => allow`.",
  explanation:
    "A test is made of calls, each with the decision that is expected. Without a call there is nothing that could fail.",
  example: {
    tools: shop,
    fails: `${rules}test "refunds" {
  wait 1h
}
`,
    passes: `${rules}test "refunds" {
  create_refund {} => allow
}
`,
  },
});

export const sameTestName = message<{ name: string }>({
  code: "MCPP906",
  severity: "warning",
  title: "two tests of one name",
  message: ({ name }) => `Another test of this file is named \`${name}\`, too.`,
  explanation:
    "Reports, editors and `mcpp test --filter` tell tests apart by their names. Of two with the same name one cannot say which has failed.",
  example: {
    tools: shop,
    fails: `${rules}test "refunds" {
  create_refund {} => allow
}

test "refunds" {
  delete_order {} => hide
}
`,
    passes: `${rules}test "refunds" {
  create_refund {} => allow
}

test "deletes" {
  delete_order {} => hide
}
`,
  },
});
