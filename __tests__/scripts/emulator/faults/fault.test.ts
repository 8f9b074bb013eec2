import { decideFate, type Fault } from "../../../../scripts/emulator/faults/fault";
import { proxied } from "./servers";

describe("fault", () => {
  /** Gives these numbers, one after the other. */
  const numbers =
    (...values: number[]) =>
    () => {
      const next = values.shift();
      if (next === undefined) throw new Error("More numbers were drawn than expected");
      return next;
    };

  test("without faults a request is passed on unchanged, and no number is drawn", () => {
    expect(decideFate(proxied(), [], numbers())).toEqual({ delayMs: 0, hit: [] });
  });

  test("the latencies that hit add up, and the first other fault that hits decides", () => {
    const faults: Fault[] = [
      { kind: "latency", ms: 10 },
      { kind: "reset", when: ({ method }) => method === "GET" },
      { kind: "latency", ms: 5 },
      { kind: "throttle" },
      { kind: "error" },
      { kind: "latency", ms: 1_000 },
    ];
    expect(decideFate(proxied(), faults, numbers())).toEqual({
      delayMs: 15,
      decision: { kind: "throttle" },
      hit: [faults[0], faults[2], faults[3]],
    });
  });

  test("a fault hits its share of the requests that it chooses, and draws no number for others", () => {
    const fault: Fault = { kind: "reset", share: 0.5, when: ({ operation }) => operation === "SendMessage" };
    const [chosen, other] = [proxied({ operation: "SendMessage" }), proxied()];
    const random = numbers(0.49, 0.5);
    expect(
      [
        decideFate(chosen, [fault], random),
        decideFate(other, [fault], random),
        decideFate(chosen, [fault], random),
      ].map(({ decision }) => decision?.kind),
    ).toEqual(["reset", undefined, undefined]);
  });

  test("a share of 0 never hits", () => {
    expect(decideFate(proxied(), [{ kind: "error", share: 0 }], numbers(0)).decision).toBeUndefined();
  });

  test("a fault of kind refuse hits connections and no requests", () => {
    expect(decideFate(proxied(), [{ kind: "refuse" }], numbers())).toEqual({ delayMs: 0, hit: [] });
  });
});
