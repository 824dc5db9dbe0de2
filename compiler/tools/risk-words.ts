import type { RiskClass } from "./list.ts";

/**
 * What words in a tool's name or description say of its class. A `sure` word is evidence; an unsure one
 * (`open`, `wait`, `select`) is a guess that counts only where there is no evidence, and that a
 * `readOnlyHint` may decide.
 */
export interface Verb {
  readonly risk: RiskClass;
  readonly sure: boolean;
}

const VERBS: readonly (readonly [RiskClass, sure: boolean, words: string])[] = [
  [
    "read",
    true,
    `get list read search find fetch show view describe lookup query check count inspect retrieve return
     explain analyze analyse compare diff preview validate verify summarize summarise monitor watch tail
     ping explore extract diagnose assert detect identify estimate calculate compute parse print display
     echo stat whoami help is has can enumerate discover lint grep glob ls cat head locate peek poll
     translate rank suggest recommend measure profile crawl scrape geocode`,
  ],
  ["read", false, "think reason demonstrate convert scan ask capture match filter"],
  [
    "write",
    true,
    `create add update edit write set put post patch insert upsert modify change rename move copy upload
     save store append assign unassign label tag comment reply send publish submit share push commit merge
     fork branch enable disable activate deactivate pause resume suspend archive unarchive restore import
     export register invite join leave follow subscribe unsubscribe upgrade downgrade grant approve reject
     close reopen lock unlock mark toggle replace apply attach detach link unlink click hover drag type fill
     press scroll login logout authenticate configure schedule stop end mock emulate resize pin unpin star
     unstar react transition draft notify email message upvote vote rebase revert sync mkdir mint stage
     encrypt sign provision adjust override bump promote redirect forward`,
  ],
  [
    "write",
    false,
    `open select handle make download compress gzip zip unzip generate render record track
     log resolve choose new release claim accept dismiss request order transfer trade swap bid stake
     deposit wire tip credit drop switch`,
  ],
  [
    "execute",
    true,
    `run execute exec eval evaluate invoke launch start restart reboot deploy redeploy rollback trigger
     dispatch spawn navigate goto visit install migrate build compile shell bash ssh sudo chaos inject
     debug attack exploit fuzz`,
  ],
  ["execute", false, "wait audit simulate test call perform process script command automate"],
  [
    "destructive",
    true,
    `delete remove destroy drop purge wipe erase truncate clear reset revoke uninstall terminate kill
     expunge flush prune rm rmdir del shred overwrite evict deprovision decommission unpublish trash
     discard ban cancel nuke obliterate shutdown deregister crud`,
  ],
  [
    "financial",
    true,
    `pay refund charge purchase buy sell withdraw donate checkout invoice payout bill reimburse remit
     disburse`,
  ],
];

const LEXICON = new Map<string, Verb>();
// Graver classes come last and unsure words never displace sure ones, so that a word in two lists is the
// graver of what is sure, else the graver guess.
for (const [risk, sure, words] of VERBS) {
  for (const word of words.split(/\s+/)) {
    if (!sure && LEXICON.get(word)?.sure) continue;
    LEXICON.set(word, { risk, sure });
  }
}

/** Things that a name ends with when it is named for what it shows: `payment_history`, `refund_ratio`. */
const SHOWN = new Set(
  `history messages requests screenshot snapshot status info information logs log stats statistics metrics
   report reports summary details detail tree ratio amount budget count counts version versions schema docs
   documentation usage balance balances health diagnostics events contents metadata overview results result
   rate rates quota state types names ids id reviews comments files errors warnings traces thinking
   capabilities permissions pages tabs weather forecast directions distance elevation`.split(/\s+/),
);

/** Money by any reading. With a verb that changes something, what is changed is money. */
const MONEY = new Set(
  `payment payments payout payouts refund refunds charge charges invoice invoices checkout payroll purchase
   purchases withdrawal withdrawals donation remittance`.split(/\s+/),
);

/** Money only in the company of money: an order may be of pizza or of rows. */
const PERHAPS_MONEY = new Set(
  `transfer order orders trade swap bid stake deposit wire tip credit subscription subscriptions transaction
   transactions transfers funds money tokens crypto eth btc sol usdc stock stocks shares bond position
   positions`.split(/\s+/),
);

/** Words around money. */
export const MONEY_CONTEXT =
  /\b(?:payments?|money|funds|currency|currencies|price|usd|eur|gbp|dollars?|euros?|cents|wallet|crypto\w*|bank|iban|credit card|invoices?|brokerage|market order|limit order|blockchain|on-?chain|ether|bitcoin|usdc|billing)\b/i;

/** What a word of a name says. */
export function verb(word: string): Verb | undefined {
  return LEXICON.get(word);
}

/** What a word of a sentence says, in the third person too: `deletes`, `fetches`, `copies`. */
export function spokenVerb(word: string): Verb | undefined {
  for (const form of forms(word)) {
    const found = LEXICON.get(form);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isShown(word: string): boolean {
  return SHOWN.has(word);
}

export function isMoney(word: string): boolean {
  return MONEY.has(word);
}

export function mayBeMoney(word: string): boolean {
  return PERHAPS_MONEY.has(word);
}

function forms(word: string): readonly string[] {
  const found = [word];
  if (word.endsWith("ies")) found.push(`${word.slice(0, -3)}y`);
  if (word.endsWith("es")) found.push(word.slice(0, -2));
  if (word.endsWith("s") && !word.endsWith("ss")) found.push(word.slice(0, -1));
  return found;
}

/** A name's words in lower case: `browser_clearHistory2` → browser, clear, history, 2. */
export function wordsOf(name: string): string[] {
  return (
    name
      .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
      .toLowerCase()
      .match(/[\p{L}]+|\p{N}+/gu) ?? []
  );
}
