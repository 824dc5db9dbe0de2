import type { Json } from "../../policy/index.ts";
import { isJsonObject } from "./algebra.ts";
import type { RiskClass, Tool } from "./list.ts";
import {
  isMoney,
  isShown,
  MONEY_CONTEXT,
  mayBeMoney,
  spokenVerb,
  type Verb,
  verb,
  wordsOf,
} from "./risk-words.ts";

/** One thing that speaks for a class. */
export interface Evidence {
  readonly risk: RiskClass;
  /** False for a guess, which counts only where there is no evidence. */
  readonly sure: boolean;
  /** The end of a sentence: ``the name says `delete` ``. */
  readonly why: string;
}

/** Everything that name, description and schema say. Hints are weighed apart. */
export function evidenceOf(tool: Tool): Evidence[] {
  const context = moneyContext(tool);
  return [
    ...fromName(tool.name, tool.description ?? "", context),
    ...fromDescription(tool.description ?? ""),
    ...fromSchema(tool),
  ];
}

function moneyContext(tool: Tool): boolean {
  return MONEY_CONTEXT.test(tool.description ?? "") || hasAny(tool, MONEY_ARGUMENTS);
}

// Names --------------------------------------------------------------------------------------------

function fromName(name: string, description: string, context: boolean): Evidence[] {
  const words = wordsOf(name);
  const found: Evidence[] = [];
  for (const clause of clausesOf(words)) {
    const evidence = fromClause(clause, description, context);
    if (evidence !== undefined) found.push(evidence);
  }
  return found;
}

/** `fill_and_submit` does two things, and the graver counts. `drag_and_drop` is one thing. */
function clausesOf(words: readonly string[]): string[][] {
  const clauses: string[][] = [[]];
  for (const [index, word] of words.entries()) {
    const joint = word === "and" || word === "or" || word === "then";
    if (joint && words[index - 1] === "drag" && words[index + 1] === "drop") break;
    if (joint) clauses.push([]);
    else clauses.at(-1)?.push(word);
  }
  return clauses.filter((clause) => clause.length > 0);
}

function fromClause(
  words: readonly string[],
  description: string,
  context: boolean,
): Evidence | undefined {
  const said = (risk: RiskClass, word: string, sure = true): Evidence => ({
    risk,
    sure,
    why: `the name says \`${word}\``,
  });
  const idiom = idiomOf(words, description);
  if (idiom !== undefined) return said(idiom.risk, idiom.words, idiom.sure);
  const last = words.at(-1) as string;
  const leading = actionOf(words);
  const named = isShown(last) && (leading === undefined || isNounToo(leading.word));
  if (named) return said("read", last);
  const money = words.find((word) => isMoney(word) || (context && mayBeMoney(word)));
  if (money !== undefined && leading?.risk !== "read" && leading?.risk !== "destructive") {
    return said("financial", money);
  }
  return leading && said(leading.risk, leading.word, leading.sure);
}

/**
 * The word that says what is done: the first verb, since what follows a verb is its object
 * (`list_deleted_files`). Behind a prefix that is a guess (`test_scenario_run`) a sure word counts.
 */
function actionOf(words: readonly string[]): (Verb & { readonly word: string }) | undefined {
  const verbs = words.flatMap((word) => {
    const found = verb(word);
    return found === undefined ? [] : [{ ...found, word }];
  });
  return verbs.find(({ sure }) => sure) ?? verbs[0];
}

/** Verbs that are as often things: `refund_ratio` shows, it does not refund. */
function isNounToo(word: string): boolean {
  return isMoney(word) || mayBeMoney(word) || NOUNS.has(word);
}

const NOUNS = new Set(
  "request log message comment label tag branch commit test order report call process script command build".split(
    " ",
  ),
);

const DROPPED =
  /^(?:table|database|db|schema|collection|index|column|view|user|role|partition|keyspace|tables|databases|collections|indexes)$/;
const VERSIONED = /\b(?:git|svn|branch|branches|commit|repo|repository|worktree)\b/i;
const RESOLVED =
  /^(?:element|elements|id|ids|name|names|ref|reference|address|host|hostname|dns|domain|library|package|url|uri|path|symbol|type|dependency|dependencies|handle|entity|selector)$/;

