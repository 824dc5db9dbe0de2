import { fill, fillCommand, freePort, start, untilListening } from "../fixtures/processes.ts";

/** How to start the proxy under test. */
export interface ProxyTemplate {
  /** Its command line, with the holes `{port}` and `{upstream}`. */
  command: string;
  /** Its endpoint, with the holes `{port}` and `{path}`, the path of the upstream's URL. */
  endpoint: string;
}

/** The endpoint of a proxy that keeps the path. */
export const SAME_PATH = "http://127.0.0.1:{port}{path}";

export interface RunningProxy {
  url: string;
  /** What the proxy wrote to its error output. */
  stderr(): string;
  stop(): Promise<void>;
}

/** Starts the proxy in front of an upstream on a free port, and waits until it listens. */
export async function startProxy(template: ProxyTemplate, upstream: string): Promise<RunningProxy> {
  const port = await freePort();
  const [command, ...args] = fillCommand(template.command, { port, upstream });
  const running = start(command, args);
  try {
    await untilListening(port, running);
  } catch (error) {
    await running.stop();
    throw error;
  }
  const { pathname } = new URL(upstream);
  return {
    url: fill(template.endpoint, { port, path: pathname }),
    stderr: running.stderr,
    stop: running.stop,
  };
}
