import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Connections go to one target after the other, as bytes; one that cannot be reached is passed over. */
export interface Forwarder {
  readonly port: number;
  /** Connections so far, by target, in the order that they were given. */
  readonly carried: readonly number[];
  close(): Promise<void>;
}

export async function roundRobin(targets: readonly number[]): Promise<Forwarder> {
  const open = new Set<Socket>();
  const carried = targets.map(() => 0);
  let next = 0;

  function carry(near: Socket, triesLeft: number): void {
    const target = next++ % targets.length;
    const far = connect(targets[target] as number, "127.0.0.1");
    let reached = false;
    far.once("connect", () => {
      reached = true;
      carried[target] = (carried[target] as number) + 1;
      near.pipe(far);
      far.pipe(near);
    });
    open.add(far);
    far.on("error", () => {});
    far.on("close", () => {
      open.delete(far);
      // Nothing was read from the client yet.
      if (!reached && triesLeft > 1 && !near.destroyed) carry(near, triesLeft - 1);
      else near.destroy();
    });
    near.on("close", () => far.destroy());
  }

  const server = createServer((near) => {
    open.add(near);
    near.on("error", () => {});
    near.on("close", () => open.delete(near));
    carry(near, targets.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    carried,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
