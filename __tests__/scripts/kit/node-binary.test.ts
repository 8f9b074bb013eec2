import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findNodeBinary, provideNodeBinary } from "../../../scripts/kit/node-binary";
import { temporaryFolder } from "../../support/temporary-folder";

const OWN = process.versions.node.split(".")[0]!;

test("Lambda's Node 22 runs the functions on every machine: it is the machine's own, or it is fetched", async () => {
  const { path, warning } = await provideNodeBinary("nodejs22.x", console.info, process.env);
  expect([execFileSync(path, ["--version"], { encoding: "utf8" }).slice(0, 4), warning]).toEqual(["v22.", undefined]);
  expect(findNodeBinary("nodejs22.x", process.env)).toEqual({ path, warning: undefined });
});

test("where nothing may be fetched, this process's Node runs them, and why is noted", async () => {
  const cache = temporaryFolder("cache");
  const notes: string[] = [];
  const environment = { XDG_CACHE_HOME: cache, QUICKTURN_OFFLINE: "1" };
  const { path } = await provideNodeBinary("nodejs22.x", (text) => void notes.push(text), environment);
  expect(path).toBe(process.execPath);
  expect(existsSync(join(cache, "quickturn"))).toBe(false);
  expect(notes).toEqual(
    OWN === "22"
      ? []
      : [
          expect.stringMatching(
            /^Node\.js 22 for the functions is not in .*, and QUICKTURN_OFFLINE=1 forbids to fetch it\.$/,
          ),
        ],
  );
});

test("this process's Node is the applied one where its version is the same; another version has a warning", () => {
  expect(findNodeBinary(`nodejs${OWN}.x`, {})).toEqual({ path: process.execPath, warning: undefined });
  expect(findNodeBinary("nodejs99.x", {})).toEqual({
    path: process.execPath,
    warning: expect.stringContaining(
      `The applied runtime is nodejs99.x; functions run on this process's Node ${process.versions.node}.`,
    ) as unknown,
  });
});

test("another runtime is refused", () => {
  expect(() => findNodeBinary("python3.12", {})).toThrow(
    'the applied runtime is "python3.12". Allowed: nodejs<major>.x.',
  );
});
