import { createToken, type IToken, Lexer, type TokenType } from "chevrotain";

/**
 * The token types. A word is lexed as one and then given its keyword's type, so that a keyword costs no
 * pattern. Categories say where a token may stand: `Name` wherever a name may, `Word` after `.` and before `:`.
 * Tokens of other languages (`&&`, `'text'`) have the category of what they mean: they are reported, and
 * the statement around them is read on.
 */

export const vocabulary: TokenType[] = [];

function define(name: string, pattern: RegExp | string, categories: TokenType[] = []): TokenType {
  const type = createToken({ name, pattern, categories, line_breaks: false });
  vocabulary.push(type);
  return type;
}

function category(name: string, categories: TokenType[] = []): TokenType {
  const type = createToken({ name, pattern: Lexer.NA, categories });
  vocabulary.push(type);
  return type;
}

// Categories ---------------------------------------------------------------------------------------

/** Any word, reserved or not. */
export const Word = category("Word");
/** A word that is not reserved. */
export const Name = category("Name", [Word]);
export const Identifier = category("Identifier", [Name]);
/** A bare name with `*` or `?`. */
export const Glob = category("Glob");

// Words --------------------------------------------------------------------------------------------

const keywords = new Map<string, TokenType>();

function reserved(word: string): TokenType {
  const type = category(word, [Word]);
  keywords.set(word, type);
  return type;
}

function contextual(word: string, ...aliases: string[]): TokenType {
  const type = category(word, [Name]);
  for (const text of [word, ...aliases]) keywords.set(text, type);
  return type;
}

export const Server = reserved("server");
export const Default = reserved("default");
export const Validate = reserved("validate");
export const Pin = reserved("pin");
export const Labels = reserved("labels");
export const Import = reserved("import");
export const Let = reserved("let");
export const Group = reserved("group");
export const Allow = reserved("allow");
export const Deny = reserved("deny");
export const Hide = reserved("hide");
export const Ask = reserved("ask");
export const Limit = reserved("limit");
export const On = reserved("on");
export const When = reserved("when");
export const Test = reserved("test");
export const Always = reserved("always");
export const Never = reserved("never");
export const If = reserved("if");
export const Unless = reserved("unless");
export const Because = reserved("because");
export const Except = reserved("except");
export const Per = reserved("per");
export const As = reserved("as");
export const Each = reserved("each");
export const All = reserved("all");
export const Sum = reserved("sum");
export const By = reserved("by");
export const Within = reserved("within");
export const Until = reserved("until");
export const Shadow = reserved("shadow");
export const Tool = reserved("tool");
export const Resource = reserved("resource");
export const Prompt = reserved("prompt");
export const And = reserved("and");
export const Or = reserved("or");
export const Not = reserved("not");
export const In = reserved("in");
export const Has = reserved("has");
export const Any = reserved("any");
export const Every = reserved("every");
export const Length = reserved("length");
export const True = reserved("true");
export const False = reserved("false");
export const Null = reserved("null");
export const Args = reserved("args");
export const Grant = reserved("grant");
export const Client = reserved("client");

export const Tools = contextual("tools");
export const Resources = contextual("resources");
export const Prompts = contextual("prompts");
export const Arguments = contextual("arguments");
export const Strictly = contextual("strictly");
export const Sliding = contextual("sliding");
export const Concurrent = contextual("concurrent");
export const To = contextual("to");
export const Session = contextual("session");
export const Times = contextual("x");
export const Approved = contextual("approved");
export const Wait = contextual("wait");
export const At = contextual("at");
export const Else = contextual("else");
export const Host = contextual("host");
export const Ignoring = contextual("ignoring");
export const Case = contextual("case");
export const During = contextual("during");
export const Before = contextual("before");
export const After = contextual("after");
export const Contains = contextual("contains");
export const Starts = contextual("starts");
export const Ends = contextual("ends");
export const With = contextual("with");
export const Matches = contextual("matches");
export const Like = contextual("like");
export const Under = contextual("under");
/** `minute`, plural too. */
export const Unit = category("Unit", [Name]);
for (const unit of ["second", "minute", "hour", "day", "week", "month"]) {
  keywords.set(unit, Unit);
  keywords.set(`${unit}s`, Unit);
}
/** `mon`, or `mon-fri`: a name may hold a hyphen, so that a range is one word. */
export const Day = category("Day", [Name]);
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
for (const first of DAYS) {
  keywords.set(first, Day);
  for (const last of DAYS) keywords.set(`${first}-${last}`, Day);
}

