import type { StateStore } from "../../state/store.ts";
import type { Backend, Route, Routes } from "./front.ts";

/** One server at each of several paths. */
export function oneServer(
  server: string,
  backend: Backend,
  paths: readonly string[],
  store: Pick<StateStore, "ping">,
): Routes {
  const route: Route = { server, backend };
  const known = new Set(paths);
  return {
    at: (path) => (known.has(path) ? route : undefined),
    all: () => [backend],
    ready: () => store.ping(),
  };
}
