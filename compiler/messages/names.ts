import { message } from "../../language/index.ts";

/**
 * MCPP2xx: names that are not found, found twice or go round in circles; files; and what may stand where.
 */

/** Two tools for the examples. */
const shop = {
  server: { name: "shop" },
  tools: [
    { name: "create_refund", inputSchema: { type: "object" }, risk: "write" },
    { name: "get_order", inputSchema: { type: "object" }, risk: "read" },
  ],
};

/** A name as it is mentioned: groups with their `@`. */
function shown(what: "let" | "group" | "label", name: string): string {
  return what === "group" ? `\`@${name}\`` : `\`${name}\``;
}

export const unknownTool = message<{ name: string; server: string | undefined }>({
  code: "MCPP201",
  severity: "error",
  title: "unknown tool",
  message: ({ name, server }) =>
    server === undefined
      ? `The tool list has no tool \`${name}\`.`
      : `The server \`${server}\` has no tool \`${name}\`.`,
  hint: () => "Run `mcpp pull` again if the server has changed since the tool list was written.",
  explanation:
    "A rule names a tool that the server does not have. Such a rule would protect nothing, or permit something that may mean anything later, so it is an error. So is a step of a test, unless it expects `hide`: nothing else becomes of a call of an unknown tool.\n\nWhere the tool list says of itself that it is not complete, this is a warning, and the name is taken as written.",
  example: {
    fails: "allow create_refnd\n",
    passes: "allow create_refund\n",
    tools: shop,
  },
});

export const unknownGroup = message<{ name: string }>({
  code: "MCPP202",
  severity: "error",
  title: "unknown group",
  message: ({ name }) => `There is no group \`@${name}\`.`,
  hint: () =>
    "Define it with `group`, or use a built-in one: `@read`, `@write`, `@execute`, `@destructive`, `@financial`.",
  explanation:
    "A group is mentioned that neither this file nor its imports define, and that is not built in.",
  example: {
    fails: "group @lookups = get_order\n\nallow @lookup\nallow @lookups\n",
    passes: "group @lookups = get_order\n\nallow @lookups\n",
    tools: shop,
  },
});

export const unknownName = message<{ name: string }>({
  code: "MCPP203",
  severity: "error",
  title: "unknown name",
  message: ({ name }) => `There is no \`let\` named \`${name}\`.`,
  hint: ({ name }) =>
    `Arguments begin with \`args\`: \`args.${name}\`. A constant or a named condition is declared with \`let ${name} = …\`.`,
  explanation:
    "A bare word in a condition is the name of a `let`, or the variable of an `any` or `every` around it. An argument of the call is written `args.name`.",
  example: {
    fails: "deny create_refund if args.amount > max_refund\nallow create_refund\n",
    passes:
      "let max_refund = 100\n\ndeny create_refund if args.amount > max_refund\nallow create_refund\n",
    tools: shop,
  },
});

export const emptyGlob = message<{ glob: string; kind: "tool" | "resource" | "prompt" }>({
  code: "MCPP204",
  severity: "error",
  title: "glob selects nothing",
  message: ({ glob, kind }) => `No ${kind} matches \`${glob}\`.`,
  explanation:
    "A glob that selects nothing is most often a misspelling, and the rule then does not protect what it was written for. In an imported file, which may serve several servers, it is only an information.",
  example: { fails: "allow got_*\n", passes: "allow get_*\n", tools: shop },
});

export const emptyGroup = message<{ name: string; builtIn: boolean }>({
  code: "MCPP205",
  severity: "error",
  title: "group selects nothing",
  message: ({ name, builtIn }) =>
    builtIn
      ? `No tool of the server is in the class \`@${name}\`.`
      : `The group \`@${name}\` is empty.`,
  explanation:
    "A rule over an empty group does nothing. In an imported file, which may serve several servers, it is only an information.",
  example: {
    fails: "allow *\nhide @financial\n",
    passes: "allow *\n",
    tools: {
      server: { name: "notes" },
      tools: [{ name: "get_note", inputSchema: { type: "object" }, risk: "read" }],
    },
  },
});

export const emptyExcept = message<{ item: string }>({
  code: "MCPP206",
  severity: "error",
  title: "except removes nothing",
  message: ({ item }) => `\`except ${item}\` takes nothing away from what stands before it.`,
  explanation:
    "An exception that removes nothing is most often a misspelling, and the tool that was meant is then still selected. In an imported file, which may serve several servers, it is only an information.",
  example: {
    fails: "allow get_* except create_refund\n",
    passes: "allow * except create_refund\n",
    tools: shop,
  },
});

