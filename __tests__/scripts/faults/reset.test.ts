import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { reset } from "../../../scripts/faults/reset";

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [[near]] = (await Promise.all([once(server, "connection"), once(far, "connect")])) as [[Socket], unknown];
  server.close();
  return { near, far };
}

test("the other side is told by RST", async () => {
  const { near, far } = await pair();
  const failed = once(far, "error") as Promise<[Error]>;
  reset(near);
  expect((await failed)[0].message).toBe("read ECONNRESET");
});

test("a connection whose own end was sent already is closed all the same: Node's own reset fails then, and leaves its descriptor open", async () => {
  const { near, far } = await pair();
  far.on("error", () => undefined).end();
  near.resume();
  await once(near, "end");
  near.end();
  const closed = once(near, "close");
  reset(near);
  await closed;
  expect(near.destroyed).toBe(true);
  far.destroy();
});

test("one that is gone is left alone", async () => {
  const { near, far } = await pair();
  near.destroy();
  reset(near);
  far.on("error", () => undefined).destroy();
  expect(near.destroyed).toBe(true);
});
