import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CAPS, Listener } from "../../../../runtime/transport/http/listener.ts";

// Connections on which nobody has proved who they are.

let listener: Listener;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  listener = new Listener((request, response, known) => {
    if (request.headers.authorization === "right") known();
    response.end("served");
  });
  port = await listener.listen({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  const drained = listener.drain();
  listener.abort();
  await drained;
});

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    sockets.push(socket);
    socket.on("error", reject);
  });
}

/** What comes next: some text, or the end. */
function next(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (bytes) => resolve(bytes.toString()));
    socket.once("close", () => resolve("closed"));
    socket.resume();
  });
}

function ask(socket: Socket, authorization: string): Promise<string> {
  const answer = next(socket);
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`);
  return answer;
}

it("are 256 at most, and one that is known is none of them", async () => {
  const strangers = await Promise.all(Array.from({ length: CAPS.strangers }, open));
  expect(CAPS.strangers).toBe(256);
  expect(await ask(strangers.at(-1) as Socket, "wrong")).toContain("served");
  const turnedAway = await open();
  expect(await next(turnedAway)).toBe("closed");
  // Who says who it is makes room for another one, and only for one.
  expect(await ask(strangers[0] as Socket, "right")).toContain("served");
  const welcome = await open();
  expect(await ask(welcome, "wrong")).toContain("served");
  expect(await next(await open())).toBe("closed");
});

it.each([
  ["says nothing", undefined],
  ["begins a head", "GET / HTTP/1.1\r\nHost"],
  ["does not end its body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"],
  ["asks what anybody may ask", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
])("end after 30 s when one %s", async (_, text) => {
  const known = await open();
  await ask(known, "right");
  const stranger = await open();
  if (text !== undefined) stranger.write(text);
  // The known one is answered after the stranger was met.
  await ask(known, "right");
  let ended = false;
  const end = new Promise<void>((resolve) => {
    stranger.resume().once("close", () => {
      ended = true;
      resolve();
    });
  });
  await vi.advanceTimersByTimeAsync(29_000);
  await ask(known, "right");
  expect(ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1_001);
  await end;
  expect(await ask(known, "right")).toContain("served");
});

it("does not wait for a connection that has never sent anything", async () => {
  const silent = await open();
  // Answered after the silent one was met.
  expect(await ask(await open(), "right")).toContain("served");
  const gone = next(silent);
  await listener.drain();
  expect(await gone).toBe("closed");
});
