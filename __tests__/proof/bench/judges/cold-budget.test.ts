import { coldFiles, oversize, overtime, type ColdBudget } from "../../../../bench/cold-figures";

const BUDGET: ColdBudget = {
  measured: "here",
  sizes: { api: { zipKB: 100, coldKB: 200 } },
  times: { invoke: { ratio: 2, ms: 100 } },
};
const sizes = (zipKB: number, coldKB: number) => ({ api: { zipKB, coldKB } });

test("a cold start reads the entry, what it imports, and what that imports; a chunk that is needed later is not among it", () => {
  const files = {
    "index.mjs": 'import{a}from"./chunk-AAA1.mjs";import"./chunk-BBB2.mjs";const c=()=>import("./chunk-CCC3.mjs")',
    "chunk-AAA1.mjs": 'export{x}from"./chunk-DDD4.mjs"',
    "chunk-BBB2.mjs": "",
    "chunk-CCC3.mjs": 'import"./chunk-EEE5.mjs"',
    "chunk-DDD4.mjs": 'import"./chunk-AAA1.mjs"',
    "chunk-EEE5.mjs": "",
  };
  expect(coldFiles(files).sort()).toEqual(["chunk-AAA1.mjs", "chunk-BBB2.mjs", "chunk-DDD4.mjs", "index.mjs"]);
});

test("5 % over the budget is allowed, more is not", () => {
  expect(oversize(BUDGET, sizes(105, 210))).toEqual([]);
  expect(oversize(BUDGET, sizes(106, 200))).toEqual([
    "The zip of api: 106 KB; allowed: 105 KB (a budget of 100 KB, and 5 %). Take out what the first answer does not need, or, with a reason, raise it in handlers/budget.json.",
  ]);
  expect(oversize(BUDGET, sizes(100, 211))).toEqual([
    expect.stringMatching(/^What a cold start of api reads: 211 KB; allowed: 210 KB/),
  ]);
});

test("a function without a budget, and a budget without a function, are told", () => {
  expect(oversize(BUDGET, { other: { zipKB: 1, coldKB: 2 } })).toEqual([
    "handlers/budget.json has a budget of api, which is no function. Take it out.",
    'The function other has no budget. Add its sizes to handlers/budget.json: {"zipKB":1,"coldKB":2}.',
  ]);
});

test("a call that takes more than its ratio and 5 % is told, and one without a budget", () => {
  expect(overtime(BUDGET, { invoke: 2.1 })).toEqual([]);
  expect(overtime(BUDGET, { invoke: 2.11 })).toEqual([
    expect.stringMatching(
      /^A cold invoke, as a multiple of a bare node: 2\.11x; allowed: 2\.10x \(a budget of 2\.00x, and 5 %\)/,
    ),
  ]);
  expect(overtime(BUDGET, { other: 1.5 })).toEqual([
    "The cold call other has no budget. Add its ratio to handlers/budget.json: 1.50.",
  ]);
});
