import type { Source, Span } from "./source.ts";

/**
 * The syntax tree of a `.mcpp` file, one node type a construct of the grammar. It says what was written,
 * not what it means: names are not resolved, globs are not expanded, lets are not substituted.
 * Parentheses are not nodes: a condition's shape carries them, and the formatter puts them back.
 */

export interface Node {
  readonly span: Span;
}

/** `document : statement*` */
export interface Document extends Node {
  readonly kind: "document";
  readonly source: Source;
  readonly statements: readonly Statement[];
  /** Every `//` and `///` comment of the file, in order. */
  readonly comments: readonly Comment[];
}

export interface Comment extends Node {
  /** With its slashes. */
  readonly text: string;
  /** True for `///`. */
  readonly doc: boolean;
  /** True when nothing but white space stands before it on its line. */
  readonly ownLine: boolean;
}

/** A statement or a step of a test. */
export interface Member extends Node {
  /** An error was reported in it: the tree is what was probably meant, and must not be compiled. */
  readonly faulty?: true;
}

interface StatementNode extends Member {
  /** The lines of the `///` comments right before the statement, without slashes and one leading space. */
  readonly doc?: readonly string[];
}

export type Statement =
  | Server
  | Default
  | Validate
  | Pin
  | Labels
  | Import
  | Let
  | Group
  | Rule
  | On
  | When
  | Test
  | Claim
  | Broken;

/** Text that is no statement, already reported; kept so that the tree covers the whole file. */
export interface Broken extends StatementNode {
  readonly kind: "broken";
  /** The name that a broken `let` or `group` (with `@`) would have declared, so that its uses need no report. */
  readonly declares?: string;
}

/** A bare word or a JSON string. `value` is the decoded text. */
export interface Name extends Node {
  readonly value: string;
  readonly quoted: boolean;
}

export interface StringNode extends Node {
  readonly kind: "string";
  readonly value: string;
}

/** `value` is the nearest double; `text` is what was written, underscores included. */
export interface NumberNode extends Node {
  readonly kind: "number";
  readonly text: string;
  readonly value: number;
}

export interface BooleanNode extends Node {
  readonly kind: "boolean";
  readonly value: boolean;
}

export interface NullNode extends Node {
  readonly kind: "null";
}

export interface ListNode extends Node {
  readonly kind: "list";
  readonly items: readonly Literal[];
}

/** Arguments or labels in a test. Keys are distinct. */
export interface ObjectNode extends Node {
  readonly kind: "object";
  readonly entries: readonly ObjectEntry[];
}

export interface ObjectEntry extends Node {
  readonly key: Name;
  readonly value: Value;
}

/** A list in a test's arguments; unlike a literal's, it may hold objects. */
export interface ValueList extends Node {
  readonly kind: "list";
  readonly items: readonly Value[];
}

export type Value = StringNode | NumberNode | BooleanNode | NullNode | ObjectNode | ValueList;

export type Literal = StringNode | NumberNode | BooleanNode | NullNode | ListNode;

/** `30s`, `10m`; `ms` is its length in milliseconds. */
export interface DurationNode extends Node {
  readonly kind: "duration";
  readonly text: string;
  readonly ms: number;
}

/** `2026-12-31`, a day of the calendar, checked to exist. */
export interface DateNode extends Node {
  readonly kind: "date";
  readonly text: string;
}

/** `08:00`; `minutes` since midnight, 0 to 1440 (24:00). */
export interface TimeNode extends Node {
  readonly kind: "time";
  readonly text: string;
  readonly minutes: number;
}

/** `/…/i`: `pattern` is the text between the slashes, with `\/` read as `/`. */
export interface RegexNode extends Node {
  readonly kind: "regex";
  readonly pattern: string;
  readonly ignoreCase: boolean;
}

// Statements ---------------------------------------------------------------------------------------

/** `server : "server" (NAME | STRING) ("tools" STRING)?` */
export interface Server extends StatementNode {
  readonly kind: "server";
  readonly name: Name;
  readonly tools?: StringNode;
}

/** `default : "default" ("allow" | "deny" | "hide") ("resources" | "prompts")?` */
export interface Default extends StatementNode {
  readonly kind: "default";
  readonly effect: "allow" | "deny" | "hide";
  readonly effectSpan: Span;
  readonly of: TargetKind;
}

/** `validate : "validate" "arguments" "strictly"?` */
export interface Validate extends StatementNode {
  readonly kind: "validate";
  readonly strictly: boolean;
}

/** `pin : "pin" "tools"` */
export interface Pin extends StatementNode {
  readonly kind: "pin";
}

/** `labels : "labels" label ("," label)*`; `label: NAME (":" STRING ("|" STRING)*)?` */
export interface Labels extends StatementNode {
  readonly kind: "labels";
  readonly labels: readonly Label[];
}

