import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { headIn, keepState, keptState, stateLeftBy } from "../../../scripts/kit/local-state";
import { temporaryFolder } from "../../support/temporary-folder";

const state = (lineage: string, serial: number) => ({ version: 4, serial, lineage, resources: [] });
test("a state is kept in the stack's folder, for its owner's eyes only, and found as long as it is newer", () => {
  const directory = temporaryFolder("stack");
  expect(stateLeftBy(directory)).toBeUndefined();
  const path = join(directory, "errored.tfstate");
  expect(keepState(directory, state("a", 8))).toEqual({ path, lineage: "a", serial: 8 });
  expect([JSON.parse(readFileSync(path, "utf8")), statSync(path).mode & 0o077]).toEqual([state("a", 8), 0]);
  expect(stateLeftBy(directory)).toEqual({ path, lineage: "a", serial: 8 });
  expect([
    keptState(directory, { lineage: "a", serial: 7 })?.serial,
    keptState(directory, { lineage: "a", serial: 8 }),
    keptState(directory, { lineage: "b", serial: 1 }),
  ]).toEqual([8, undefined, undefined]);
});

test("where that has no room it is the home's, and the newest of all places is found", () => {
  const directory = temporaryFolder("stack");
  const home = temporaryFolder("home");
  mkdirSync(join(directory, "errored.tfstate"));
  const kept = keepState(directory, state("l-1", 9), [home]);
  expect(kept?.path).toBe(join(home, "quickturn-l-1.errored.tfstate"));
  expect(keptState(directory, { lineage: "l-1", serial: 3 }, [home])).toEqual(kept);
});

test("the head of a file that is cut is known, and of one that holds nothing it is not", () => {
  expect(
    headIn('{\n  "version": 4,\n  "terraform_version": "1.11.4",\n  "serial": 5,\n  "lineage": "3aac-1",\n  "outp'),
  ).toEqual({ serial: 5, lineage: "3aac-1" });
  expect([headIn(""), headIn('{"version": 4')]).toEqual([undefined, undefined]);
});

test("one that is cut itself is none", () => {
  const directory = temporaryFolder("stack");
  writeFileSync(join(directory, "errored.tfstate"), '{"serial": 5, "lineage": "a"');
  expect(stateLeftBy(directory)).toBeUndefined();
});
