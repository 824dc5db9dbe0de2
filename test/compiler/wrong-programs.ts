/**
 * Policies as people get them wrong, over the tool list of `check/shop.ts`; each has one mistake. `fine` is
 * what stands around the mistake, so that a neighbour that is lost is noticed.
 */
export interface WrongProgram {
  readonly mistake: string;
  readonly source: string;
}

const before = `default deny
allow list_orders, get_order, read_file
`;
const after = `
allow update_order limit 10/hour
deny delete_order, run_report
allow create_refund limit 10/hour
`;

function wrong(mistake: string, statement: string): WrongProgram {
  return { mistake, source: before + statement + after };
}

export const wrongPrograms: readonly WrongProgram[] = [
  // Spelling
  wrong("a misspelt keyword", "alow get_order"),
  wrong("a misspelt tool", "ask get_ordr"),
  wrong("a tool in capitals", "ask Get_Order"),
  wrong("a misspelt argument", "deny update_order unless args.note != args.nte"),
  wrong("a misspelt group", "ask @reed"),
  wrong("a misspelt value of an enum", 'deny list_orders unless args.state != "opened"'),
  wrong("a misspelt label", 'labels role: "support"\nask get_order if grant.rol == "support"'),
  wrong(
    "a value that a label does not have",
    'labels role: "support"\nask get_order if grant.role else "support" == "finance"',
  ),
  wrong("a let that is not there", "ask get_order if offce"),
  wrong("a misspelt window", "limit get_order 10/minite"),
  wrong("a misspelt scope", "limit get_order 10/minute per usr"),
  wrong("a misspelt client field", 'deny get_order if client.nam == "x"'),
  wrong("a misspelt day", "deny get_order unless during mon-fry"),
  wrong(
    "a time zone that is not there",
    'deny get_order unless during 08:00-18:00 in "Europe/Berln"',
  ),

  // Habits of other languages
  wrong("`&&`", "ask list_orders if args.page > 1 && args.page < 5"),
  wrong("`||`", "ask list_orders if args.page > 5 || args.page < 1"),
  wrong("`!`", "ask get_order if !has args.id"),
  wrong("`=` for `==`", 'ask get_order if args.id = "1"'),
  wrong("`===`", 'ask get_order if args.id === "1"'),
  wrong("single quotes", "ask get_order if args.id == '1'"),
  wrong("a comment with `#`", "# not for now"),
  wrong("a comment with `/*`", "/* not for now */"),
  wrong("a semicolon", "ask get_order;"),
  wrong("an exponent", "ask list_orders if args.page > 1e5"),
  wrong("a bare flag", "ask delete_order if args.force"),
  wrong("`allow all`", "allow all"),
  wrong("a window in letters", "limit get_order 10/1m"),
  wrong("a duration of two parts", "ask get_order within 1h30m"),
  wrong("`approve`", "approve get_order"),
  wrong("`per user`", "limit get_order 10/minute per user"),
  wrong("`forbid`", "forbid get_order"),
  wrong("a condition with `when`", 'deny get_order when args.id == "1"'),

  // Syntax
  wrong("a string without its end", 'deny get_order because "no'),
  wrong("a list without its end", 'ask get_order if args.id in ["1", "2"'),
  wrong("a condition without its right side", "ask list_orders if args.page >"),
  {
    mistake: "a block without its end",
    source: `${before}${after}on get_order {
  ask
`,
  },
  wrong("an extra brace", "}"),
  wrong("a rule without targets", "ask"),
  wrong("a limit without an amount", "limit get_order"),
  wrong("a limit without a window", "limit get_order 10"),
  wrong("a because without its text", "deny get_order because"),
  wrong("an unclosed parenthesis", "ask list_orders if (args.page > 1 and args.page < 5"),
  wrong("a number with a comma", "ask list_orders if args.page > 1,000"),
  wrong("a number with a leading zero", "ask list_orders if args.page > 007"),
  wrong("a date that is not there", "ask get_order until 2026-02-30"),
  wrong("a time that is not there", "deny get_order unless during 08:00-25:00"),
  wrong("a regex without its end", "ask get_order if args.id matches /[a-z"),
  wrong("a clause twice", 'deny get_order because "a" because "b"'),
  wrong("a rule with targets in a block", "on get_order { ask get_order }"),
  wrong("`by` on an allow", 'allow get_order by "leads"'),
  wrong("`hide` in `when`", "when during sat-sun { hide get_order }"),
  wrong("a condition on hide", 'hide get_order if args.id == "1"'),
  wrong("a multiple without sliding", "limit get_order 10/15 minutes"),
  wrong("two scopes", "limit get_order 10/minute per grant, session"),
  wrong("`limit … unless`", 'limit get_order 10/minute unless args.id == "1"'),

  // Meaning
  wrong("a second default", "default allow"),
  wrong("a let twice", "let most = 5\nlet most = 6\nask list_orders if args.page > most"),
  wrong("lets in a circle", "let a = not b\nlet b = not a\nask get_order if a"),
  wrong("a glob that selects nothing", "ask deleet_*"),
  wrong("an exception that removes nothing", "ask @read except delete_order"),
  wrong("a group that is not used", "group @lookups = get_order"),
  wrong("a text compared with a number", "ask get_order if args.id > 5"),
  wrong("a number compared with a text", 'ask list_orders if args.page == "1"'),
  wrong("a sum of texts", "limit get_order sum(args.id) to 5/day"),
  wrong("a regex that is not RE2", "ask get_order if args.id matches /(a)\\1/"),
  wrong("`any` over what is no list", 'ask get_order if any x in args.id (x == "1")'),
  wrong("a value used as a condition", "let most = 5\nask list_orders if most"),
  wrong(
    "a condition used as a value",
    "let late = args.page > 5\nask list_orders if args.page > late",
  ),
  wrong("several targets in one limit", "limit get_order, list_orders 10/minute"),
  wrong(
    "a limit that is too large",
    "limit create_refund sum(args.amount) to 99_999_999_999_999/day",
  ),
  wrong("two counters of one name", "limit get_order 10/minute\nlimit get_order 5/minute"),

  // Escapes and dead ends
  wrong("a condition that a call escapes", 'deny create_refund if args.reason == "gift"'),
  wrong("a path compared as text", 'deny read_file unless args.path starts with "/srv"'),
  wrong("a limit that is split", "limit get_order 10/minute per session"),
  wrong("a permission by the client's word", 'deny get_order unless client.name == "desk"'),
  wrong("an impossible condition", "ask list_orders if args.page > 5 and args.page < 2"),
  wrong("a rule twice", "ask get_order\nask get_order"),
  wrong("an allow that is denied", "allow delete_order"),
  wrong("a limit on what is closed", "limit delete_order 5/day"),
  wrong("a limit of 0", "limit get_order 0/day"),
  wrong("a limit that never binds", "limit get_order 5/minute\nlimit get_order 5000/hour"),
];
