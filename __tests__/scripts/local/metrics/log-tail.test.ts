import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogTail } from "../../../../scripts/local/metrics/log-tail";
import { temporaryFolder } from "../../../support/temporary-folder";

const path = () => join(temporaryFolder("tail"), "worker.log");

test("each whole line comes once, and what was there before does not", () => {
  const file = path();
  writeFileSync(file, "old\n");
  const tail = new LogTail(file);
  expect(tail.take()).toEqual([]);
  appendFileSync(file, "one\ntwo\nthr");
  expect(tail.take()).toEqual(["one", "two"]);
  appendFileSync(file, "ee\n");
  expect([tail.take(), tail.take()]).toEqual([["three"], []]);
});

test("a file that comes later is read from its begin, over more than one chunk, no character broken", () => {
  const file = path();
  const tail = new LogTail(file);
  expect(tail.take()).toEqual([]);
  const lines = Array.from({ length: 30_000 }, (_, index) => `${index} äöü€ ${"x".repeat(60)}`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  expect(tail.take()).toEqual(lines);
});

test("a log that became shorter has no lines, because a log only grows", () => {
  const file = path();
  writeFileSync(file, "one\ntwo\n");
  const tail = new LogTail(file);
  truncateSync(file, 2);
  expect(tail.take()).toEqual([]);
});
