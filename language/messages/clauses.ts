import { message } from "../diagnostics.ts";

const article = (word: string): string => (/^[aeiou]/.test(word) ? "an" : "a");

/** Which parts a statement may have, and what their values may be. */
export const clauses = {
  clauseTwice: message<{ clause: string }>({
    code: "MCPP160",
    severity: "error",
    title: "clause given twice",
    message: ({ clause }) => `This rule already has ${article(clause)} \`${clause}\`.`,
    explanation: `Only \`limit\` may stand several times in a rule. Of two reasons, deadlines or conditions it would not be clear which one counts. Keep one, join the conditions with \`and\` or \`or\`, or write a second rule.`,
    example: {
      fails: 'deny run because "No." because "Never."',
      passes: 'deny run because "Never."',
    },
  }),

  clauseNotAllowed: message<{ rule: string; clause: string }>({
    code: "MCPP161",
    severity: "error",
    title: "clause not allowed",
    message: ({ rule, clause }) =>
      `${rule === "ask" || rule === "allow" ? "An" : "A"} \`${rule}\` rule takes no \`${clause}\`.`,
    hint: ({ rule, clause }) => {
      if (clause === "by" || clause === "within")
        return "Only `ask` has approvers and a time to wait for them.";
      if (clause === "limit")
        return "Write the limit on the rule that permits the tool, or as a statement of its own.";
      if (clause === "until")
        return "`until` ends a permission; write it on `allow` or `ask`, or use `if before`.";
      if (clause === "per" || clause === "as")
        return "It belongs to a limit, right behind its amount.";
      if (rule === "hide")
        return "A hidden tool is hidden for every call; use `deny` for some of them.";
      return undefined;
    },
    explanation: `Each kind of rule has its own clauses. \`allow\` takes \`limit\`, \`because\` and \`until\`; \`ask\` takes these and \`by\` and \`within\`; \`deny\` takes \`because\`; \`hide\` takes none; \`limit\` takes \`per\`, \`if\`, \`as\` and \`because\`.`,
    example: {
      fails: 'allow pay by "leads"',
      passes: 'ask pay by "leads"',
    },
  }),

  guardBehindClauses: message<{ rule: string; guard: string }>({
    code: "MCPP162",
    severity: "error",
    title: "condition behind clauses",
    message: ({ guard }) => `\`${guard}\` stands right behind the tools, before the other clauses.`,
    explanation: `The condition of a rule stands before its clauses. Behind a limit it would look like a condition of the limit alone. A limit with a condition of its own is a statement: \`limit pay 10/hour if args.amount > 5\`.`,
    example: {
      fails: "allow pay limit 10/hour if args.amount < 5",
      passes: "allow pay if args.amount < 5 limit 10/hour",
    },
  }),

  targetsInOn: message<object>({
    code: "MCPP163",
    severity: "error",
    title: "tool named inside on",
    message: () => "A rule in an `on` block is about the tools of the block and names none itself.",
    explanation: `\`on\` names the tools once for all the rules in its braces. A rule about another tool stands outside of the block.`,
    example: {
      fails: "on pay {\n  allow pay\n}",
      passes: "on pay {\n  allow\n}",
    },
  }),

  unlessNotIf: message<{ rule: string }>({
    code: "MCPP164",
    severity: "error",
    title: "unless where only if may stand",
    message: ({ rule }) =>
      rule === "claim"
        ? "A claim has an `if`, never an `unless`."
        : `${rule === "allow" ? "An" : "A"} \`${rule}\` rule has an \`if\`, never an \`unless\`.`,
    explanation: `\`unless\` reads well where it guards: \`deny … unless\` and \`ask … unless\`. On a permission, a limit or a claim it would be a double negation. Write \`if not\`.`,
    example: {
      fails: "allow pay unless args.amount > 5",
      passes: "allow pay if not args.amount > 5",
    },
  }),

  manyScopes: message<{ first: string; second: string }>({
    code: "MCPP165",
    severity: "error",
    title: "several scopes",
    message: ({ first, second }) =>
      first === second
        ? `\`${first}\` is already named.`
        : `A limit is counted per \`${first}\` or per \`${second}\`, not both.`,
    explanation: `Of \`grant\`, \`session\` and \`server\` a limit names at most one, as each contains the other. Any number of arguments may stand beside it.`,
    example: {
      fails: "allow pay limit 10/hour per grant, session",
      passes: "allow pay limit 10/hour per session",
    },
  }),

  multipleNeedsSliding: message<{ window: string }>({
    code: "MCPP166",
    severity: "error",
    title: "multiple without sliding",
    message: ({ window }) => `A window of ${window} must be \`sliding\`.`,
    explanation: `A plain window is one of the calendar: this minute, this hour, this day. The calendar does not say when fifteen minutes begin, so such a window slides: at no moment do more calls than the limit fall within the last fifteen minutes.`,
    example: {
      fails: "allow pay limit 100/15 minutes",
      passes: "allow pay limit 100/15 minutes sliding",
    },
  }),

  wholeNumber: message<{ what: string; text: string; least: number }>({
    code: "MCPP167",
    severity: "error",
    title: "whole number expected",
    message: ({ what, text, least }) =>
      `${what} is a whole number, at least ${least}, not \`${text}\`.`,
    explanation: `Calls, windows, slots and the elements of a list are counted, so their numbers are whole and not negative. Only the maximum of a \`sum\` may have a fraction.`,
    example: { fails: "allow pay limit 1.5/hour", passes: "allow pay limit 3/hour" },
  }),

  groupWithoutAt: message<{ name: string }>({
    code: "MCPP168",
    severity: "error",
    title: "group without @",
    message: ({ name }) => `The name of a group begins with \`@\`: \`@${name}\`.`,
    explanation: `The names of groups begin with \`@\` where they are declared and where they are used, so that a group is never mistaken for a tool. Put the sign before the name.`,
    example: { fails: "group lookups = list_charges", passes: "group @lookups = list_charges" },
  }),

  unknownClaim: message<{ written: string }>({
    code: "MCPP169",
    severity: "error",
    title: "unknown claim",
    message: ({ written }) =>
      `There is no claim \`${written}\`: the two are \`always deny\` and \`never allow\`.`,
    hint: () =>
      "`never allow` claims that no such call passes without approval, `always deny` that none is allowed or asks.",
    explanation: `A claim is proved over all calls, limits aside. That calls are always allowed cannot be claimed, as a limit may deny any of them.`,
    example: { fails: "never deny pay", passes: "never allow pay" },
  }),

  duplicateKey: message<{ key: string }>({
    code: "MCPP170",
    severity: "error",
    title: "duplicate key",
    message: ({ key }) => `The key \`${key}\` is given twice.`,
    explanation: `An object of a test has each key once. The proxy refuses calls with duplicate keys, so such a call could not be tested.`,
    example: {
      fails: 'test "pay" {\n  pay { amount: 1, amount: 2 } => allow\n}',
      passes: 'test "pay" {\n  pay { amount: 1 } => allow\n}',
    },
  }),

  emptyName: message<object>({
    code: "MCPP171",
    severity: "error",
    title: "empty name",
    message: () => "A name is not empty.",
    explanation: `A tool, a server, a label and a group of approvers have a name of at least one character. An empty one would match nothing, and is most likely a slip.`,
    example: { fails: 'allow ""', passes: 'allow "pay"' },
  }),

  alwaysDuring: message<object>({
    code: "MCPP172",
    severity: "error",
    title: "during without a time",
    message: () => "`during` needs days, times or both.",
    explanation: `A time zone alone says nothing about when: the condition would always hold. Give days, a range of times, or both.`,
    example: {
      fails: 'deny pay unless during in "Europe/Berlin"',
      passes: 'deny pay unless during mon-fri in "Europe/Berlin"',
    },
  }),

  emptyTimes: message<{ time: string }>({
    code: "MCPP173",
    severity: "error",
    title: "empty range of times",
    message: ({ time }) => `The range begins and ends at ${time}.`,
    hint: () =>
      "Leave the times out for whole days. A range such as `22:00-06:00` passes midnight.",
    explanation: `From a time to the same time could be nothing or a whole day. For whole days leave the times out.`,
    example: {
      fails: "let night = during 22:00-22:00",
      passes: "let night = during 22:00-06:00",
    },
  }),

  malformedInstant: message<object>({
    code: "MCPP174",
    severity: "error",
    title: "malformed time of a test",
    message: () =>
      "The time of a test is a date and a time with their offset, as in `2026-11-23T10:00+01:00`.",
    explanation: `A test sets its clock with an ISO 8601 time that names its offset from UTC, or \`Z\`. Without the offset the test would depend on the machine that runs it.`,
    example: {
      fails: 'test "pay" {\n  at "2026-11-23 10:00"\n}',
      passes: 'test "pay" {\n  at "2026-11-23T10:00+01:00"\n}',
    },
  }),

  tooManyRepeats: message<{ most: number }>({
    code: "MCPP175",
    severity: "error",
    title: "too many repeats",
    message: ({ most }) => `A step of a test is repeated at most ${most} times.`,
    explanation: `Tests run every call. A limit that is too large to be reached within a million calls is tested with a smaller number and a wider amount for each call.`,
    example: {
      fails: 'test "pay" {\n  2000000 x pay {} => allow\n}',
      passes: 'test "pay" {\n  2000 x pay {} => allow\n}',
    },
  }),

  defaultOfTools: message<object>({
    code: "MCPP176",
    severity: "error",
    title: "default of tools",
    message: () => "A `default` without a kind is that of the tools.",
    explanation: `\`default deny\` is about tools; \`default deny resources\` and \`default deny prompts\` are about the other two kinds. The word \`tools\` is left out.`,
    example: { fails: "default deny tools", passes: "default deny" },
  }),
};
