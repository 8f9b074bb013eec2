import { inTurn } from "../../../scripts/faults/in-turn";

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
