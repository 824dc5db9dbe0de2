/**
 * Text as an approver may see it: whatever could hide, reorder or imitate something is written as an escape, so that
 * what is read is what will be sent.
 */

/**
 * Control and format characters, separators other than the space, what has no glyph of its own, and characters that
 * take up the place of others (Unicode, general categories).
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u115f\u1160\u3164\uffa0\u2800]|(?! )\p{Zs}/u;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const LATIN = /\p{Script=Latin}/u;
const OTHER_SCRIPT = /(?!\p{Script=Latin}|\p{Script=Common}|\p{Script=Inherited}).|\p{M}/u;
/** Letters of other scripts that are drawn like Latin ones or digits (after Unicode's confusables.txt). */
const LOOK_ALIKES = new Set(
  "аеорсухѕіјԁԛԝһӏАВЕКМНОРСТУХЅІЈԌԚԜҮүαικνορυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳօսոհցքաևԱՍՕՏᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᏃОоЗзбЬь",
);

/** Text such as a name or a sentence, on one line. */
export function legible(text: string): string {
  const words = text.replace(WORD, (word) =>
    imitates(word)
      ? [...word].map((one) => (OTHER_SCRIPT.test(one) ? escaped(one) : one)).join("")
      : word,
  );
  return [...words]
    .map((one) => (UNSEEN.test(one) || isVariant(one) ? escaped(one) : one))
    .join("");
}

/** JSON text of a string, quotes included, as an approver may see it: still the same string. */
export function legibleJson(text: string): string {
  return legible(JSON.stringify(text));
}

/**
 * JSON text over several lines, every value as it was written; strings as an approver may see them. `text` must be
 * valid JSON.
 */
export function legibleDocument(text: string): string {
  let out = "";
  let depth = 0;
  const line = (): string => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    if (token === "}" || token === "]") {
      depth--;
      if (before !== "{" && before !== "[") out += line();
      out += token;
      return;
    }
    if (before === "{" || before === "[") out += line();
    if (token === "{" || token === "[") {
      depth++;
      out += token;
    } else if (token === ",") out += `,${line()}`;
    else if (token === ":") out += ": ";
    else out += token.startsWith('"') ? legibleJson(JSON.parse(token) as string) : token;
  });
  return out;
}

/** A word of letters of two scripts, or of nothing but letters that look like Latin ones. */
function imitates(word: string): boolean {
  const characters = [...word];
  const others = characters.filter((one) => OTHER_SCRIPT.test(one) && !/\p{M}/u.test(one));
  if (others.length === 0) return false;
  return characters.some((one) => LATIN.test(one)) || others.every((one) => LOOK_ALIKES.has(one));
}

/** Drawn like another character: full width, mathematical letters, ligatures and the like. */
function isVariant(character: string): boolean {
  if (character < "\u0080") return false;
  const plain = character.normalize("NFKC");
  return plain !== character.normalize("NFC") && /^[\x20-\x7e]+$/.test(plain);
}

/** As JSON escapes its UTF-16 units. */
function escaped(character: string): string {
  const units = [...Array(character.length).keys()].map((at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
