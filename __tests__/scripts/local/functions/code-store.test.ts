import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFunctions } from "../../../../scripts/local/applied/applied-functions";
import { CodeStore } from "../../../../scripts/local/functions/code-store";
import { State } from "../../../../scripts/local/applied/state";
import { folder, lambda, state, writeZip } from "../fixtures";

test("code is kept by its hash, so an older version still finds its own", () => {
  const directory = folder();
  const store = new CodeStore(join(directory, "code"), directory);
  const read = (code: string) => readFunctions(State.parse(state(lambda(directory, { code }))))[0]!;
  const one = read("one");
  store.keep(one);
  const two = read("two");
  store.keep(two);
  store.keep(two);
  expect([one, two].map(({ newest }) => readFileSync(join(store.directoryOf(newest), "index.mjs"), "utf8"))).toEqual([
    "one",
    "two",
  ]);
  expect(readdirSync(join(directory, "code"))).toHaveLength(2);
});

test("a zip that changed after the apply is not run", () => {
  const directory = folder();
  const store = new CodeStore(join(directory, "code"), directory);
  const [applied] = readFunctions(State.parse(state(lambda(directory, { code: "applied" }))));
  writeZip(join(directory, applied!.filename), { "index.mjs": "edited" });
  store.keep(applied!);
  expect(() => store.directoryOf(applied!.newest)).toThrow(
    `Version 1 of function api was applied with a zip of SHA-256 ${applied!.newest.codeSha256}, which is not in ${join(directory, "code")}`,
  );
});

test("a zip with a path that leaves its folder is refused and leaves nothing behind", () => {
  const directory = folder();
  const store = new CodeStore(join(directory, "code"), directory);
  const [applied] = readFunctions(State.parse(state(lambda(directory, { code: "" }))));
  writeZip(join(directory, applied!.filename), { "../../evil.mjs": "x" });
  expect(() => store.keep(applied!)).toThrow('it holds the path "../../evil.mjs", which leaves its folder');
  expect(readdirSync(join(directory, "code"))).toEqual([]);
});
