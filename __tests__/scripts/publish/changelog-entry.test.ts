import { findChangelogEntry } from "../../../scripts/publish/release";

const CHANGELOG = `# Changelog

## 1.10.0 (2026-03-01)

Ten.

### Details

More.

## [1.1.0] - 2026-02-01

Eleven.

## 1.0.0 (unreleased)

One.

## 0.9.0

`;

test.each([
  ["1.10.0", "Ten.\n\n### Details\n\nMore.", false],
  ["1.1.0", "Eleven.", false],
  ["1.0.0", "One.", true],
])("the section of %s ends where the next begins", (version, text, unreleased) => {
  expect(findChangelogEntry(CHANGELOG, version)).toEqual({ text, unreleased });
});

test("a version that is only the beginning of another's has no section, and those that are there are named", () => {
  expect(() => findChangelogEntry(CHANGELOG, "1.1")).toThrow(
    'CHANGELOG.md has no section "## 1.1", the version in package.json; it has: 1.10.0 (2026-03-01), [1.1.0] - 2026-02-01, 1.0.0 (unreleased), 0.9.0. Write what this version changes for operators.',
  );
  expect(() => findChangelogEntry("# Changelog\n", "1.1")).toThrow("it has: none.");
});

test("a section with nothing in it is refused", () => {
  expect(() => findChangelogEntry(CHANGELOG, "0.9.0")).toThrow(
    'CHANGELOG.md has nothing in the section "## 0.9.0". Write what this version changes for operators.',
  );
});
