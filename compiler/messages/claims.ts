import { message } from "../../language/index.ts";

/** Claims about every call: MCPP520 to MCPP529. */

const refunds = {
  server: { name: "refunds" },
  tools: [
    {
      name: "create_refund",
      risk: "financial",
      inputSchema: {
        type: "object",
        properties: { amount: { type: "integer", minimum: 1 } },
        required: ["amount"],
        additionalProperties: false,
      },
    },
  ],
};

export const claimRefuted = message<{
  claim: "never allow" | "always deny";
  /** The call, as it would be written in a test. */
  call: string;
  /** Who calls, and when: ` by a grant …`; may be empty. */
  context: string;
  outcome: "allow" | "ask";
  /** What the guard is over, where it is one. */
  where?: string;
}>({
  code: "MCPP520",
  severity: "error",
  title: "a claim that does not hold",
  message: ({ claim, call, context, outcome, where }) => {
    const said = claim === "never allow" ? "may never be allowed" : "is always to be denied";
    const done = outcome === "allow" ? "allowed" : "allowed once a person approves it";
    return `This call ${said}, and is ${done}${where === undefined ? "" : ` ${where}`}: \`${call}\`${context}.`;
  },
  explanation:
    "A claim speaks of all calls of its tools that meet its condition, whatever else they hold, limits aside: `never allow` says that none passes without a person's approval, `always deny` that none is allowed or asked about. The rules decide the call that is shown otherwise; the engine was asked. Either a rule is missing, or the claim says more than is meant. `mcpp explain` shows each step of the decision.",
  example: {
    tools: refunds,
    fails: `default deny

allow create_refund limit 10/hour
ask create_refund if args.amount > 100_00

never allow create_refund if args.amount > 50_00
`,
    passes: `default deny

allow create_refund limit 10/hour
ask create_refund if args.amount > 50_00

never allow create_refund if args.amount > 50_00
`,
  },
});

export const claimUndecided = message<{
  tool: string;
  why: "effort" | "opaque";
  where?: string;
}>({
  code: "MCPP521",
  severity: "warning",
  title: "a claim that was not decided",
  message: ({ tool, why, where }) =>
    `Whether this claim holds of \`${tool}\`${where === undefined ? "" : ` ${where}`} was not decided: ${
      why === "effort"
        ? "its rules have more combinations than are looked at"
        : "it depends on conditions that are not taken apart, such as hosts, places or one argument looked up in another"
    }.`,
  explanation:
    "Nothing is known of the claim: it may hold or not. Conditions on numbers, texts and their patterns, lists, presence and time are taken apart exactly; `host`, `under` and a value looked up in another one only in part, and a question that takes too many steps is given up. A test of the call that you have in mind says more than such a claim.",
  example: {
    tools: {
      server: { name: "mirrors" },
      tools: [
        {
          name: "copy_page",
          risk: "write",
          inputSchema: {
            type: "object",
            properties: {
              url: { type: "string" },
              allowed: { type: "array", items: { type: "string" } },
            },
            required: ["url", "allowed"],
            additionalProperties: false,
          },
        },
      ],
    },
    fails: `default deny

allow copy_page if args.url in args.allowed

never allow copy_page if args.url not in args.allowed and has args.allowed
`,
    passes: `default deny

allow copy_page if args.url == "https://example.com/"

never allow copy_page if args.url != "https://example.com/"
`,
  },
});
