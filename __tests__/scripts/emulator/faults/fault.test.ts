import { changingCall, fateOf, type Fault, inTurn } from "../../../../scripts/emulator/faults/fault";
import type { ProxiedRequest } from "../../../../scripts/emulator/faults/proxied-request";
import { proxied } from "./servers";

describe("changing call", () => {
  const call = (given: Partial<ProxiedRequest>) =>
    changingCall({
      method: "POST",
      path: "/",
      headers: {},
      body: Buffer.from(""),
      service: "x",
      operation: "",
      connection: { number: 1, isOlder: false },
      ...given,
    });

  test("a change is named by its service and its operation, in each of AWS's protocols", () => {
    expect(call({ service: "dynamodb", operation: "CreateTable", body: Buffer.from("{}") })).toBe(
      "dynamodb CreateTable",
    );
    expect(call({ service: "iam", body: Buffer.from("Action=CreateRole&RoleName=Action=GetRole") })).toBe(
      "iam CreateRole",
    );
    expect(call({ service: "iam", body: Buffer.from("RoleName=r&Action=PutRolePolicy") })).toBe("iam PutRolePolicy");
    expect(call({ service: "apigateway", method: "PATCH", path: "/restapis/a/stages/live" })).toBe(
      "apigateway PATCH /restapis/a/stages/live",
    );
  });

  test("what only reads is none, though it is posted", () => {
    for (const read of [
      { operation: "DescribeTable" },
      { operation: "ListQueues" },
      { body: Buffer.from("Action=GetRole&RoleName=CreateRole") },
      { method: "GET", path: "/restapis" },
      { method: "HEAD", path: "/bucket" },
    ])
      expect(call(read)).toBeUndefined();
  });
});

describe("fault", () => {
  /** Gives these numbers, one after the other. */
  const numbers =
    (...values: number[]) =>
    () => {
      const next = values.shift();
      if (next === undefined) throw new Error("More numbers were drawn than expected");
      return next;
    };

  test("without faults a request passes as it is, and no number is drawn", () => {
    expect(fateOf(proxied(), [], numbers())).toEqual({ delayMs: 0, hit: [] });
  });

  test("each latency that hits is waited for, and the first other fault that hits decides", () => {
    const faults: Fault[] = [
      { kind: "latency", ms: 10 },
      { kind: "reset", when: ({ method }) => method === "GET" },
      { kind: "latency", ms: 5 },
      { kind: "throttle" },
      { kind: "error" },
      { kind: "latency", ms: 1_000 },
    ];
    expect(fateOf(proxied(), faults, numbers())).toEqual({
      delayMs: 15,
      decision: { kind: "throttle" },
      hit: [faults[0], faults[2], faults[3]],
    });
  });

  test("a fault hits its share of the requests that it chooses, and draws for no other", () => {
    const fault: Fault = { kind: "reset", share: 0.5, when: ({ operation }) => operation === "SendMessage" };
    const [chosen, other] = [proxied({ operation: "SendMessage" }), proxied()];
    const random = numbers(0.49, 0.5);
    expect(
      [fateOf(chosen, [fault], random), fateOf(other, [fault], random), fateOf(chosen, [fault], random)].map(
        ({ decision }) => decision?.kind,
      ),
    ).toEqual(["reset", undefined, undefined]);
  });

  test("a share of 0 never hits", () => {
    expect(fateOf(proxied(), [{ kind: "error", share: 0 }], numbers(0)).decision).toBeUndefined();
  });

  test("refusing is for connections: it does nothing to a request", () => {
    expect(fateOf(proxied(), [{ kind: "refuse" }], numbers())).toEqual({ delayMs: 0, hit: [] });
  });
});

describe("in turn", () => {
  function tracked() {
    const events: string[] = [];
    const work =
      (name: string, turns = 1) =>
      async () => {
        events.push(`${name} begins`);
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        events.push(`${name} ends`);
        return name;
      };
    return { events, work };
  }

  test("work with the same key is done one after the other, in the order given", async () => {
    const run = inTurn();
    const { events, work } = tracked();
    expect(await Promise.all([run("k", work("a", 20)), run("k", work("b")), run("k", work("c"))])).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("work with another key or none is done at once", async () => {
    const run = inTurn();
    const { events, work } = tracked();
    await Promise.all([run("k", work("a", 20)), run("l", work("b")), run(undefined, work("c"))]);
    expect(events.slice(0, 3).sort()).toEqual(["a begins", "b begins", "c begins"]);
  });

  test("work that fails holds nobody back, and its failure is its own", async () => {
    const run = inTurn();
    const { work } = tracked();
    const failed = run("k", () => Promise.reject(new Error("no network")));
    const next = run("k", work("b"));
    await expect(failed).rejects.toThrow("no network");
    await expect(next).resolves.toBe("b");
    await expect(run("k", work("c"))).resolves.toBe("c");
  });
});
