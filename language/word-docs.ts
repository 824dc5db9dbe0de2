/** What a word of the language means, for hovers and completion. */
export interface WordDoc {
  /** How it is written, with what varies in angle brackets. */
  readonly usage: string;
  /** Markdown, in full sentences. */
  readonly text: string;
  /** A statement that uses it. */
  readonly example: string;
}

const SCOPE_EXAMPLE = "allow search limit 10/minute per session";
const WINDOW_TEXT =
  "A window of the calendar, in UTC: the count starts anew at its boundary. With `sliding`, no span of its length ever holds more.";

const unit = (name: string): WordDoc => ({
  usage: `<number>/${name}`,
  text: WINDOW_TEXT,
  example: `allow search limit 10/${name}`,
});

const day = (name: string): WordDoc => ({
  usage: `during ${name}`,
  text: "A day of the week, or the end of a range of days.",
  example: `allow deploy if during ${name} 08:00-18:00 in "Europe/Berlin"`,
});

const docs: Readonly<Record<string, WordDoc>> = {
  // Statements
  server: {
    usage: 'server <name> tools "<file>"',
    text: "Names the server that the policy is for, and the file that its tool list was saved to. At most one.",
    example: 'server payments tools "./payments.tools.json"',
  },
  default: {
    usage: "default allow | deny | hide",
    text: "What happens to a tool that no rule permits. Without this statement it is denied; `hide` also takes it out of the list that the agent sees.",
    example: "default deny",
  },
  validate: {
    usage: "validate arguments [strictly]",
    text: "Denies a call whose arguments do not match the tool's schema; `strictly` also denies arguments that the schema does not name.",
    example: "validate arguments strictly",
  },
  pin: {
    usage: "pin tools",
    text: "Denies a tool whose definition on the live server is not the one in the tool list, and every tool that the list lacks.",
    example: "pin tools",
  },
  labels: {
    usage: 'labels <name>: "<value>" | "<value>", …',
    text: "Declares what a grant says about its holder. Conditions read a label as `grant.<name>`.",
    example: 'labels role: "support" | "finance", team',
  },
  import: {
    usage: 'import "<file>"',
    text: "Includes every statement of another policy but its tests. Each file counts once.",
    example: 'import "./base.mcpp"',
  },
  let: {
    usage: "let <name> = <value or condition>",
    text: "Names a constant or a condition. The name stands for it wherever a value or a condition may stand.",
    example: "let max_refund = 100_00",
  },
  group: {
    usage: "group @<name> = <targets>",
    text: "Names a set of tools, to be used as `@name`.",
    example: "group @lookups = list_*, get_* except get_secret",
  },
  allow: {
    usage: "allow <targets> [if <condition>] [limit …] [because …] [until …]",
    text: "Permits calls of its targets. Several `allow` rules of one tool add up: one that matches is enough.",
    example: "allow create_refund if args.amount <= 50_00 limit 10/hour",
  },
  deny: {
    usage: "deny <targets> [if | unless <condition>] [because …]",
    text: "Forbids calls of its targets, whatever permits them. `deny … unless` also forbids the calls that leave out what the condition reads.",
    example: 'deny create_refund unless args.amount <= 100_00 because "Ask finance."',
  },
  hide: {
    usage: "hide <targets>",
    text: "Takes its targets out of the list that the agent sees; a call of one is answered as if it did not exist.",
    example: "hide delete_account",
  },
  ask: {
    usage: "ask <targets> [if | unless <condition>] [by …] [within …]",
    text: "Permits calls of its targets once a person has agreed.",
    example: 'ask create_refund if args.amount > 50_00 by "leads" within 10m',
  },
  limit: {
    usage: "limit <targets or all> [each] <amount> [per <scope>] [as <name>]",
    text: "Bounds how many permitted calls get through. As a clause of `allow` and `ask` it counts the calls of that rule.",
    example: "limit all 120/minute per grant",
  },
  on: {
    usage: "on <targets> { <rules> }",
    text: "Gives several rules their targets once. A `limit` in it counts every call of the targets.",
    example: "on create_refund {\n  allow\n  deny unless args.amount <= 100_00\n}",
  },
  when: {
    usage: "when <condition> { <rules> }",
    text: "Adds the condition to every rule in it.",
    example: 'when grant.role == "finance" {\n  allow create_payout\n}',
  },
  test: {
    usage: 'test "<name>" { <calls> }',
    text: "Calls and the outcome that each must have.",
    example: 'test "refunds" {\n  create_refund { amount: 20_00 } => allow\n}',
  },
  always: {
    usage: "always deny <targets> [if <condition>]",
    text: "Claims that no call that meets the condition is allowed or asked for.",
    example: "always deny create_refund if args.amount > 100_00",
  },
  never: {
    usage: "never allow <targets> [if <condition>]",
    text: "Claims that no call that meets the condition passes without approval.",
    example: "never allow create_refund if args.amount > 50_00",
  },
  shadow: {
    usage: "shadow <rule>",
    text: "Evaluates and records the rule, and lets it decide nothing.",
    example: "shadow deny create_payout",
  },
  // Parts of rules
  if: {
    usage: "if <condition>",
    text: "The rule applies to the calls for which the condition is true.",
    example: "allow create_refund if args.amount <= 50_00",
  },
  unless: {
    usage: "unless <condition>",
    text: "The rule applies to every call for which the condition is not true, those that leave something out included.",
    example: "deny create_refund unless args.amount <= 100_00",
  },
  because: {
    usage: 'because "<sentence>"',
    text: "What the model reads when the rule is why a call was denied. Say what it could do instead.",
    example: 'deny create_payout because "Payouts are made by finance."',
  },
  except: {
    usage: "<targets> except <targets>",
    text: "Takes targets away from those before it.",
    example: "allow get_* except get_secret",
  },
  per: {
    usage: "per grant | session | server | args.<path>",
    text: "Whose calls a limit counts together. Without it: those of each grant. An argument gives each of its values a budget of its own.",
    example: "allow search limit 10/minute per session, args.customer_id",
  },
  as: {
    usage: "as <name>",
    text: "Names the counter of a limit; limits of one name share it. In a test: who calls, and with which labels.",
    example: "limit create_a, create_b 10/hour as creations",
  },
  each: {
    usage: "limit each <amount>",
    text: "Gives every tool of the rule a counter of its own.",
    example: "allow get_* limit each 60/minute",
  },
  all: {
    usage: "limit all <amount>",
    text: "One counter over every tool call.",
    example: "limit all 120/minute per grant",
  },
  sum: {
    usage: "limit sum(args.<path>) to <number>/<window>",
    text: "Adds up a number in the arguments instead of counting calls. The sum is exact; a call without the number, or with a negative one, is denied.",
    example: "limit create_refund sum(args.amount) to 500_00/day",
  },
  to: {
    usage: "sum(args.<path>) to <number>/<window>",
    text: "What a sum may not exceed.",
    example: "limit create_refund sum(args.amount) to 500_00/day",
  },
  by: {
    usage: 'by "<approvers>"',
    text: "The groups of people of whom one must agree. Without it any approver may.",
    example: 'ask create_refund by "payments-leads"',
  },
  within: {
    usage: "within <duration>",
    text: "How long the question stands; 10 minutes unless it is said.",
    example: "ask create_refund within 30m",
  },
  until: {
    usage: "until <date>",
    text: "The permission ends at the end of that day, UTC.",
    example: "allow create_report until 2026-12-31",
  },
  sliding: {
    usage: "<number>/<window> sliding",
    text: "At no moment have more calls passed within the last window. Only a sliding window may be a multiple, such as `15 minutes`.",
    example: "allow search limit 100/15 minutes sliding",
  },
  concurrent: {
    usage: "<number> concurrent",
    text: "Bounds the calls that run at the same time.",
    example: "limit run_query 3 concurrent",
  },
  tools: {
    usage: 'server <name> tools "<file>" · pin tools',
    text: "The tools of the server: the file that lists them, or all of them pinned.",
    example: 'server payments tools "./payments.tools.json"',
  },
  arguments: {
    usage: "validate arguments [strictly]",
    text: "The arguments of every call, checked against the tool's schema.",
    example: "validate arguments",
  },
  strictly: {
    usage: "validate arguments strictly",
    text: "Denies arguments that the schema does not name, too.",
    example: "validate arguments strictly",
  },
  tool: {
    usage: "<rule> tool <targets>",
    text: "Says that the targets are tools, as they are without it.",
    example: "allow tool get_user",
  },
  resource: {
    usage: '<rule> resource "<URI or glob>"',
    text: "Says that the targets are resources, by URI.",
    example: 'allow resource "file:///srv/docs/*"',
  },
  prompt: {
    usage: "<rule> prompt <targets>",
    text: "Says that the targets are prompts.",
    example: "hide prompt internal_*",
  },
  resources: {
    usage: "default deny resources",
    text: "What happens to a resource that no rule names.",
    example: "default deny resources",
  },
  prompts: {
    usage: "default deny prompts",
    text: "What happens to a prompt that no rule names.",
    example: "default deny prompts",
  },
  // Conditions
  and: {
    usage: "<condition> and <condition>",
    text: "True when both are. Binds tighter than `or`.",
    example: 'allow pay if args.amount < 10 and args.currency == "eur"',
  },
  or: {
    usage: "<condition> or <condition>",
    text: "True when one is.",
    example: "deny pay if args.amount > 10 or not has args.amount",
  },
  not: {
    usage: "not <condition>",
    text: "True when the comparison is false of a value that is there: a comparison with a missing value is false, negated or not.",
    example: "allow push if not args.force == true",
  },
  in: {
    usage: "<value> in <list>",
    text: "True when the list has the value. After `during`: the time zone.",
    example: 'allow pay if args.currency in ["usd", "eur"]',
  },
  has: {
    usage: "has <path>",
    text: "True when the value is there and is not `null`.",
    example: "deny pay if not has args.reason",
  },
  any: {
    usage: "any <name> in <path> (<condition>)",
    text: "True when the condition is true of one element of the list. False of an empty or a missing list.",
    example: "deny order if any item in args.items (item.price > 100)",
  },
  every: {
    usage: "every <name> in <path> (<condition>)",
    text: "True when the condition is true of all elements of the list. True of an empty list, false of a missing one.",
    example: "allow order if every item in args.items (item.price <= 100)",
  },
  length: {
    usage: "length(<path>)",
    text: "The number of elements of a list, or of characters of a text.",
    example: "deny post if length(args.text) > 500",
  },
  host: {
    usage: "host(<path>)",
    text: "The host of a URL, in its normal form.",
    example: 'allow fetch if host(args.url) == "example.com"',
  },
  else: {
    usage: "<path> else <value>",
    text: "The value that is read where the argument is missing.",
    example: "allow push if args.force else false == false",
  },
  contains: {
    usage: "<text or list> contains <value>",
    text: "True when a text has the other text in it, when a list has the element, or when a regular expression matches anywhere.",
    example: 'deny post if args.text contains "password"',
  },
  starts: {
    usage: '<text> starts with "<text>"',
    text: "True of a text that begins with the other. For paths and URLs use `under`.",
    example: 'allow read if args.name starts with "public-"',
  },
  ends: {
    usage: '<text> ends with "<text>"',
    text: "True of a text that ends with the other.",
    example: 'allow mail if args.to ends with "@example.com"',
  },
  with: {
    usage: 'starts with "<text>" · ends with "<text>"',
    text: "The second word of `starts with` and `ends with`.",
    example: 'allow mail if args.to ends with "@example.com"',
  },
  matches: {
    usage: "<text> matches /<regular expression>/",
    text: "True of a text that the expression matches as a whole. RE2, in linear time; `i` ignores case.",
    example: "allow open if args.id matches /[A-Z]{3}-\\d+/",
  },
  like: {
    usage: '<text> like "<glob>"',
    text: "True of a text that the glob matches as a whole: `*` is any run of characters, `?` is one.",
    example: 'allow read if args.name like "report-*.pdf"',
  },
  under: {
    usage: '<text> under "<path or URL>"',
    text: "True of a path or URL inside the other, by whole segments. What cannot be read for certain, such as a `..`, is not under it.",
    example: 'allow write_file if args.path under "/srv/out"',
  },
  ignoring: {
    usage: "<comparison> ignoring case",
    text: "Compares texts without regard to upper and lower case.",
    example: 'allow pay if args.currency == "eur" ignoring case',
  },
  case: {
    usage: "<comparison> ignoring case",
    text: "Compares texts without regard to upper and lower case.",
    example: 'allow pay if args.currency == "eur" ignoring case',
  },
  during: {
    usage: 'during [<days>] [<time>-<time>] [in "<zone>"]',
    text: "True at these days and times. UTC, unless a zone is named; a span may pass midnight.",
    example: 'allow deploy if during mon-fri 08:00-18:00 in "Europe/Berlin"',
  },
  before: {
    usage: "before <date>",
    text: "True until the day begins, UTC.",
    example: "allow create_report if before 2027-01-01",
  },
  after: {
    usage: "after <date>",
    text: "True once the day is over, UTC.",
    example: "deny create_report if after 2026-12-31",
  },
  true: {
    usage: "true",
    text: "The JSON value.",
    example: "deny push if args.force == true",
  },
  false: {
    usage: "false",
    text: "The JSON value.",
    example: "allow push if args.force == false",
  },
  null: {
    usage: "== null · != null",
    text: "`== null` is true of a value that is missing or `null`, `!= null` of one that is there.",
    example: "deny pay if args.reason == null",
  },
  args: {
    usage: "args.<name>",
    text: "The arguments of the call.",
    example: "allow pay if args.amount <= 50_00",
  },
  grant: {
    usage: "grant.name · grant.<label> · per grant",
    text: "Who calls: the grant's name and its labels. In a limit: each grant has a budget of its own.",
    example: 'allow pay if grant.name == "ci"',
  },
  client: {
    usage: "client.name · client.version",
    text: "What the client says of itself. It can say anything, so it should never permit a call.",
    example: 'deny pay if client.name == "old-agent"',
  },
  session: {
    usage: "per session",
    text: "Each session has a budget of its own.",
    example: SCOPE_EXAMPLE,
  },
  // Tests
  x: {
    usage: "<number> x <call>",
    text: "The call, made so many times.",
    example: 'test "burst" {\n  60 x search {} => allow\n}',
  },
  approved: {
    usage: "approved <call>",
    text: "The call, once a person has agreed.",
    example: 'test "approved" {\n  approved pay { amount: 60 } => allow\n}',
  },
  wait: {
    usage: "wait <duration>",
    text: "Lets the clock of the test go on.",
    example: 'test "window" {\n  wait 1m\n}',
  },
  at: {
    usage: 'at "<time>"',
    text: "Sets the clock of the test: an ISO 8601 time with its offset.",
    example: 'test "office" {\n  at "2026-11-23T10:00+01:00"\n}',
  },
  ...Object.fromEntries(
    ["second", "minute", "hour", "day", "week", "month"].map((name) => [name, unit(name)]),
  ),
  ...Object.fromEntries(
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((name) => [name, day(name)]),
  ),
};

const PLURAL = /^(second|minute|hour|day|week|month)s$/;

/** What a word or an operator of the language means; undefined of any other. Plurals and ranges of days too. */
export function wordDoc(word: string): WordDoc | undefined {
  const name = word.replace(PLURAL, "$1").replace(/^(mon|tue|wed|thu|fri|sat|sun)-\w+$/, "$1");
  return Object.hasOwn(docs, name) ? docs[name] : undefined;
}
