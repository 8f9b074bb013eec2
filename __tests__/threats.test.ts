import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./support/stack-json";

const text = readFileSync(join(PROJECT, "THREATS.md"), "utf8");
const PROOF = /`([\w/-]+)` "([^"]+)"/g;

/** Rows of the promises' tables: what is promised, and by what it is proved. */
const rows = text
  .slice(text.indexOf("## Promises"), text.indexOf("## Not promised"))
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| promise"))
  .map((line) => line.split(" | "));
const promises = rows.map(([promise = "", proof = ""]) => ({ promise: promise.slice(2), proofs: [...proof.matchAll(PROOF)].map(([, file = "", title = ""]) => ({ file, title })) }));

test("there are promises, and each names a test", () => {
  expect(promises.length).toBeGreaterThan(25);
  expect(promises.filter(({ proofs }) => proofs.length === 0).map(({ promise }) => promise)).toEqual([]);
});

test.each(promises.flatMap(({ proofs }) => proofs).map(({ file, title }) => [file, title] as const))("%s has the test %j", (file, title) => {
  const path = join(PROJECT, "__tests__", `${file}.test.ts`);
  expect({ path, there: existsSync(path) }).toEqual({ path, there: true });
  const source = readFileSync(path, "utf8");
  // As a title of its own: of a test, and not of one that is left out.
  expect([`test("${title}"`, `)("${title}"`, `)(\n    "${title}"`].some((start) => source.includes(start))).toBe(true);
  expect(source).not.toMatch(/\b(?:test|describe)\.(?:skip|only|todo)\b/);
});
