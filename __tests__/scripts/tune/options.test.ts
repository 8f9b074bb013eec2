import { readSizes, readWholeNumber } from "../../../scripts/tune/options";

test("sizes are sorted and within the setting's limits; the default adds the size in effect", () => {
  expect(readSizes({ sizes: "1024, 512", function: "worker" }, 3_072)).toEqual([512, 1_024]);
  expect(readSizes({ function: "worker" }, 2_048)).toEqual([512, 1_024, 1_769, 2_048, 3_072]);
  for (const sizes of ["512", "512,512", "64,512", "512,20000", "512,1e3", "a,b"])
    expect(() => readSizes({ sizes, function: "api" }, 512)).toThrow(
      `--sizes is "${sizes}"; allowed: at least two different whole numbers from 128 to 10240, separated by commas, such as 512,1024,1769,3072.`,
    );
});

test("a whole number outside of its limits is refused, and a missing one has a default", () => {
  const limits = { fallback: 20, minimum: 5, maximum: 1_000 };
  expect(readWholeNumber("runs", undefined, limits)).toBe(20);
  expect(() => readWholeNumber("runs", "4", limits)).toThrow('--runs is "4"; allowed: a whole number from 5 to 1000.');
});
