import type { WriteStream } from "node:tty";
import picocolors from "picocolors";
import type { FrameOptions } from "../../language/index.ts";

/** Colour is for terminals; `NO_COLOR` with any value turns it off (no-color.org). */
export function wantsColour(stream: Pick<WriteStream, "isTTY">): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && !NO_COLOR && TERM !== "dumb";
}

/** The colours of a rendered diagnostic. */
export function painter(colour: boolean): NonNullable<FrameOptions["paint"]> {
  const { bold, cyan, dim, red, yellow } = picocolors.createColors(colour);
  const styles = {
    error: (text: string) => bold(red(text)),
    warning: (text: string) => bold(yellow(text)),
    info: (text: string) => bold(cyan(text)),
    code: bold,
    location: dim,
    title: bold,
    gutter: dim,
    hint: cyan,
  };
  return (style, text) => styles[style](text);
}
