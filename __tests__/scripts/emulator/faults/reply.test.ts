import { holdTimers, until } from "../fixtures";
import { ask, begin, proxyTo, serve } from "./servers";
import type { Fault } from "../../../../scripts/emulator/faults/fault";

jest.mock("node:timers/promises", () => jest.requireActual<object>("../../../support/timers-promises"));

const under = async (fault: Fault) => {
  const upstream = await serve();
  return { upstream, proxy: await proxyTo(upstream.url, { faults: [fault] }) };
};

test("reset: the connection breaks, and the upstream never sees the request", async () => {
  const { upstream, proxy } = await under({ kind: "reset" });
  await expect(ask(proxy.url)).rejects.toThrow("read ECONNRESET");
  expect(upstream.asked).toEqual([]);
});

test("black-hole: there is no answer, and the upstream never sees the request", async () => {
  const { upstream, proxy } = await under({ kind: "black-hole" });
  const { answered } = begin(proxy.url);
  await until(() => proxy.statistics().faults["black-hole"] === 1);
  // Others are answered meanwhile; the one that was swallowed learns only that its connection is gone.
  proxy.setFaults([]);
  await ask(`${proxy.url}/other`);
  await proxy.stop();
  await expect(answered).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(upstream.asked).toEqual(["GET /other"]);
});

test("drop-reply: the upstream does it, and the caller does not learn of it", async () => {
  const { upstream, proxy } = await under({ kind: "drop-reply" });
  await expect(ask(`${proxy.url}/a`, { method: "POST" })).rejects.toThrow("read ECONNRESET");
  expect(upstream.asked).toEqual(["POST /a"]);
});

test("hold-reply: the upstream does it, whoever waits for that is told, and the caller is given no answer", async () => {
  const held: string[] = [];
  const { upstream, proxy } = await under({
    kind: "hold-reply",
    held: ({ method, path }) => held.push(`${method} ${path}, done: ${upstream.asked.length}`),
  });
  const { answered } = begin(`${proxy.url}/a`);
  await until(() => held.length === 1);
  expect(held).toEqual(["GET /a, done: 1"]);
  await proxy.stop();
  await expect(answered).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(upstream.asked).toEqual(["GET /a"]);
});

test("duplicate: the upstream does it twice, and the caller is given the first answer", async () => {
  let answers = 0;
  const upstream = await serve((_asked, reply) => reply.end(String((answers += 1))));
  const proxy = await proxyTo(upstream.url, { faults: [{ kind: "duplicate" }] });
  expect(await ask(`${proxy.url}/a`, { method: "POST", body: "x" })).toMatchObject({ status: 200, body: "1" });
  expect(upstream.asked).toEqual(["POST /a x", "POST /a x"]);
});

test("truncate: the answer is cut after so many bytes", async () => {
  const { proxy } = await under({ kind: "truncate", bytes: 5 });
  await expect(ask(`${proxy.url}/abcdef`)).rejects.toThrow('cut after "GET /"');
});

test("slow: the answer comes bytewise, and whole", async () => {
  const { proxy } = await under({ kind: "slow", bytes: 2, everyMs: 30 });
  holdTimers();
  try {
    const asked = ask(`${proxy.url}/abcd`);
    // Nine bytes are five pieces, each after a wait of its own.
    for (let piece = 1; piece <= 5; piece++) {
      await until(() => jest.getTimerCount() === 1);
      jest.advanceTimersByTime(29);
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(1);
    }
    expect((await asked).body).toBe("GET /abcd");
  } finally {
    jest.useRealTimers();
  }
});

test("throttle and error: the answer is AWS's own, and the upstream never sees the request", async () => {
  const { upstream, proxy } = await under({ kind: "throttle" });
  expect(await ask(proxy.url)).toMatchObject({ status: 429, headers: { "x-amzn-errortype": "ThrottlingException" } });
  proxy.setFaults([{ kind: "error" }]);
  expect(await ask(proxy.url)).toMatchObject({ status: 500, headers: { "x-amzn-errortype": "InternalServerError" } });
  expect(upstream.asked).toEqual([]);
});