export const duplicateItem = message<{ item: string }>({
  code: "MCPP207",
  severity: "warning",
  title: "named twice",
  message: ({ item }) => `\`${item}\` stands twice in this list.`,
  explanation: "The second mention changes nothing. Perhaps another name was meant.",
  example: {
    fails: "allow get_order, get_order\n",
    passes: "allow get_order\n",
    tools: shop,
  },
});

export const redefined = message<{ what: "let" | "group" | "label"; name: string }>({
  code: "MCPP208",
  severity: "error",
  title: "defined twice",
  message: ({ what, name }) => `The ${what} ${shown(what, name)} is already defined.`,
  hint: () => "Names are shared by a file and all its imports. Rename one of the two.",
  explanation:
    "A name stands for one thing in a policy, its imports included. The order of statements has no meaning, so a second definition cannot replace the first.",
  example: {
    fails: "let cap = 10\nlet cap = 20\n\nallow create_refund if args.amount < cap\n",
    passes: "let cap = 10\n\nallow create_refund if args.amount < cap\n",
    tools: shop,
  },
});

export const cycle = message<{ what: "let" | "group"; path: readonly string[] }>({
  code: "MCPP209",
  severity: "error",
  title: "defined by itself",
  message: ({ what, path }) =>
    `The ${what} ${shown(what, path[0] ?? "")} is defined by itself: ${path.map((name) => shown(what, name)).join(" → ")}.`,
  explanation: "A definition may mention others, but never itself, however far round.",
  example: {
    fails: "group @a = @b\ngroup @b = @a, get_order\n\nallow @a\n",
    passes: "group @a = @b\ngroup @b = get_order\n\nallow @a\n",
    tools: shop,
  },
});

export const nearBuiltIn = message<{ name: string; builtIn: string }>({
  code: "MCPP210",
  severity: "warning",
  title: "almost a built-in group",
  message: ({ name, builtIn }) =>
    `The group \`@${name}\` differs from the built-in \`@${builtIn}\` by one letter.`,
  hint: () => "Readers will take one for the other. Give it a name of its own.",
  explanation:
    "`@read`, `@write`, `@execute`, `@destructive` and `@financial` are the risk classes of the server's tools. A group whose name is one edit away is easily mistyped, and easily misread.",
  example: {
    fails: "group @reads = get_order\n\nallow @reads\n",
    passes: "group @lookups = get_order\n\nallow @lookups\n",
    tools: shop,
  },
});

export const builtInRedefined = message<{ name: string }>({
  code: "MCPP211",
  severity: "error",
  title: "built-in group",
  message: ({ name }) => `\`@${name}\` is a built-in group and cannot be defined again.`,
  explanation:
    '`@read`, `@write`, `@execute`, `@destructive` and `@financial` are the risk classes of the server\'s tools. A tool\'s class is changed in the tool list, where `"risk_by": "hand"` keeps it.',
  example: {
    fails: "group @read = get_order\n\nallow get_order\n",
    passes: "group @lookups = get_order\n\nallow @lookups\n",
    tools: shop,
  },
});

export const unused = message<{ what: "let" | "group"; name: string }>({
  code: "MCPP212",
  severity: "warning",
  title: "never used",
  message: ({ what, name }) => `The ${what} ${shown(what, name)} is never used.`,
  explanation:
    "A definition that nothing mentions changes nothing. In an imported file it is not reported: another policy may use it.",
  example: {
    fails: "let cap = 100\n\nallow create_refund\n",
    passes: "let cap = 100\n\nallow create_refund if args.amount <= cap\n",
    tools: shop,
  },
});

export const importNotFound = message<{ path: string }>({
  code: "MCPP214",
  severity: "error",
  title: "file not found",
  message: ({ path }) => `The imported file \`${path}\` cannot be read.`,
  hint: () => "The path is relative to the file that imports it.",
  explanation: "A policy without one of its parts could permit too much, so nothing is compiled.",
  example: {
    fails: 'import "./common.mcpp"\n\nallow get_order\n',
    passes: "allow get_order\n",
    tools: shop,
  },
});

