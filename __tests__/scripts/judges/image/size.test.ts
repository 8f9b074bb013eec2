import { imageSize, judgeSize, mebibytes } from "../../../../scripts/judges/image/size";

const LAYERS = [
  { line: 3, bytes: 100 },
  { line: 4, bytes: 300 },
];

test("an image within its budget has no problem, one byte above it names its largest layer", () => {
  expect(imageSize(LAYERS)).toBe(400);
  expect(judgeSize(LAYERS, 400)).toEqual([]);
  expect(judgeSize(LAYERS, 399)).toMatchObject([
    { rule: "size-budget", line: 4, message: expect.stringContaining("This layer is the largest") as unknown },
  ]);
});

test("sizes are told in mebibytes", () => expect(mebibytes(9_730_604)).toBe("9.3 MiB"));
