import { packageFolders } from "../../../../scripts/kit/production-packages";

test("a file belongs to the package of the innermost node_modules, with its scope; the project's own to none", () => {
  expect(
    packageFolders([
      "node_modules/b/index.js",
      "handlers/api.ts",
      "node_modules/@s/a/dist/node_modules.js",
      "node_modules/b/lib/x.js",
      "node_modules/b/node_modules/@s/c/x.mjs",
      "handlers/node_modules/d/index.js",
    ]),
  ).toEqual(["handlers/node_modules/d", "node_modules/@s/a", "node_modules/b", "node_modules/b/node_modules/@s/c"]);
});