export const importCycle = message<{ path: readonly string[] }>({
  code: "MCPP215",
  severity: "error",
  title: "import goes in a circle",
  message: ({ path }) =>
    `This import leads back to itself: ${path.map((name) => `\`${name}\``).join(" → ")}.`,
  hint: () => "Move what both files need into a third one.",
  explanation:
    "Each file counts once, however often it is imported; but files that import each other have no order in which a reader could understand them.",
  example: {
    fails: 'import "./a.mcpp"\n\nallow get_order\n',
    passes: 'import "./b.mcpp"\n\nallow get_order\n',
    tools: shop,
    files: { "./a.mcpp": 'import "./a.mcpp"\n', "./b.mcpp": "deny create_refund\n" },
  },
});

export const serversDisagree = message<{ name: string; other: string }>({
  code: "MCPP216",
  severity: "error",
  title: "two servers",
  message: ({ name, other }) =>
    name === other
      ? `The server \`${name}\` is named with two different tool lists.`
      : `The policy is for the server \`${other}\`, but this says \`${name}\`.`,
  explanation: "A policy is for one server. A file and its imports must name the same one.",
  example: {
    fails: "server shop\nserver store\n\nallow get_order\n",
    passes: "server shop\n\nallow get_order\n",
    tools: shop,
  },
});

export const defaultsDisagree = message<{ kind: string; effect: string; other: string }>({
  code: "MCPP217",
  severity: "error",
  title: "two defaults",
  message: ({ kind, effect, other }) =>
    `The default of ${kind} is \`${other}\` elsewhere, and \`${effect}\` here.`,
  explanation: "There is one default for each kind, in a file and all its imports.",
  example: {
    fails: "default deny\ndefault allow\n\nlimit get_order 10/minute\n",
    passes: "default deny\n\nallow get_order limit 10/minute\n",
    tools: shop,
  },
});

export const toolListNotFound = message<{ path: string }>({
  code: "MCPP218",
  severity: "error",
  title: "file not found",
  message: ({ path }) => `The tool list \`${path}\` cannot be read.`,
  hint: ({ path }) =>
    `The path is relative to this file. \`mcpp pull -o ${path} -- COMMAND\` writes the list of a server.`,
  explanation:
    "Without the tool list the policy cannot be checked against the server, and globs and groups have no meaning.",
  example: {
    fails: 'server shop tools "./missing.tools.json"\n\nallow get_order\n',
    passes: 'server shop tools "./shop.tools.json"\n\nallow get_order\n',
    files: {
      "./shop.tools.json": JSON.stringify({
        tools: [{ name: "get_order", inputSchema: { type: "object" } }],
      }),
    },
  },
});

export const notACondition = message<{ name: string }>({
  code: "MCPP220",
  severity: "error",
  title: "not a condition",
  message: ({ name }) => `\`${name}\` is a constant, and cannot stand alone as a condition.`,
  hint: ({ name }) => `Compare it with something: \`args.amount <= ${name}\`.`,
  explanation:
    "A `let` is a constant or a named condition. Only a condition can stand where something holds or does not hold for a call.",
  example: {
    fails: "let cap = 100\n\nallow create_refund if cap\n",
    passes: "let cap = 100\n\nallow create_refund if args.amount <= cap\n",
    tools: shop,
  },
});

export const notAValue = message<{ name: string }>({
  code: "MCPP221",
  severity: "error",
  title: "not a value",
  message: ({ name }) => `\`${name}\` is a condition, and cannot be compared with anything.`,
  hint: ({ name }) => `It stands alone: \`if ${name}\`, or \`if not ${name}\`.`,
  explanation: "A `let` is a constant or a named condition. Only a constant can be compared.",
  example: {
    fails: "let small = args.amount < 100\n\nallow create_refund if small == true\n",
    passes: "let small = args.amount < 100\n\nallow create_refund if small\n",
    tools: shop,
  },
});

export const toolsOnly = message<{ what: string; kind: "resource" | "prompt" }>({
  code: "MCPP223",
  severity: "error",
  title: "for tools only",
  message: ({ what, kind }) => `${what} cannot be used for ${kind}s.`,
  hint: ({ kind }) =>
    `For ${kind}s there are \`allow\`, \`deny\` and \`hide\`, with names or globs (\`*\`).`,
  explanation:
    "Resources and prompts are allowed, denied or hidden by name. Conditions, limits, approvals and messages are for tool calls.",
  example: {
    fails: 'allow get_order\nallow resource "file:///docs/*" if grant.name == "ci"\n',
    passes: 'allow get_order\nallow resource "file:///docs/*"\n',
    tools: shop,
  },
});

