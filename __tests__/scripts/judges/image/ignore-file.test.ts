import { readIgnoreFile } from "../../../../scripts/judges/image/ignore-file";

test.each<[patterns: string, path: string, excluded: boolean]>([
  ["*\n!dist/image", "dist/image/api/index.mjs", false],
  ["*\n!dist/image", "dist/functions/api.zip", true],
  ["*\n!dist/image", ".git/config", true],
  ["*\n!a\na/secret", "a/secret/key", true],
  ["**/*.pem", "deep/down/a.pem", true],
  ["**/*.pem", "a.pem", true],
  ["*.pem", "deep/a.pem", false],
  ["a?c", "abc/d", true],
  ["a+b", "aab", false],
  ["# *\n", "anything", false],
  ["", "anything", false],
])("of %j the path %s is kept back: %s", (patterns, path, excluded) => {
  expect(readIgnoreFile(patterns).excludes(path)).toBe(excluded);
});
