import type { Catalogue, Program } from "../program.ts";

/**
 * What is true of a whole policy and most checks depend on: its tools, labels and defaults. Two policies that agree
 * in it have the same one.
 */
export interface World {
  readonly text: string;
}

/** The last one of each catalogue: a keystroke seldom makes another. */
const worlds = new WeakMap<Catalogue, World>();

export function worldOf(program: Program): World {
  const { tools, defaults, labels, validate, pin } = program;
  const text = JSON.stringify([
    [defaults.tool, defaults.resource, defaults.prompt].map(({ effect, stated, governed }) => [
      effect,
      stated !== undefined,
      governed,
    ]),
    [...labels].map(([name, { values }]) => [name, values]),
    validate === undefined ? undefined : validate.node.strictly,
    pin !== undefined,
  ]);
  const last = worlds.get(tools);
  if (last?.text === text) return last;
  const world = { text };
  worlds.set(tools, world);
  return world;
}