export const groupOfOtherKind = message<{ name: string; of: string; wanted: string }>({
  code: "MCPP224",
  severity: "error",
  title: "group of another kind",
  message: ({ name, of, wanted }) =>
    `\`@${name}\` is a group of ${of}s, and cannot stand among ${wanted}s.`,
  explanation: "A list of targets is of one kind: tools, resources or prompts.",
  example: {
    fails: 'group @docs = resource "file:///docs/*"\n\nallow @docs\nallow resource @docs\n',
    passes: 'group @docs = resource "file:///docs/*"\n\nallow resource @docs\nallow get_order\n',
    tools: shop,
  },
});

export const shadowedName = message<{ name: string }>({
  code: "MCPP225",
  severity: "error",
  title: "name already in use",
  message: ({ name }) => `\`${name}\` already means something else here.`,
  hint: () => "Give the variable a name of its own.",
  explanation:
    "The variable of an `any` or `every` may not have the name of a `let` or of a variable around it: a reader could not tell them apart.",
  example: {
    fails:
      'let tag = "urgent"\n\nallow create_refund if any tag in args.tags (tag == "a")\ndeny create_refund if args.kind == tag\n',
    passes:
      'let urgent = "urgent"\n\nallow create_refund if any tag in args.tags (tag == "a")\ndeny create_refund if args.kind == urgent\n',
    tools: shop,
  },
});

export const unknownRoot = message<{ name: string }>({
  code: "MCPP226",
  severity: "error",
  title: "unknown name",
  message: ({ name }) => `A path cannot begin with \`${name}\`.`,
  hint: ({ name }) =>
    `Arguments begin with \`args\`: \`args.${name}\`. The caller is \`grant\`, its program \`client\`.`,
  explanation:
    "A path begins with `args`, `grant`, `client`, or the variable of an `any` or `every` around it.",
  example: {
    fails: "allow create_refund if order.amount < 5\n",
    passes: "allow create_refund if args.order.amount < 5\n",
    tools: shop,
  },
});

export const statedTwice = message<{ statement: string }>({
  code: "MCPP227",
  severity: "warning",
  title: "said twice",
  message: ({ statement }) => `\`${statement}\` is already said.`,
  explanation: "The second statement changes nothing.",
  example: {
    fails: "default deny\ndefault deny\n\nallow get_order\n",
    passes: "default deny\n\nallow get_order\n",
    tools: shop,
  },
});

export const reservedLabel = message<{ name: string }>({
  code: "MCPP229",
  severity: "error",
  title: "reserved label",
  message: ({ name }) =>
    `A label cannot be named \`${name}\`: \`grant.${name}\` has a meaning already.`,
  explanation: "`grant.name` is the name of the grant that makes the call.",
  example: {
    fails: "labels name\n\nallow get_order\n",
    passes: "labels team\n\nallow get_order\n",
    tools: shop,
  },
});

export const partialList = message<{ name: string }>({
  code: "MCPP230",
  severity: "warning",
  title: "tool not in the partial list",
  message: ({ name }) =>
    `The tool list is not complete and does not hold \`${name}\`: the name is taken as written.`,
  explanation:
    'A tool list with `"complete": false` knows only a part of the server\'s tools, so a name that it lacks may still be right. Arguments of such a tool are not checked.',
  example: {
    fails: "allow get_order\nallow get_invoice\n",
    passes: "allow get_order\n",
    tools: {
      complete: false,
      server: { name: "shop" },
      tools: [{ name: "get_order", inputSchema: { type: "object" }, risk: "read" }],
    },
  },
});

export const emptyTargetsLeft = message<object>({
  code: "MCPP231",
  severity: "error",
  title: "nothing left",
  message: () => "`except` takes away everything that stands before it.",
  explanation: "The rule would be for no tool at all.",
  example: {
    fails: "allow create_refund\nallow get_order except get_*\n",
    passes: "allow create_refund\nallow get_order\n",
    tools: shop,
  },
});

export const unknownPrompt = message<{ name: string }>({
  code: "MCPP232",
  severity: "warning",
  title: "unknown prompt",
  message: ({ name }) => `The tool list has no prompt \`${name}\`.`,
  explanation: "A rule names a prompt that the server did not list, so it has no effect.",
  example: {
    fails: "allow get_order\nallow prompt sumarise\n",
    passes: "allow get_order\nallow prompt summarise\n",
    tools: { ...shop, prompts: [{ name: "summarise" }] },
  },
});
