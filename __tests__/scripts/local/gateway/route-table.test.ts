import { readRoutes } from "../../../../scripts/local/gateway/route";
import { RouteTable } from "../../../../scripts/local/gateway/route-table";
import { integration } from "../fixtures";

const paths = ["/{proxy+}", "/a/{id}", "/a/fixed", "/a/{id}/more", "/"];
const table = new RouteTable(
  readRoutes({ paths: Object.fromEntries(paths.map((path) => [path, { get: integration() }])) }, [], () => undefined),
);

function match(path: string, method = "GET"): [string, Record<string, string>] | undefined {
  const found = table.match(method, path);
  return found === undefined ? undefined : [found.route.resourcePath, { ...found.pathParameters }];
}

test("a literal segment wins over a variable, and that over a greedy one", () => {
  expect(match("/a/fixed")).toEqual(["/a/fixed", {}]);
  expect(match("/a/1")).toEqual(["/a/{id}", { id: "1" }]);
  expect(match("/a/1/more/")).toEqual(["/a/{id}/more", { id: "1" }]);
  expect(match("/b/c/d")).toEqual(["/{proxy+}", { proxy: "b/c/d" }]);
  expect(match("/")).toEqual(["/", {}]);
});

test("variables stay percent-encoded, and an encoded slash does not split", () => {
  expect(match("/a/..%2fb%40c")).toEqual(["/a/{id}", { id: "..%2fb%40c" }]);
});

test("another method, or an empty segment, is no match", () => {
  expect(match("/a/1", "POST")).toBeUndefined();
  expect(match("/a//more")).toEqual(["/{proxy+}", { proxy: "a//more" }]);
});
