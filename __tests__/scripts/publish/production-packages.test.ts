import { packagesIn, type LockedPackages } from "../../../scripts/publish/production-packages";

const LOCKED: LockedPackages = {
  "": {
    name: "root",
    version: "1.0.0",
    dependencies: { a: "1", "@s/b": "1" },
    optionalDependencies: { "native-linux": "1", "native-windows": "1" },
  },
  handlers: { name: "@root/handlers", version: "1.0.0", dependencies: { only: "1", a: "1" } },
  "node_modules/@root/handlers": { link: true },
  "node_modules/a": {
    version: "1.1.0",
    license: "MIT",
    integrity: "sha512-AA==",
    dependencies: { c: "2", d: "1" },
    peerDependencies: { "@s/b": "1", missing: "1" },
  },
  "node_modules/a/node_modules/c": { version: "2.0.0", license: "ISC", dependencies: { d: "1" } },
  "node_modules/@s/b": { version: "1.0.0", license: "MIT", dependencies: { c: "1" } },
  "node_modules/c": { version: "1.0.0", license: "ISC" },
  "node_modules/d": { version: "1.0.0" },
  "node_modules/native-linux": { version: "1.0.0", license: "MIT" },
  "node_modules/only": { version: "1.0.0", license: "MIT" },
  "node_modules/tester": { version: "1.0.0", license: "MIT" },
  "handlers/node_modules/only": { version: "3.0.0", license: "MIT", dependencies: { a: "1", d: "1" } },
};

test("each dependency is the nearest one upwards, and the order is that of name and version", () => {
  const folders = Object.keys(LOCKED).filter((folder) => /^node_modules\/(?!@root|only|tester)/.test(folder));
  expect(packagesIn(LOCKED, folders)).toEqual([
    { name: "@s/b", version: "1.0.0", license: "MIT", integrity: undefined, dependsOn: ["c@1.0.0"] },
    {
      name: "a",
      version: "1.1.0",
      license: "MIT",
      integrity: "sha512-AA==",
      dependsOn: ["@s/b@1.0.0", "c@2.0.0", "d@1.0.0"],
    },
    { name: "c", version: "1.0.0", license: "ISC", integrity: undefined, dependsOn: [] },
    { name: "c", version: "2.0.0", license: "ISC", integrity: undefined, dependsOn: ["d@1.0.0"] },
    { name: "d", version: "1.0.0", license: undefined, integrity: undefined, dependsOn: [] },
    { name: "native-linux", version: "1.0.0", license: "MIT", integrity: undefined, dependsOn: [] },
  ]);
});

test("the same package in two folders is one, which depends on what either does", () => {
  const twice = {
    "": { dependencies: { a: "1", b: "1" } },
    "node_modules/a": { version: "1.0.0", dependencies: { x: "1" } },
    "node_modules/b": { version: "1.0.0", dependencies: { x: "1", y: "2" } },
    "node_modules/x": { version: "1.0.0", integrity: "sha512-AA==", dependencies: { y: "1" } },
    "node_modules/y": { version: "1.0.0" },
    "node_modules/b/node_modules/x": { version: "1.0.0", dependencies: { y: "2" } },
    "node_modules/b/node_modules/y": { version: "2.0.0" },
  };
  expect(packagesIn(twice, Object.keys(twice).slice(1)).filter(({ name }) => name === "x")).toEqual([
    { name: "x", version: "1.0.0", license: undefined, integrity: "sha512-AA==", dependsOn: ["y@1.0.0", "y@2.0.0"] },
  ]);
});

test("packages by their folders depend on each other alone", () => {
  expect(
    packagesIn(LOCKED, ["handlers/node_modules/only", "node_modules/d"]).map(({ name, version, dependsOn }) => [
      name,
      version,
      dependsOn,
    ]),
  ).toEqual([
    ["d", "1.0.0", []],
    ["only", "3.0.0", ["d@1.0.0"]],
  ]);
});

test("a lock file that does not know what is asked for is refused, with what writes it", () => {
  const incomplete = { "node_modules/a": { version: "1.0.0", dependencies: { gone: "1" } } };
  expect(() => packagesIn(incomplete, ["node_modules/a"])).toThrow(
    "package-lock.json has no gone for node_modules/a; write it anew: npm install --package-lock-only",
  );
  expect(() => packagesIn({ "node_modules/a": {} }, ["node_modules/a"])).toThrow(
    "package-lock.json has no version for node_modules/a",
  );
  expect(() => packagesIn(LOCKED, ["node_modules/d", "node_modules/gone"])).toThrow(
    "package-lock.json does not know node_modules/gone; install what it knows: npm ci",
  );
});