/** Words that mean something to the grammar, each with its token type. */
export const KEYWORDS: ReadonlyMap<string, TokenType> = keywords;

/** Words that stand for themselves only in quotes. */
export const RESERVED: ReadonlySet<string> = new Set(
  [...keywords].filter(([, type]) => !type.CATEGORIES?.includes(Name)).map(([word]) => word),
);

// Literals -----------------------------------------------------------------------------------------

export const StringToken = category("String");
export const NumberToken = category("Number");
export const Duration = category("Duration");
export const DateToken = category("Date");
export const Time = category("Time");
export const Regex = category("Regex");

export const PlainString = define(
  "PlainString",
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON wants them escaped.
  /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/,
  [StringToken],
);
/** A string that is not a JSON string: a wrong escape, a raw control character, or no end on its line. */
export const BadString = define("BadString", /"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*(?:"|\\?)/, [
  StringToken,
]);
/** `'text'`, `` `text` `` and typographic quotes. */
export const ForeignString = define(
  "ForeignString",
  /'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*(?:'|\\?)|`[^`\r\n]*`?|[“”„«‘‚][^“”"«»‘’\r\n]*["“”»‘’]?/,
  [StringToken],
);

/** Offsets of a lexeme are all that is needed; lines are the source's. */
type Pattern = (text: string, offset: number, matched: IToken[]) => RegExpExecArray | null;

function defineAfterMatch(name: string, pattern: RegExp, categories: TokenType[]): TokenType {
  const exec: Pattern = (text, offset, matched) => {
    // Told first: a long run of comments is not to be walked back for each of them.
    const next = text[offset + 1];
    if (next === "/" || next === "*") return null;
    let last = matched.length - 1;
    while (matched[last]?.tokenType === LineComment) last--;
    const before = matched[last]?.image;
    if (before !== "matches" && before !== "contains" && before !== "=~" && before !== "~") {
      return null;
    }
    pattern.lastIndex = offset;
    return pattern.exec(text);
  };
  const type = createToken({
    name,
    pattern: { exec },
    start_chars_hint: ["/"],
    line_breaks: false,
    categories,
  });
  vocabulary.push(type);
  return type;
}

// A regex stands before comments: `matches /*` and `matches //` are comments all the same.
export const PlainRegex = defineAfterMatch(
  "PlainRegex",
  /\/(?![/*])[^/\\[\r\n]*(?:(?:\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n])*\])[^/\\[\r\n]*)*\/[A-Za-z0-9_]*/y,
  [Regex],
);
/** A regex without its end on its line. */
export const BadRegex = defineAfterMatch("BadRegex", /\/(?![/*])[^\r\n]*/y, [Regex]);

export const LineComment = define("LineComment", /\/\/[^\r\n]*/);
export const BlockComment = define("BlockComment", /\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//);
export const OpenComment = define("OpenComment", /\/\*[^\r\n]*/);
/** `# text` or `-- text`. */
export const ForeignComment = define("ForeignComment", /#[^\r\n]*|--(?=\s)[^\r\n]*/);

export const DateLike = define("DateLike", /\d{1,4}-\d{1,2}-\d{1,4}[\w:.+-]*/, [DateToken]);
export const TimeLike = define("TimeLike", /\d+(?::\d+)+\w*/, [Time]);
/** The hyphen between two times is no sign. */
const RangeDash = define("RangeDash", /-(?=[ \t\r\n]*\d+:\d)/);
const NumberLike = define("NumberLike", /-?\d\w*(?:\.\w+)*/);
export const PlainNumber = category("PlainNumber", [NumberToken]);
export const PlainDuration = category("PlainDuration", [Duration]);
/** Digits that are neither a number nor a duration; it stands where either may. */
export const BadNumber = category("BadNumber", [NumberToken, Duration]);

export const GroupName = define("GroupName", /@[A-Za-z_][A-Za-z0-9_-]*/);
const AnyWord = define("AnyWord", /[A-Za-z_*?][A-Za-z0-9_*?-]*/);

// Punctuation --------------------------------------------------------------------------------------

export const Arrow = define("=>", "=>");
export const ForeignArrow = define("->", "->", [Arrow]);
const ForeignEqual = define("===", "===");
const ForeignUnequal = define("!==", /!==|<>|≠/);
export const Equal = define("==", "==");
export const Unequal = define("!=", "!=");
const ForeignAtMost = define("=<", /=<|≤/);
const ForeignAtLeast = define("≥", "≥");
export const AtMost = define("<=", "<=");
export const AtLeast = define(">=", ">=");
export const Less = define("<", "<");
export const Greater = define(">", ">");
export const ForeignMatch = define("=~", /=~|~/, [Matches]);
export const Assign = define("=", "=");
export const ForeignAnd = define("&&", /&&?/, [And]);
export const ForeignOr = define("||", "||", [Or]);
export const ForeignNot = define("!", "!", [Not]);
export const Pipe = define("|", "|");
export const LeftParen = define("(", "(");
export const RightParen = define(")", ")");
export const LeftBracket = define("[", "[");
export const RightBracket = define("]", "]");
export const LeftBrace = define("{", "{");
export const RightBrace = define("}", "}");
export const Comma = define(",", ",");
export const Dot = define(".", ".");
export const Colon = define(":", ":");
export const Slash = define("/", "/");
export const Dash = define("-", "-");
export const Semicolon = define(";", ";");
/** A run of characters that no token begins with. */
export const Unknown = category("Unknown");

/** Operators of other languages, read as the one they mean. */
export const FOREIGN_OPERATORS: ReadonlyMap<TokenType, TokenType> = new Map([
  [ForeignArrow, Arrow],
  [ForeignEqual, Equal],
  [ForeignUnequal, Unequal],
  [ForeignAtMost, AtMost],
  [ForeignAtLeast, AtLeast],
  [ForeignMatch, Matches],
  [ForeignAnd, And],
  [ForeignOr, Or],
  [ForeignNot, Not],
]);

const WhiteSpace = createToken({
  name: "WhiteSpace",
  pattern: /[ \t\r\n]+/,
  group: Lexer.SKIPPED,
  line_breaks: false,
});

const lexed = [WhiteSpace, ...vocabulary.filter((type) => type.PATTERN !== Lexer.NA)];

let lexer: Lexer | undefined;

const NUMBER = /^-?(?:0|[1-9]\d*(?:_\d+)*)(?:\.\d+)?$/;
const DURATION = /^[1-9]\d*(?:ms|s|m|h|d)$/;

function typeOf(token: IToken): TokenType {
  const { image, tokenType } = token;
  if (tokenType === AnyWord) {
    const keyword = keywords.get(image);
    if (keyword !== undefined) return keyword;
    return image.includes("*") || image.includes("?") ? Glob : Identifier;
  }
  if (tokenType === NumberLike) {
    if (NUMBER.test(image)) return PlainNumber;
    return DURATION.test(image) ? PlainDuration : BadNumber;
  }
  if (tokenType === RangeDash) return Dash;
  return tokenType;
}

/** Reads a text into tokens, comments among them; every character but white space belongs to one. */
export function lex(text: string): IToken[] {
  lexer ??= new Lexer(lexed, {
    positionTracking: "onlyOffset",
    ensureOptimizations: true,
    skipValidations: true,
  });
  const { tokens, errors } = lexer.tokenize(text);
  for (const token of tokens) {
    const type = typeOf(token);
    if (type !== token.tokenType) {
      token.tokenType = type;
      token.tokenTypeIdx = type.tokenTypeIdx as number;
    }
  }
  if (errors.length === 0) return tokens;
  for (const { offset, length } of errors) {
    // A byte order mark may begin a file.
    if (offset === 0 && text.charCodeAt(0) === 0xfeff) {
      if (length > 1) tokens.push(unknown(text, 1, length - 1));
    } else tokens.push(unknown(text, offset, length));
  }
  return tokens.sort((a, b) => a.startOffset - b.startOffset);
}

function unknown(text: string, offset: number, length: number): IToken {
  return {
    image: text.slice(offset, offset + length),
    startOffset: offset,
    endOffset: offset + length - 1,
    tokenType: Unknown,
    tokenTypeIdx: Unknown.tokenTypeIdx as number,
  };
}

/** The offset after a token. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}
