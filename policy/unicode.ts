const LONE_SURROGATE = /\p{Surrogate}/u;
const native = (String.prototype as { isWellFormed?: (this: string) => boolean }).isWellFormed;

/** False when a string holds half of a surrogate pair alone: it has no UTF-8 form. */
export const isWellFormed: (text: string) => boolean =
  native === undefined ? (text) => !LONE_SURROGATE.test(text) : (text) => native.call(text);
