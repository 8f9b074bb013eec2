import { asTextList, asTexts, numberOr, parseObject } from "../../../scripts/emulator/json";

test("a number may be written as a text, and anything else becomes the fallback", () => {
  expect([numberOr(2, 7), numberOr("3", 7), numberOr(null, 7), numberOr("", 7), numberOr("x", undefined)]).toEqual([
    2,
    3,
    7,
    7,
    undefined,
  ]);
});

test("values of another type are left out of a map of texts", () => {
  expect(asTexts({ a: "x", b: 1 })).toEqual({ a: "x" });
});

test("one text counts as a list, and a list with anything else is none", () => {
  expect([asTextList("a"), asTextList(["a", "b"]), asTextList(["a", 1]), asTextList([])]).toEqual([
    ["a"],
    ["a", "b"],
    undefined,
    undefined,
  ]);
});

test("a text that holds no JSON object is undefined", () => {
  expect([parseObject('{"a":1}'), parseObject("[]"), parseObject("null"), parseObject("{")]).toEqual([
    { a: 1 },
    undefined,
    undefined,
    undefined,
  ]);
});
