import { execFileSync } from "node:child_process";
import { findNodeBinary } from "../../../scripts/kit/node-binary";

const OWN = process.versions.node.split(".")[0]!;

test("Node 22 comes from its package where that is installed", () => {
  const { path, warning } = findNodeBinary("nodejs22.x");
  expect([execFileSync(path, ["--version"], { encoding: "utf8" }).slice(0, 4), warning]).toEqual(["v22.", undefined]);
});

test("without a package this process's Node runs the functions, with a warning unless the version is the same", () => {
  expect(findNodeBinary(`nodejs${OWN}.x`, () => undefined)).toEqual({ path: process.execPath, warning: undefined });
  const other = findNodeBinary("nodejs99.x", () => undefined);
  expect(other.path).toBe(process.execPath);
  expect(other.warning).toContain(
    `The applied runtime is nodejs99.x; functions run on this process's Node ${process.versions.node}.`,
  );
});

test("another runtime is refused", () => {
  expect(() => findNodeBinary("python3.12")).toThrow('the applied runtime is "python3.12". Allowed: nodejs<major>.x.');
});
