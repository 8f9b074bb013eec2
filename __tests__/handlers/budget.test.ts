import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { coldFiles, oversize, type ColdBudget } from "../support/cold-budget";
import { functionCalls } from "../support/function-calls";
import { FUNCTIONS } from "../../scripts/kit/package-functions";
import { PROJECT } from "../support/stack-json";

const BUDGET = JSON.parse(readFileSync(join(PROJECT, "handlers/budget.json"), "utf8")) as ColdBudget;

const measured = Object.fromEntries(
  Object.keys(FUNCTIONS).map((name) => {
    const zip = readFileSync(join(PROJECT, "dist/functions", `${name}.zip`));
    const files = Object.fromEntries(
      Object.entries(unzipSync(zip)).map(([file, content]) => [file, Buffer.from(content).toString()]),
    );
    const coldBytes = coldFiles(files).reduce((sum, file) => sum + Buffer.byteLength(files[file]!), 0);
    return [name, { zipKB: Math.round(zip.length / 1024), coldKB: Math.round(coldBytes / 1024) }];
  }),
);

test("no zip, and nothing that a cold start reads, exceeds its budget by more than 5 %", () => {
  expect(oversize(BUDGET, measured)).toEqual([]);
});

test("no budget is so loose that a client too many would fit in: what is given is at least nine tenths of it", () => {
  for (const [name, { zipKB, coldKB }] of Object.entries(measured)) {
    expect({
      name,
      zip: zipKB >= 0.9 * BUDGET.sizes[name]!.zipKB,
      cold: coldKB >= 0.9 * BUDGET.sizes[name]!.coldKB,
    }).toEqual({ name, zip: true, cold: true });
  }
});

test("every call that is measured has a budget, and no other", () => {
  expect(Object.keys(BUDGET.times).sort()).toEqual(
    [...functionCalls("http://127.0.0.1").map(({ name }) => name), "authorizer"].sort(),
  );
});
