import { message } from "../diagnostics.ts";

/** What people write who know other languages. */
export const habits = {
  bareOperand: message<{ text: string }>({
    code: "MCPP140",
    severity: "error",
    title: "value used as a condition",
    message: ({ text }) => `\`${text}\` is a value, not a condition.`,
    hint: ({ text }) =>
      `Write \`${text} == true\` if it is a flag, or \`has ${text}\` to ask whether it is given at all.`,
    explanation: `There is no truthiness: whether \`args.force\` should mean "is true" or "is present" is for the author to say. Compare the value, or ask for its presence with \`has\`.`,
    example: { fails: "deny push if args.force", passes: "deny push if args.force == true" },
  }),

  constantCondition: message<{ text: string }>({
    code: "MCPP141",
    severity: "error",
    title: "constant used as a condition",
    message: ({ text }) => `\`${text}\` is a constant, not a condition.`,
    hint: () => "A rule that always applies has no condition.",
    explanation: `A condition compares something about the call. A rule that always applies is written without \`if\`, one that never applies is left out.`,
    example: { fails: "deny push if true", passes: "deny push" },
  }),

  bareMeasure: message<{ measure: string }>({
    code: "MCPP142",
    severity: "error",
    title: "measure used as a condition",
    message: ({ measure }) => `\`${measure}(…)\` is a value, which a condition compares.`,
    hint: ({ measure }) =>
      measure === "length" ? "Write `length(…) > 0`." : 'Write `host(…) == "example.com"`.',
    explanation: `\`length\` and \`host\` give a number and a string. Compare them with something.`,
    example: {
      fails: "deny send if length(args.to)",
      passes: "deny send if length(args.to) > 10",
    },
  }),

  allTools: message<{ written: string; instead: string }>({
    code: "MCPP143",
    severity: "error",
    title: "all for every tool",
    message: ({ written, instead }) => `Every tool is written \`${instead}\`, not \`${written}\`.`,
    explanation: `A glob names tools by pattern, and \`*\` alone is every tool. \`all\` stands only in \`limit all\`, which is one counter over all calls.`,
    example: { fails: "allow all", passes: "allow *" },
  }),

  unknownWindow: message<{ written: string; instead: string | undefined }>({
    code: "MCPP144",
    severity: "error",
    title: "unknown window",
    message: ({ written }) => `\`${written}\` is no window of a limit.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "The windows are `second`, `minute`, `hour`, `day`, `week` and `month`."
        : `Write \`${instead}\`.`,
    explanation: `A limit counts within a calendar second, minute, hour, day, week or month, written as a word. Several of them (\`10/5 minutes sliding\`) make a sliding window, as no calendar says when five minutes begin.`,
    example: { fails: "allow run limit 10/1m", passes: "allow run limit 10/minute" },
  }),

  perWindow: message<{ unit: string }>({
    code: "MCPP145",
    severity: "error",
    title: "window after per",
    message: ({ unit }) => `The window of a limit is written with a slash, \`/${unit}\`.`,
    explanation: `The slash gives the window and \`per\` says for whom is counted: \`10/minute per session\` is ten calls a minute for each session. Written with one word for both, it would not be clear which of them is meant.`,
    example: { fails: "allow run limit 10 per minute", passes: "allow run limit 10/minute" },
  }),

  unknownScope: message<{ written: string }>({
    code: "MCPP146",
    severity: "error",
    title: "unknown scope",
    message: ({ written }) => `A limit cannot be counted per \`${written}\`.`,
    hint: () =>
      "Write `per grant`, `per session`, `per server`, or an argument such as `per args.customer_id`. Each user or agent has a grant.",
    explanation: `A limit counts for each grant (the default), for each session, for the whole server, or for each value of an argument. The proxy knows callers as grants: give every user or team one.`,
    example: {
      fails: "allow run limit 10/minute per user",
      passes: "allow run limit 10/minute per grant",
    },
  }),

  arithmetic: message<{ operator: string }>({
    code: "MCPP147",
    severity: "error",
    title: "arithmetic",
    message: ({ operator }) => `Conditions do not calculate: \`${operator}\` is no operator.`,
    hint: () =>
      "Compare each argument with a constant; sums over calls are limits, `limit sum(args.amount) to 500/day`.",
    explanation: `Conditions compare and never calculate, so that every one of them can be analysed and none can overflow or round. Write the calculated constant. A total over several calls is a limit with \`sum\`.`,
    example: {
      fails: "deny pay if args.amount * 100 > 5000",
      passes: "deny pay if args.amount > 50",
    },
  }),

  regexNeeded: message<object>({
    code: "MCPP148",
    severity: "error",
    title: "regular expression expected",
    message: () => "`matches` compares with a regular expression, written `/…/`.",
    hint: () => "For text with `*` use `like`, for an exact text `==`.",
    explanation: `The right side of \`matches\` is a regular expression between slashes, which must match the whole value. A string is refused because its backslashes would be read twice.`,
    example: {
      fails: 'deny run if args.command matches "rm.*"',
      passes: "deny run if args.command matches /rm.*/",
    },
  }),

  whenForIf: message<object>({
    code: "MCPP149",
    severity: "error",
    title: "when for if",
    message: () => "The condition of one rule is written with `if`; `when` begins a block.",
    explanation: `\`if\` and \`unless\` give one rule its condition. \`when C { … }\` is a block that adds its condition to every rule inside.`,
    example: {
      fails: "deny push when args.force == true",
      passes: "deny push if args.force == true",
    },
  }),

  quotedDate: message<object>({
    code: "MCPP150",
    severity: "error",
    title: "quoted date",
    message: () => "A date is written without quotes, as in `2026-12-31`.",
    explanation: `Dates are part of the language, so that one that does not exist is found when the policy is checked. They stand without quotes.`,
    example: {
      fails: 'allow run until "2026-12-31"',
      passes: "allow run until 2026-12-31",
    },
  }),

  durationNeeded: message<{ written: string }>({
    code: "MCPP151",
    severity: "error",
    title: "duration expected",
    message: ({ written }) => `\`${written}\` is not how a duration is written.`,
    hint: () =>
      "A duration is a whole number and one unit without a space: `500ms`, `30s`, `10m`, `24h` or `7d`.",
    explanation: `A duration is one word, made of a whole number and its unit. Ten minutes are \`10m\`.`,
    example: {
      fails: 'ask pay by "leads" within 10 minutes',
      passes: 'ask pay by "leads" within 10m',
    },
  }),

  unknownDay: message<{ written: string }>({
    code: "MCPP152",
    severity: "error",
    title: "unknown day",
    message: ({ written }) => `\`${written}\` is not how a day of the week is written.`,
    hint: () =>
      "The days are `mon`, `tue`, `wed`, `thu`, `fri`, `sat` and `sun`, a range is `mon-fri`.",
    explanation: `The days of the week are the first three letters of their English names in lower case. A range joins two with a hyphen and may pass the end of the week.`,
    example: {
      fails: "let office = during Monday-Friday",
      passes: "let office = during mon-fri",
    },
  }),

  foreignWord: message<{ written: string; instead: string }>({
    code: "MCPP153",
    severity: "error",
    title: "foreign word",
    message: ({ written, instead }) => `\`${written}\` is written \`${instead}\` here.`,
    explanation: `The word is how another language says it. The operators between values are \`==\`, \`!=\`, \`<\`, \`<=\`, \`>\`, \`>=\`, \`in\`, \`contains\`, \`starts with\`, \`ends with\`, \`matches\`, \`like\` and \`under\`.`,
    example: {
      fails: 'deny run if args.mode is "force"',
      passes: 'deny run if args.mode == "force"',
    },
  }),
};
