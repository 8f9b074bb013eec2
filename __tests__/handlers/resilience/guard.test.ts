import { isUnavailable } from "../../../handlers/clients/unavailable";
import { DependencyDownError, NotNeeded } from "../../../handlers/resilience/guard";

test("a dependency that is down makes the service unavailable; an answer that nobody needs does not", () => {
  expect(isUnavailable(new DependencyDownError("sqs was not called"))).toBe(true);
  expect(isUnavailable(new NotNeeded("enough agents answered"))).toBe(false);
});

test("they are told apart by name, as a bundle's chunks may each have a class", () => {
  expect([new DependencyDownError("x").name, new NotNeeded("x").name]).toEqual([
    "DependencyDownError",
    "NotNeededError",
  ]);
});
