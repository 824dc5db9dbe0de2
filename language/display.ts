/** Text as it is safe to show: characters that cannot be seen, or that reorder what is seen, are escaped. */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u00a0\u115f\u1160\u3164\uffa0]/u;

/** One character of a line as it is shown, and the terminal columns that it takes. */
export interface Cell {
  readonly text: string;
  readonly columns: number;
  /** Its place in the line, in UTF-16 code units. */
  readonly offset: number;
}

const TAB = 4;

/** The cells of one line. A tab reaches to the next multiple of four columns. */
export function cells(line: string): Cell[] {
  const result: Cell[] = [];
  let offset = 0;
  let column = 0;
  for (const character of line) {
    const text = character === "\t" ? " ".repeat(TAB - (column % TAB)) : escapeCharacter(character);
    const columns = text === character ? columnsOf(character) : text.length;
    result.push({ text, columns, offset });
    offset += character.length;
    column += columns;
  }
  return result;
}

/** A text with its line breaks kept and everything invisible escaped. */
export function visible(text: string): string {
  let shown = "";
  for (const character of text)
    shown += character === "\n" ? character : escapeCharacter(character);
  return shown;
}

function escapeCharacter(character: string): string {
  if (!INVISIBLE.test(character)) return character;
  const code = character.codePointAt(0) as number;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

function columnsOf(character: string): number {
  if (character < "\u0300") return 1;
  if (/\p{M}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The terminal columns of a text in which nothing needs an escape. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}
