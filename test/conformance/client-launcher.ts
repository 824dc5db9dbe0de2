import { spawn } from "node:child_process";
import { startProxy } from "./proxy.ts";

// Usage: client-launcher CLIENT.mjs URL, with the templates of the proxy in the environment. Starts the proxy in
// front of URL, runs the client against the proxy, ends the proxy and exits as the client did.

const { CONFORMANCE_PROXY, CONFORMANCE_ENDPOINT } = process.env;
const [client, upstream] = process.argv.slice(2);
if (!CONFORMANCE_PROXY || !CONFORMANCE_ENDPOINT || !client || !upstream) {
  throw new Error(
    "The launcher needs a client, a URL, CONFORMANCE_PROXY and CONFORMANCE_ENDPOINT.",
  );
}
const proxy = await startProxy(
  { command: CONFORMANCE_PROXY, endpoint: CONFORMANCE_ENDPOINT },
  upstream,
);
const child = spawn(process.execPath, [client, proxy.url], { stdio: "inherit" });
const stop = () => child.kill("SIGTERM");
// The suite gives up a client after 30 s and ends only the shell that it started.
setTimeout(stop, 40_000).unref();
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
const code = await new Promise<number>((resolve) => {
  child.once("close", (exitCode) => resolve(exitCode ?? 1));
});
await proxy.stop();
process.stderr.write(proxy.stderr());
process.exit(code);
