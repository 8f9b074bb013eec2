import { formatChecksums, createManifest } from "../../../scripts/publish/manifest";

const source = (changed: readonly string[], unreleased: boolean) => ({
  name: "x",
  version: "1.0.0",
  tree: { commit: "abc", changed },
  entry: { unreleased },
});
const file = (name: string) => ({ name, bytes: 1, sha256: "00" });

test("files that are not as the commit has them make it dirty, and it says what the changelog says", () => {
  expect(createManifest(source([], false), [], [])).toMatchObject({
    commit: "abc",
    workingTree: "clean",
    changelog: "released",
  });
  expect(createManifest(source(["README.md"], true), [], [])).toMatchObject({
    workingTree: "dirty",
    changelog: "unreleased",
  });
});

test("files are in order of their names, functions go by name", () => {
  const manifest = createManifest(
    source([], false),
    [{ name: "api", sha256: "aa" }],
    [file("b"), file("a"), file("B")],
  );
  expect(manifest.files.map(({ name }) => name)).toEqual(["B", "a", "b"]);
  expect(manifest.functions).toEqual({ api: "aa" });
});

test("a checksum's line is as sha256sum writes it", () => {
  expect(
    formatChecksums([
      { name: "a.zip", sha256: "aa" },
      { name: "b", sha256: "bb" },
    ]),
  ).toBe("aa  a.zip\nbb  b\n");
});