export interface Label extends Node {
  readonly name: Name;
  /** The only values it may have; absent means any string. */
  readonly values?: readonly StringNode[];
}

/** `import : "import" STRING` */
export interface Import extends StatementNode {
  readonly kind: "import";
  readonly path: StringNode;
}

/** `let : "let" NAME "=" (literal | cond)`; a lone name parses as a condition (`reference`). */
export interface Let extends StatementNode {
  readonly kind: "let";
  readonly name: Name;
  readonly value: Literal | Condition;
}

/** `group : "group" GROUP "=" targets`; `name.value` is without `@`, `name.span` with it. */
export interface Group extends StatementNode {
  readonly kind: "group";
  readonly name: Name;
  readonly targets: Targets;
}

export type TargetKind = "tool" | "resource" | "prompt";

/** `targets : kind? item ("," item)* ("except" item ("," item)*)?` */
export interface Targets extends Node {
  readonly kind: "targets";
  readonly of: TargetKind;
  /** The span of the kind word, when it was written. */
  readonly ofSpan?: Span;
  readonly items: readonly Item[];
  readonly except: readonly Item[];
}

/** `item : NAME | STRING | GLOB | GROUP`; `value` of a group is without `@`. */
export interface Item extends Node {
  readonly kind: "name" | "glob" | "group";
  readonly value: string;
  readonly quoted: boolean;
}

/** `rule : "shadow"? (allow | deny | hide | ask | limit)` */
export type Rule = Allow | Deny | Hide | Ask | Limit;

interface RuleNode extends StatementNode {
  /** The span of the word `shadow`, when it was written. */
  readonly shadow?: Span;
  /** The span of `allow`, `deny`, … */
  readonly keyword: Span;
  /** Absent inside an `on` block, whose targets the rule has. */
  readonly targets?: Targets;
}

/** `if C` or `unless C`. */
export interface Guard extends Node {
  readonly kind: "if" | "unless";
  readonly condition: Condition;
}

/** `allow : "allow" targets ("if" cond)? clause*` */
export interface Allow extends RuleNode {
  readonly kind: "allow";
  readonly guard?: Guard;
  readonly limits: readonly LimitClause[];
  readonly because?: StringNode;
  readonly until?: DateNode;
}

/** `ask : "ask" targets (("if" | "unless") cond)? clause*` */
export interface Ask extends RuleNode {
  readonly kind: "ask";
  readonly guard?: Guard;
  readonly limits: readonly LimitClause[];
  readonly because?: StringNode;
  readonly until?: DateNode;
  readonly by?: readonly StringNode[];
  readonly within?: DurationNode;
}

/** `deny : "deny" targets (("if" | "unless") cond)? ("because" STRING)?` */
export interface Deny extends RuleNode {
  readonly kind: "deny";
  readonly guard?: Guard;
  readonly because?: StringNode;
}

/** `hide : "hide" targets` */
export interface Hide extends RuleNode {
  readonly kind: "hide";
}

/** `limit : "limit" (targets | "all") "each"? amount scope? ("if" cond)? ("as" NAME)? ("because" STRING)?` */
export interface Limit extends RuleNode {
  readonly kind: "limit";
  /** The span of the word `all`; then there are no targets. */
  readonly all?: Span;
  readonly limit: LimitClause;
  /** Always an `if`. */
  readonly guard?: Guard;
  readonly because?: StringNode;
}

/** `"limit" "each"? amount scope? ("as" NAME)?`; in a limit statement its span is from the amount to the name. */
export interface LimitClause extends Node {
  readonly kind: "limit-clause";
  readonly each: boolean;
  readonly amount: Amount;
  /** Absent means `per grant`. */
  readonly scope?: Scope;
  readonly as?: Name;
}

/** `amount : NUMBER "/" window "sliding"? | "sum" "(" path ")" "to" NUMBER "/" window "sliding"? | NUMBER "concurrent"` */
export interface Amount extends Node {
  readonly kind: "count" | "sum" | "concurrent";
  readonly max: NumberNode;
  /** Of a sum. */
  readonly path?: Path;
  /** Of a count or a sum. */
  readonly window?: WindowNode;
  readonly sliding: boolean;
}

export type WindowUnit = "second" | "minute" | "hour" | "day" | "week" | "month";

/** `window : NUMBER? UNIT`, plural too. */
export interface WindowNode extends Node {
  readonly every?: NumberNode;
  readonly unit: WindowUnit;
}

/** `scope : "per" key ("," key)*` */
export interface Scope extends Node {
  readonly keys: readonly (ScopeWord | Path)[];
}

export interface ScopeWord extends Node {
  readonly kind: "scope";
  readonly value: "grant" | "session" | "server";
}

/** `on : "on" targets "{" rule* "}"`; the rules have no targets of their own. */
export interface On extends StatementNode {
  readonly kind: "on";
  readonly targets: Targets;
  readonly body: readonly (Rule | Broken)[];
}

