import { message } from "../diagnostics.ts";

/** How tokens may follow each other. */
export const syntax = {
  unexpected: message<{ found: string; expected: string }>({
    code: "MCPP120",
    severity: "error",
    title: "syntax error",
    message: ({ found, expected }) => `Expected ${expected}, found ${found}.`,
    explanation: `The statement reads well up to this place, and what follows is not what may stand here. The message names what may. One broken statement is reported once; the statements around it are read all the same.`,
    example: {
      fails: "allow list_charges limit 10/minute per",
      passes: "allow list_charges limit 10/minute per grant",
    },
  }),

  unknownStatement: message<{ written: string; instead: string | undefined }>({
    code: "MCPP121",
    severity: "error",
    title: "unknown statement",
    message: ({ written, instead }) =>
      instead === undefined
        ? `No statement begins with ${written}.`
        : `No statement begins with ${written}; this is written \`${instead}\`.`,
    hint: ({ instead }) =>
      instead === undefined
        ? "Statements begin with `allow`, `deny`, `hide`, `ask`, `limit`, `on`, `when`, `let`, `group`, `test` and a few more words."
        : undefined,
    explanation: `Every statement begins with a word of its own, such as \`allow\`, \`deny\`, \`hide\`, \`ask\` or \`limit\`. Words of other policy languages, such as \`permit\` or \`approve\`, have an equal here, which the message names.`,
    example: { fails: "alow list_charges", passes: "allow list_charges" },
  }),

  unclosedBlock: message<{ word: string }>({
    code: "MCPP122",
    severity: "error",
    title: "unclosed block",
    message: ({ word }) => `This \`${word}\` block has no closing \`}\`.`,
    explanation: `The block that begins here is not closed. It is taken to end before the next statement that may not stand in it, or at the end of the file. Add the closing brace.`,
    example: {
      fails: "on create_refund {\n  allow\n\nlet max = 5",
      passes: "on create_refund {\n  allow\n}\n\nlet max = 5",
    },
  }),

  strayBrace: message<object>({
    code: "MCPP123",
    severity: "error",
    title: "stray brace",
    message: () => "No block is open that this `}` could close.",
    explanation: `There are more closing braces than blocks. Either the brace is left over, or the line that opened its block has lost its \`{\`.`,
    example: { fails: "allow list_charges\n}", passes: "allow list_charges" },
  }),

  missingBrace: message<{ word: string }>({
    code: "MCPP124",
    severity: "error",
    title: "missing brace",
    message: ({ word }) => `The \`${word}\` block needs a \`{\` before its first line.`,
    explanation: `The rules of an \`on\` or \`when\` block and the steps of a test stand in braces. The closing brace was found, but not the opening one.`,
    example: {
      fails: "on create_refund\n  allow\n}",
      passes: "on create_refund {\n  allow\n}",
    },
  }),

  tooDeep: message<{ most: number }>({
    code: "MCPP125",
    severity: "error",
    title: "nested too deeply",
    message: ({ most }) => `This is nested more than ${most} levels deep.`,
    hint: () => "Give parts of the condition names with `let`.",
    explanation: `Conditions, lists, objects and blocks nest at most 64 levels. Nobody can review what is nested deeper, and the runtime has the same bound.`,
    example: {
      fails: `deny run if ${"(".repeat(65)}args.x == 1${")".repeat(65)}`,
      passes: "deny run if (args.x == 1)",
    },
  }),

  reservedWord: message<{ word: string; quotable: boolean }>({
    code: "MCPP126",
    severity: "error",
    title: "reserved word",
    message: ({ word }) => `\`${word}\` is a reserved word and cannot be a bare name.`,
    hint: ({ word, quotable }) =>
      quotable
        ? `A tool of this name is written in quotes: \`"${word}"\`.`
        : "Choose another name.",
    explanation: `The words that build statements and conditions are reserved, so that a reader never has to guess whether \`limit\` is a tool or a rule. A tool whose name is a reserved word is written in quotes. A \`let\` or a quantifier's variable needs another name.`,
    example: { fails: "deny server", passes: 'deny "server"' },
  }),

  missingComma: message<object>({
    code: "MCPP127",
    severity: "error",
    title: "missing comma",
    message: () => "Several names are separated by commas.",
    explanation: `A rule may name several tools, separated by commas: \`allow a, b\`. \`and\` and \`or\` join conditions, never names.`,
    example: {
      fails: "allow list_charges list_refunds",
      passes: "allow list_charges, list_refunds",
    },
  }),

  unquotedName: message<{ name: string }>({
    code: "MCPP128",
    severity: "error",
    title: "name needs quotes",
    message: ({ name }) => `\`${name}\` is written in quotes.`,
    explanation: `A bare name is made of letters, digits, \`_\` and \`-\`, and begins with a letter or \`_\`. Tool names with \`.\`, \`/\` or \`:\`, and URIs, are quoted.`,
    example: { fails: "allow fs/read", passes: 'allow "fs/read"' },
  }),

  missingTargets: message<{ rule: string }>({
    code: "MCPP129",
    severity: "error",
    title: "rule without a tool",
    message: ({ rule }) => `This \`${rule}\` does not say which tools it is about.`,
    hint: ({ rule }) =>
      rule === "limit"
        ? "Name the tools, or write `limit all` for one counter over every call."
        : `Name the tools, or write \`${rule} *\` for every tool.`,
    explanation: `Outside of an \`on\` block every rule names its tools, by name, by a glob such as \`list_*\`, or by a group such as \`@read\`. Only inside \`on\` do the rules apply to the tools of the block.`,
    example: { fails: 'deny because "Not here."', passes: 'deny * because "Not here."' },
  }),

  misplacedStatement: message<{ word: string; block: string }>({
    code: "MCPP130",
    severity: "error",
    title: "misplaced statement",
    message: ({ word, block }) =>
      `\`${word}\` cannot stand in ${block === "on" ? "an" : "a"} \`${block}\` block.`,
    hint: ({ word, block }) => {
      if (block === "when" && word === "hide") {
        return "Whether a tool is listed cannot depend on a call's arguments; `deny` refuses the call.";
      }
      if (block === "on" && word === "when")
        return "Write the `on` block inside of the `when` block.";
      return "Move it out of the block.";
    },
    explanation: `In an \`on\` block stand rules, in a \`when\` block rules, \`on\` and further \`when\` blocks. \`hide\` may not stand in \`when\`: a tool is in the list or it is not, whatever a later call's arguments are. Everything else stands at the top of the file.`,
    example: {
      fails: "when args.force == true {\n  hide run\n}",
      passes: "when args.force == true {\n  deny run\n}",
    },
  }),
};
