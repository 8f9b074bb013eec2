import { atLeast } from "../../../scripts/judges/version";

test.each([
  ["1.11.4", "1.11.0", true],
  ["1.11.0", "1.11.0", true],
  ["1.9.8", "1.11.0", false],
  ["2.0", "1.11.0", true],
  ["1.12.0-rc1", "1.11.0", true],
  ["20.8.9", "20.9.0", false],
])("%s is at least %s: %s", (version, minimum, expected) => {
  expect(atLeast(version, minimum)).toBe(expected);
});
