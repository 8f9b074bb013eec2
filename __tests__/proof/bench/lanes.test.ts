import { setImmediate } from "node:timers/promises";
import { inLanes } from "../../../bench/agents";

test("so many are at work at once, all items are worked on, and the results stand in the items' order", async () => {
  let atWork = 0;
  const seen: number[] = [];
  const results = await inLanes(3, [5, 1, 4, 2, 3], async (item, index) => {
    seen.push(++atWork);
    for (let turn = 0; turn < item; turn++) await setImmediate();
    atWork--;
    return `${index}:${item}`;
  });
  expect(results).toEqual(["0:5", "1:1", "2:4", "3:2", "4:3"]);
  expect(Math.max(...seen)).toBe(3);
});

test("the first rejection is the whole's", async () => {
  await expect(
    inLanes(2, [1, 2, 3], async (item) => (item === 2 ? Promise.reject(new Error("two")) : item)),
  ).rejects.toThrow("two");
});
