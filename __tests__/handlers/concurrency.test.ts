import { runAtMost } from "../../handlers/concurrency";
import { settled } from "./fixtures";

async function peak(limit: number, count: number) {
  let running = 0;
  let most = 0;
  const results = await runAtMost(
    limit,
    Array.from({ length: count }, (_, index) => async () => {
      most = Math.max(most, ++running);
      for (let turns = (count - index) % 3; turns >= 0; turns--) await settled();
      running--;
      return index;
    }),
  );
  return { most, results };
}

test("no more tasks than the limit run at once, and results keep the tasks' order", async () => {
  expect(await peak(3, 10)).toEqual({ most: 3, results: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
});

test("a limit above the number of tasks runs all at once", async () => {
  expect((await peak(50, 4)).most).toBe(4);
});

test("no tasks give no results", async () => {
  expect(await runAtMost(3, [])).toEqual([]);
});
