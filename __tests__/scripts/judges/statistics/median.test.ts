import { median } from "../../../../scripts/judges/statistics/median";

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[10, 9, 1, 2], 5.5],
])("the median of %j is %d", (values, expected) => expect(median(values)).toBe(expected));

test("no values have no median", () => expect(() => median([])).toThrow("There is no median of no values."));
