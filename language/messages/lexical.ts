import { message } from "../diagnostics.ts";

/** What is wrong with a single token. */
export const lexical = {
  unexpectedCharacter: message<{ text: string; names: string }>({
    code: "MCPP101",
    severity: "error",
    title: "unexpected character",
    message: ({ text, names }) =>
      text === ""
        ? `The character ${names} cannot stand here.`
        : `\`${text}\` (${names}) cannot stand here.`,
    hint: () =>
      "Outside of strings and comments a policy is written in ASCII; a name with other characters is quoted.",
    explanation: `Outside of strings and comments a policy is made of ASCII words, numbers and punctuation. Invisible and look-alike characters, such as a no-break space or a Cyrillic \`а\`, are refused because two policies that look the same must be the same. Delete the character, or put the name that holds it in quotes.`,
    example: { fails: "allow list_café", passes: 'allow "list_café"' },
  }),

  unclosedString: message<object>({
    code: "MCPP102",
    severity: "error",
    title: "unclosed string",
    message: () => 'This string has no closing `"` on its line.',
    hint: () => "A line break inside a string is written `\\n`.",
    explanation: `A string begins and ends with \`"\` on one line. The rest of the line has been read as part of the string. Add the closing quote, and write a line break inside the text as \`\\n\`.`,
    example: {
      fails: 'deny create_payout because "Payouts are made by finance.',
      passes: 'deny create_payout because "Payouts are made by finance."',
    },
  }),

  malformedString: message<{ what: string }>({
    code: "MCPP103",
    severity: "error",
    title: "malformed string",
    message: ({ what }) => `${what} cannot stand in a string.`,
    hint: () =>
      'The escapes are those of JSON: `\\"` `\\\\` `\\/` `\\b` `\\f` `\\n` `\\r` `\\t` and `\\u` with four hex digits.',
    explanation: `Strings are JSON strings, because that is what the arguments of a call are compared with. A backslash begins one of the escapes of JSON, a control character such as a tab is written as an escape, and half of a surrogate pair is no character. Write a backslash itself as \`\\\\\`.`,
    example: {
      fails: 'deny run if args.path == "C:\\dir"',
      passes: 'deny run if args.path == "C:\\\\dir"',
    },
  }),

  unclosedRegex: message<object>({
    code: "MCPP104",
    severity: "error",
    title: "unclosed regular expression",
    message: () => "This regular expression has no closing `/` on its line.",
    hint: () => "A `/` inside the pattern is written `\\/`, a `[` begins a class that `]` ends.",
    explanation: `A regular expression stands between two slashes on one line. It ends at the first \`/\` that is neither escaped nor inside \`[…]\`. Add the closing slash, or close the class.`,
    example: {
      fails: "deny run if args.command matches /rm .*",
      passes: "deny run if args.command matches /rm .*/",
    },
  }),

  unknownFlag: message<{ flags: string }>({
    code: "MCPP105",
    severity: "error",
    title: "unknown flag",
    message: ({ flags }) =>
      `\`${flags}\` is no flag: the only one of a regular expression is \`i\`.`,
    hint: () =>
      "In `matches` a `.` stands for a line break too; for an anchor of a line write `(?m)`.",
    explanation: `A regular expression has one flag, \`i\`, which ignores case. Other flags are either always so (there is no \`g\`: a condition holds or it does not) or are written inside the pattern, as in \`(?m)\`.`,
    example: {
      fails: "deny run if args.command contains /rm/g",
      passes: "deny run if args.command contains /rm/i",
    },
  }),

  malformedNumber: message<{ text: string; instead: string | undefined }>({
    code: "MCPP106",
    severity: "error",
    title: "malformed number",
    message: ({ text }) => `\`${text}\` is not a number.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "Numbers are written in decimal, as in `10000`, `100_00` or `0.5`."
        : `Write \`${instead}\`.`,
    explanation: `Numbers are decimal: digits without leading zeros, a fraction after a point, and \`_\` between digits where it helps the eye. There are no exponents, no hexadecimal digits, no units and no signs for currency or percent. So an amount reads the same to everyone who reviews it.`,
    example: {
      fails: "deny create_refund unless args.amount <= 1e5",
      passes: "deny create_refund unless args.amount <= 100_000",
    },
  }),

  inexactNumber: message<{ text: string }>({
    code: "MCPP107",
    severity: "error",
    title: "inexact number",
    message: ({ text }) => `\`${text}\` has more digits than can be compared exactly.`,
    hint: () => "Integers go up to 9007199254740991, other numbers to 15 digits.",
    explanation: `Numbers in JSON are compared as double-precision values. A number with more digits would silently be rounded to a neighbour, and the comparison would not be the one that is written. If the value is an identifier, compare it as a string.`,
    example: {
      fails: "deny get_user if args.id == 12345678901234567890",
      passes: 'deny get_user if args.id == "12345678901234567890"',
    },
  }),

  malformedDuration: message<{ text: string; instead: string | undefined }>({
    code: "MCPP108",
    severity: "error",
    title: "malformed duration",
    message: ({ text }) => `\`${text}\` is not a duration.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "A duration is a whole number and one unit: `500ms`, `30s`, `10m`, `24h` or `7d`."
        : `Write \`${instead}\`.`,
    explanation: `A duration is one whole number and one unit: \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`. Two units are not combined and parts are not written as fractions, so that every length of time has one spelling: an hour and a half is \`90m\`.`,
    example: {
      fails: 'ask create_refund by "leads" within 1h30m',
      passes: 'ask create_refund by "leads" within 90m',
    },
  }),

  longDuration: message<{ text: string }>({
    code: "MCPP109",
    severity: "error",
    title: "duration out of range",
    message: ({ text }) => `\`${text}\` is longer than ten years.`,
    hint: () => "The longest duration is `3650d`.",
    explanation: `Durations are bounded to ten years (\`3650d\`). Something longer is almost always a slip of the unit, and clocks are not calculated beyond it.`,
    example: {
      fails: 'ask create_refund by "leads" within 10000d',
      passes: 'ask create_refund by "leads" within 10d',
    },
  }),

  malformedDate: message<{ text: string; instead: string | undefined }>({
    code: "MCPP110",
    severity: "error",
    title: "malformed date",
    message: ({ text }) => `\`${text}\` is not a day of the calendar.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "A date is written `2026-12-31`, without a time."
        : `Write \`${instead}\`.`,
    explanation: `A date is year, month and day with four, two and two digits, and must exist in the calendar. It has no time and no zone: \`until\` runs to the end of that day in UTC.`,
    example: {
      fails: "allow run_report until 2026-02-30",
      passes: "allow run_report until 2026-02-28",
    },
  }),

  malformedTime: message<{ text: string; instead: string | undefined }>({
    code: "MCPP111",
    severity: "error",
    title: "malformed time",
    message: ({ text }) => `\`${text}\` is not a time of day.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "A time is written with two digits for hours and minutes, from `00:00` to `24:00`."
        : `Write \`${instead}\`.`,
    explanation: `A time of day has two digits for the hour and two for the minute, on a clock of 24 hours. \`24:00\` is the end of a day. There are no seconds and no \`am\` or \`pm\`.`,
    example: {
      fails: "let office = during mon-fri 9:00-18:00",
      passes: "let office = during mon-fri 09:00-18:00",
    },
  }),

  foreignQuotes: message<object>({
    code: "MCPP112",
    severity: "error",
    title: "foreign quotes",
    message: () => 'A string is written in double quotes, `"…"`.',
    explanation: `Strings have one form, with the plain double quote of JSON. Single quotes, backticks and typographic quotes are not strings.`,
    example: {
      fails: "deny create_payout because 'Payouts are made by finance.'",
      passes: 'deny create_payout because "Payouts are made by finance."',
    },
  }),

  foreignComment: message<{ form: string }>({
    code: "MCPP113",
    severity: "error",
    title: "foreign comment",
    message: ({ form }) => `\`${form}\` begins no comment: comments are written with \`//\`.`,
    explanation: `A comment begins with \`//\` and ends with its line; \`///\` documents the statement that follows. There are no block comments: a rule must never be switched off by a mark that stands pages above it.`,
    example: {
      fails: "allow list_charges /* every minute */ limit 10/minute",
      passes: "allow list_charges limit 10/minute // every minute",
    },
  }),

  foreignOperator: message<{ written: string; instead: string }>({
    code: "MCPP114",
    severity: "error",
    title: "foreign operator",
    message: ({ written, instead }) => `\`${written}\` is written \`${instead}\` here.`,
    explanation: `The operators are \`and\`, \`or\` and \`not\` between conditions, \`==\`, \`!=\`, \`<\`, \`<=\`, \`>\` and \`>=\` between values, and \`=>\` before the expectation of a test. Signs of other languages are refused rather than guessed, as \`=\` and \`==\` or \`&\` and \`&&\` differ among them.`,
    example: {
      fails: "deny create_refund if args.amount > 100_00 && args.force == true",
      passes: "deny create_refund if args.amount > 100_00 and args.force == true",
    },
  }),

  semicolon: message<object>({
    code: "MCPP115",
    severity: "error",
    title: "semicolon",
    message: () => "A statement has no `;` at its end.",
    explanation: `Statements begin with a word of their own, so nothing separates them. Line breaks have no meaning either. Leave the semicolon out.`,
    example: { fails: "allow list_charges;", passes: "allow list_charges" },
  }),

  dottedIndex: message<{ index: string }>({
    code: "MCPP116",
    severity: "error",
    title: "index after a dot",
    message: ({ index }) => `An element of a list is taken with brackets, \`[${index}]\`.`,
    explanation: `After a dot stands the name of a property, and a name does not begin with a digit. The elements of a list are numbered from 0 and taken with brackets. A property whose name is made of digits is quoted: \`args["0"]\`.`,
    example: {
      fails: 'deny run if args.items.0 == "x"',
      passes: 'deny run if args.items[0] == "x"',
    },
  }),
};
