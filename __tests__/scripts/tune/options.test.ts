import { runsOf, sizesOf } from "../../../scripts/tune/options";

test("sizes are sorted and kept to the setting's limits; without any, the usual ones and the one in effect", () => {
  expect(sizesOf({ sizes: "1024, 512", function: "worker" }, 3_072)).toEqual([512, 1_024]);
  expect(sizesOf({ function: "worker" }, 2_048)).toEqual([512, 1_024, 1_769, 2_048, 3_072]);
  for (const sizes of ["512", "512,512", "64,512", "512,20000", "512,1e3", "a,b"])
    expect(() => sizesOf({ sizes, function: "api" }, 512)).toThrow(
      `--sizes is "${sizes}"; allowed: at least two different whole numbers from 128 to 10240 with commas between, such as 512,1024,1769,3072.`,
    );
});

test("fewer runs than say anything are refused", () => {
  expect(runsOf({})).toBe(20);
  expect(() => runsOf({ runs: "4" })).toThrow('--runs is "4"; allowed: a whole number from 5 to 1000.');
});