/** Words that mean something only together. */
function idiomOf(
  words: readonly string[],
  description: string,
): { readonly risk: RiskClass; readonly words: string; readonly sure?: boolean } | undefined {
  // Of `query` alone nobody knows what language it takes.
  if (words.length === 1 && words[0] === "query") {
    return { risk: "execute", words: "query", sure: false };
  }
  const has = (pattern: RegExp) => words.find((word) => pattern.test(word));
  const at = (word: string) => words.indexOf(word);
  if (at("force") >= 0 && at("push") > at("force")) {
    return { risk: "destructive", words: "force push" };
  }
  if (at("shut") >= 0 && at("down") === at("shut") + 1) {
    return { risk: "destructive", words: "shut down" };
  }
  const takes = has(/^(?:take|capture|screenshot|snapshot)$/);
  const taken = has(/^(?:screenshot|snapshot|heapsnapshot|picture|photo)$/);
  if (takes !== undefined && taken !== undefined) return { risk: "read", words: taken };
  const page = has(/^(?:tab|page|window)$/);
  if (page !== undefined && at("new") >= 0) return { risk: "execute", words: `new ${page}` };
  const secret = has(/^(?:vault|secrets?|credentials?|keychain|password|passwords)$/);
  if (secret !== undefined && has(/^(?:login|authenticate|use|fill|sign)$/)) {
    return { risk: "execute", words: `${secret} ${has(/^(?:login|authenticate|use|fill|sign)$/)}` };
  }
  if (at("resolve") >= 0) {
    const found = has(RESOLVED);
    if (found !== undefined) return { risk: "read", words: `resolve ${found}` };
    return { risk: "write", words: "resolve" };
  }
  if (has(/^(?:place|submit)$/) !== undefined && has(/^(?:order|trade|bid)$/) !== undefined) {
    return { risk: "financial", words: has(/^(?:order|trade|bid)$/) as string };
  }
  if (at("checkout") >= 0 && VERSIONED.test(`${words.join(" ")} ${description}`)) {
    return { risk: "write", words: "checkout" };
  }
  if (at("drop") >= 0 && has(DROPPED) === undefined) {
    return /\b(?:drag|onto|files?)\b/i.test(`${words.join(" ")} ${description}`)
      ? { risk: "write", words: "drop" }
      : { risk: "destructive", words: "drop" };
  }
  if (at("sql") >= 0 || at("cypher") >= 0) {
    return has(/^(?:explain|validate|format|parse|lint|generate|list|get)$/) === undefined
      ? { risk: "execute", words: at("sql") >= 0 ? "sql" : "cypher" }
      : undefined;
  }
  return undefined;
}

// Descriptions -------------------------------------------------------------------------------------

