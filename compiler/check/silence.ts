import type { World } from "./world.ts";

/** That a check found nothing to say about a part of a policy, and what that depended on. */
interface Silence {
  readonly check: object;
  world: World | undefined;
  things: readonly unknown[];
}

/** By parts, so that what is no part of any policy any more is forgotten. Few checks look at one part. */
const silences = new WeakMap<object, Silence[]>();

/** Whether a check found nothing about a part the last time, and would find nothing now. */
export function areSilent(
  check: object,
  part: object,
  world: World,
  things: readonly unknown[],
): boolean {
  const before = silences.get(part)?.find((silence) => silence.check === check);
  return (
    before?.world === world &&
    before.things.length === things.length &&
    before.things.every((thing, index) => thing === things[index])
  );
}

export function silent(
  check: object,
  part: object,
  world: World,
  things: readonly unknown[],
): void {
  const known = silences.get(part);
  if (known === undefined) {
    silences.set(part, [{ check, world, things }]);
    return;
  }
  const before = known.find((silence) => silence.check === check);
  if (before === undefined) known.push({ check, world, things });
  else {
    before.world = world;
    before.things = things;
  }
}

export function notSilent(check: object, part: object): void {
  const before = silences.get(part)?.find((silence) => silence.check === check);
  if (before !== undefined) before.world = undefined;
}
