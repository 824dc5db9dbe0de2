/** The characters of `\b`, as RE2 has them: ASCII only. */
export function isWordCharacter(symbol: number): boolean {
  return (
    (symbol >= 48 && symbol <= 57) ||
    (symbol >= 65 && symbol <= 90) ||
    (symbol >= 97 && symbol <= 122) ||
    symbol === 95
  );
}

const known = new Map<number, readonly number[]>();

/** The letters of two alphabets that fold to ASCII ones. */
const LONG_S = 0x17f;
const KELVIN = 0x212a;

/** No letter beyond has another case. */
const LAST_LETTER = 0x1ffff;

/** The code points that simple case folding does not tell from one, itself among them. */
export function orbitOf(symbol: number): readonly number[] {
  let orbit = known.get(symbol);
  if (orbit === undefined) {
    orbit = symbol < 128 ? orbitOfAscii(symbol) : orbitOfOther(symbol);
    known.set(symbol, orbit);
  }
  return orbit;
}

function orbitOfAscii(symbol: number): readonly number[] {
  const lower = symbol | 32;
  if (lower < 97 || lower > 122) return [symbol];
  const other = lower === 115 ? [LONG_S] : lower === 107 ? [KELVIN] : [];
  return [lower - 32, lower, ...other];
}

function orbitOfOther(symbol: number): readonly number[] {
  const pattern = new RegExp(`^\\u{${symbol.toString(16)}}$`, "iu");
  const found = [];
  for (let one = 0; one <= LAST_LETTER; one++) {
    if (one === symbol || pattern.test(String.fromCodePoint(one))) found.push(one);
  }
  return found;
}
