import { DUE, measureTable, type Filling, type GrowthParts } from "../../../bench/growth-probe";

/** A table that counts, whose clock goes a millisecond a look. */
function table(overrides: Partial<GrowthParts> = {}) {
  const filled: Filling[] = [];
  let [ids, now, calls] = [0, 0, 0];
  const asks = (count: number) => async () => void (calls += count);
  const parts: GrowthParts = {
    newId: () => `id-${ids++}`,
    nowMs: () => now++,
    fill: async (requests) => void filled.push(...requests),
    status: asks(1),
    claim: asks(1),
    search: async () => ((calls += 16), filled.filter(({ standing }) => standing === "due").length),
    used: () => {
      const used = { calls, items: calls };
      calls = 0;
      return used;
    },
    ...overrides,
  };
  return { filled, parts };
}

test("what each operation asks for is measured, with the median of its time", async () => {
  expect(await measureTable(table().parts, 1_000)).toEqual({
    requests: 1_000,
    status: { calls: 1, items: 1, ms: 1 },
    claim: { calls: 1, items: 1, ms: 1 },
    search: { calls: 16, items: 16, ms: 1 },
  });
});

test.each([500, 5_000])(
  "of %s requests twenty are due, one in ten is open, and the others have ended",
  async (requests) => {
    const { filled, parts } = table();
    await measureTable(parts, requests);
    const count = (standing: Filling["standing"]) => filled.filter((each) => each.standing === standing).length;
    expect([count("due"), count("later"), count("ended")]).toEqual([
      DUE,
      requests / 10 - 2,
      requests - DUE - (requests / 10 - 2),
    ]);
  },
);

test("only open requests are claimed, each once, from everywhere in the table", async () => {
  const claimed: string[] = [];
  const { filled, parts } = table({ claim: async (id) => void claimed.push(id) });
  await measureTable(parts, 2_000);
  expect(new Set(claimed).size).toBe(claimed.length);
  const open = filled.filter(({ standing }) => standing === "later").map(({ id }) => id);
  expect(claimed.every((id) => open.includes(id))).toBe(true);
  expect(claimed[0]).toBe(open[0]);
  expect(Number(claimed.at(-1)!.slice(3))).toBeGreaterThan(1_900);
});

test("a search that does not find what is due is no measurement", async () => {
  await expect(measureTable(table({ search: async () => 19 }).parts, 1_000)).rejects.toThrow(
    "The search found 19 requests that are due; expected 20",
  );
});

test("an operation that asks for more from time to time is no measurement", async () => {
  let looks = 0;
  const used = () => ({ calls: looks++ < 3 ? 1 : 2, items: 1 });
  await expect(measureTable(table({ used }).parts, 1_000)).rejects.toThrow(
    "status took 2 calls and 1 items, and 1 and 1 before; expected the same each time",
  );
});