const PHRASES: readonly (readonly [RiskClass, RegExp])[] = [
  [
    "destructive",
    /\b(?:permanently|irreversibl[ey]|can(?:not|'t) be (?:undone|reversed|recovered))\b/i,
  ],
  ["destructive", /\boverwrit(?:es?|ing)\b/i],
  ["execute", /\barbitrary (?:\w+ )?(?:code|commands?|scripts?|sql|javascript|queries)\b/i],
  ["execute", /\b(?:shell|terminal|bash|system) commands?\b/i],
  [
    "execute",
    /\b(?:runs?|executes?|evaluates?) (?:an? |the |any )?(?:\w+ )?(?:command|script|code|javascript|sql|program)\b/i,
  ],
  [
    "financial",
    /\b(?:sends?|transfers?|moves?|withdraws?|spends?) (?:\w+ )?(?:money|funds|crypto\w*)\b/i,
  ],
];

const NEGATED =
  /\b(?:not|never|no|without|don't|doesn't|won't|cannot|can't|instead of|rather than)\W+(?:\w+\W+){0,3}$/i;

/** The first word of each sentence, in the third person. */
const LATER = /(?:[.!?]\s+|\n\s*(?:[-*]\s*)?)(?:(?:it|this tool|also|then|and)\s+)*(\p{L}+s)\b/giu;

function fromDescription(description: string): Evidence[] {
  const found: Evidence[] = [];
  const text = description.slice(0, 4_000);
  const says = (word: string, risk: RiskClass) =>
    found.push({ risk, sure: true, why: `the description says \`${word}\`` });
  for (const word of leadingVerbs(text)) {
    const meant = spokenVerb(word);
    // A guess about a word in prose is no help.
    if (meant?.sure) says(word, meant.risk);
  }
  for (const [, word = ""] of text.matchAll(LATER)) {
    const meant = spokenVerb(word.toLowerCase());
    // An imperative there speaks to the model (`Run this first`); the third person speaks of the tool.
    if (meant?.sure && /^(?:destructive|financial)$/.test(meant.risk)) {
      says(word.toLowerCase(), meant.risk);
    }
  }
  for (const [risk, pattern] of PHRASES) {
    const match = pattern.exec(text);
    if (match === null || NEGATED.test(text.slice(0, match.index))) continue;
    found.push({ risk, sure: true, why: `the description says \`${match[0].toLowerCase()}\`` });
  }
  return found;
}

/** `Create, list or delete a tab.` → create, list, delete. Prose that does not begin with a verb says nothing. */
function leadingVerbs(description: string): string[] {
  const first = /^[^.!?\n:]*/.exec(description.trimStart())?.[0] ?? "";
  const tokens = first.toLowerCase().match(/[\p{L}'-]+|,/gu) ?? [];
  const found: string[] = [];
  const start = /^(?:permanently|safely|quickly|immediately|simply|allows?|to)$/;
  let at = 0;
  while (at < tokens.length && start.test(tokens[at] as string)) at++;
  for (; at < tokens.length; at++) {
    const token = tokens[at] as string;
    if (token === "," || token === "and" || token === "or" || token === "then") continue;
    if (spokenVerb(token) === undefined) break;
    // `Move focus to the fill button`: a verb that follows a verb without a joint is its object.
    if (found.length > 0 && !/^(?:,|and|or|then)$/.test(tokens[at - 1] as string)) break;
    const dropsFiles = /^drops?$/.test(token) && !tokens.some((word) => DROPPED.test(word));
    if (!dropsFiles) found.push(token);
  }
  // `Runs a search` and `Performs a lookup` only look.
  const looks =
    /^(?:run|execute|perform|start|do)s? (?:an? |the )?(?:\w+ )?(?:search|lookup|check|scan|analysis)/i;
  return looks.test(first) ? [] : found;
}

// Schemas ------------------------------------------------------------------------------------------

const CODE_ARGUMENTS =
  /^(?:command|cmd|shell|script|sql|bash|python|javascript|js_?code|shell_?command|sql_?query|cypher)$/i;
const MAYBE_CODE_ARGUMENTS =
  /^(?:code|function|expression|query|statement|program|snippet|source)$/i;
const CODE_PROSE =
  /\b(?:sql|javascript|typescript|python|bash|shell|cypher|(?:code|script|expression|function) to (?:execute|run|evaluate))\b/i;
const ACTION_ARGUMENTS = /^(?:action|operation|op|method|verb|http_?method)$/i;
const MONEY_ARGUMENTS =
  /^(?:currency|payment_?method\w*|iban|card_?number|wallet\w*|amount_?(?:usd|eur|cents|in_cents)|price)$/i;
const AMOUNT_ARGUMENTS = /^(?:amount\w*|price|total|sum|quantity|qty)$/i;

function fromSchema(tool: Tool): Evidence[] {
  const found: Evidence[] = [];
  const properties = propertiesOf(tool);
  for (const [name, schema] of properties) {
    if (isCode(name, schema, tool.description ?? "")) {
      found.push({
        risk: "execute",
        sure: true,
        why: `its argument \`${name}\` is code or a command`,
      });
    }
    if (ACTION_ARGUMENTS.test(name)) found.push(...fromActions(name, schema));
  }
  const amount = properties.find(([name]) => AMOUNT_ARGUMENTS.test(name))?.[0];
  const money = properties.find(([name]) => MONEY_ARGUMENTS.test(name) && name !== amount)?.[0];
  const action = actionOf(wordsOf(tool.name));
  if (amount !== undefined && money !== undefined && action?.risk !== "read") {
    found.push({
      risk: "financial",
      sure: true,
      why: `it takes \`${amount}\` and \`${money}\``,
    });
  }
  return found;
}

function isCode(name: string, schema: Json, description: string): boolean {
  if (isJsonObject(schema) && (Array.isArray(schema.enum) || schema.const !== undefined))
    return false;
  if (CODE_ARGUMENTS.test(name)) return true;
  if (!MAYBE_CODE_ARGUMENTS.test(name)) return false;
  const prose =
    isJsonObject(schema) && typeof schema.description === "string" ? schema.description : "";
  const own = CODE_PROSE.test(prose) && !/\b(?:search|find|keywords?)\b/i.test(prose);
  return own || (name === "query" && /\bSQL\b/.test(description));
}

/** `action: "list" | "delete"`: the tool does all of them. */
function fromActions(name: string, schema: Json): Evidence[] {
  if (!isJsonObject(schema) || !Array.isArray(schema.enum)) return [];
  return schema.enum.slice(0, 100).flatMap((value: Json) => {
    if (typeof value !== "string") return [];
    const action = actionOf(wordsOf(value));
    return action?.sure
      ? [{ risk: action.risk, sure: true, why: `its argument \`${name}\` may be \`${value}\`` }]
      : [];
  });
}

function hasAny(tool: Tool, pattern: RegExp): boolean {
  return propertiesOf(tool).some(([name]) => pattern.test(name));
}

function propertiesOf(tool: Tool): readonly (readonly [string, Json])[] {
  const schema = tool.inputSchema ?? null;
  if (!isJsonObject(schema) || !isJsonObject(schema.properties ?? null)) return [];
  return Object.entries(schema.properties as { readonly [name: string]: Json });
}
