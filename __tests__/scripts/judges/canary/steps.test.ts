import { canarySteps } from "../../../../scripts/judges/canary/steps";

test.each([
  [undefined, undefined, [10, 100]],
  ["25", undefined, [25, 100]],
  ["100", undefined, [100]],
  [undefined, "10,50,100", [10, 50, 100]],
  ["10", "10, 50, 100", [10, 50, 100]],
  [undefined, "0.5,100", [0.5, 100]],
])("weight %j and steps %j are %j", (weight, steps, expected) => expect(canarySteps(weight, steps)).toEqual(expected));

test.each([
  [undefined, "50,10,100", "allowed: ascending percents"],
  [undefined, "10,50", "of which the last is 100"],
  [undefined, "10,10,100", "allowed: ascending percents"],
  ["20", "10,100", "allowed: steps that begin with the weight"],
  ["0", undefined, '--weight has "0"; allowed: percent above 0'],
  ["101", undefined, "up to 100"],
  [undefined, "10,,100", '--steps has ""'],
  ["ten", undefined, '--weight has "ten"'],
])("weight %j and steps %j are refused: %s", (weight, steps, message) =>
  expect(() => canarySteps(weight, steps)).toThrow(message),
);