/** `when : "when" cond "{" (rule | on | when)* "}"` */
export interface When extends StatementNode {
  readonly kind: "when";
  readonly condition: Condition;
  readonly body: readonly (Rule | On | When | Broken)[];
}

/** `test : "test" STRING ("as" STRING object?)? "{" step* "}"` */
export interface Test extends StatementNode {
  readonly kind: "test";
  readonly name: StringNode;
  readonly as?: TestGrant;
  readonly steps: readonly Step[];
}

export interface TestGrant extends Node {
  readonly grant: StringNode;
  readonly labels?: ObjectNode;
}

export type Step = CallStep | WaitStep | AtStep | AsStep | Broken;

/** `(NUMBER "x")? "approved"? (NAME|STRING) object "=>" OUTCOME` */
export interface CallStep extends Member {
  readonly kind: "call";
  readonly repeat?: NumberNode;
  readonly approved: boolean;
  readonly tool: Name;
  readonly args: ObjectNode;
  readonly expect: "allow" | "deny" | "hide" | "ask";
  /** Text that the denial's message must contain. */
  readonly message?: StringNode;
}

export interface WaitStep extends Member {
  readonly kind: "wait";
  readonly duration: DurationNode;
}

/** `at "2026-11-23T10:00+01:00"`: an ISO 8601 time with its offset. */
export interface AtStep extends Member {
  readonly kind: "at";
  readonly time: StringNode;
}

export interface AsStep extends Member {
  readonly kind: "as";
  readonly as: TestGrant;
  readonly steps: readonly Step[];
}

/** `claim : ("always" "deny" | "never" "allow") targets ("if" cond)?` */
export interface Claim extends StatementNode {
  readonly kind: "claim";
  readonly claim: "always deny" | "never allow";
  readonly targets: Targets;
  readonly guard?: Guard;
}

// Conditions ---------------------------------------------------------------------------------------

export type Condition = Or | And | Not | Reference | Has | Quantified | Comparison | During | Dated;

/** `or : and ("or" and)*`, two operands or more. */
export interface Or extends Node {
  readonly kind: "or";
  readonly operands: readonly Condition[];
}

/** `and : not ("and" not)*`, two operands or more. */
export interface And extends Node {
  readonly kind: "and";
  readonly operands: readonly Condition[];
}

export interface Not extends Node {
  readonly kind: "not";
  readonly operand: Condition;
}

/** A name of a `let`, as a condition or as an operand. The variable of a quantifier around it is a path. */
export interface Reference extends Node {
  readonly kind: "reference";
  readonly name: Name;
}

export interface Has extends Node {
  readonly kind: "has";
  readonly path: Path;
}

/** `("any" | "every") NAME "in" path "(" cond ")"` */
export interface Quantified extends Node {
  readonly kind: "any" | "every";
  readonly variable: Name;
  readonly path: Path;
  readonly condition: Condition;
}

export type ComparisonOperator =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "not in"
  | "contains"
  | "starts with"
  | "ends with"
  | "matches"
  | "like"
  | "under";

export interface Comparison extends Node {
  readonly kind: "comparison";
  readonly left: Operand;
  readonly operator: ComparisonOperator;
  readonly operatorSpan: Span;
  /** A regex only after `matches` and `contains`. */
  readonly right: Operand | RegexNode;
  /** The span of `ignoring case`, when it was written. */
  readonly ignoringCase?: Span;
}

export type Operand = PathOperand | Literal | Reference | Measure;

/** `path ("else" literal)?` */
export interface PathOperand extends Node {
  readonly kind: "path-operand";
  readonly path: Path;
  readonly else?: Literal;
}

/** `"length" "(" path ")"` and `"host" "(" path ")"` */
export interface Measure extends Node {
  readonly kind: "length" | "host";
  readonly path: Path;
}

/** `path : ("args" | "grant" | "client" | variable) ("." WORD | "[" (STRING | INT) "]")*` */
export interface Path extends Node {
  readonly kind: "path";
  readonly root: Name;
  readonly steps: readonly PathStep[];
}

export interface PathStep extends Node {
  readonly kind: "key" | "index";
  /** A string for a key, a non-negative integer for an index. */
  readonly value: string | number;
  /** True for `["…"]`. */
  readonly quoted: boolean;
}

export type Day = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** `"during" days? (TIME "-" TIME)? ("in" STRING)?` */
export interface During extends Node {
  readonly kind: "during";
  readonly days?: readonly DayRange[];
  readonly from?: TimeNode;
  readonly to?: TimeNode;
  readonly zone?: StringNode;
}

/** `mon` or `mon-fri`; a range may pass the end of the week. */
export interface DayRange extends Node {
  readonly first: Day;
  readonly last: Day;
}

/** `("before" | "after") DATE` */
export interface Dated extends Node {
  readonly kind: "before" | "after";
  readonly date: DateNode;
}
