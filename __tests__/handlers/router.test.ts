import { routeOf } from "../../handlers/router";

test.each([
  ["POST", "/api/v1/invoke", "invoke"],
  ["GET", "/api/v1/status/{request_id}", "status"],
  ["GET", "/api/v1/health", "health"],
])("%s %s is the route %s", (method, resource, route) => {
  expect(routeOf(method, resource)).toBe(route);
});

test.each([
  ["GET", "/api/v1/invoke"],
  ["post", "/api/v1/invoke"],
  ["POST", "/api/v1/invoke/"],
  ["POST", "//api/v1/invoke"],
  ["GET", "/API/V1/HEALTH"],
  ["GET", "/api/v1/status/1"],
  ["__proto__", ""],
])("%s %s is no route, and the message names those there are", (method, resource) => {
  expect(() => routeOf(method, resource)).toThrow(
    "No such route. There are: POST /api/v1/invoke, GET /api/v1/status/{request_id}, GET /api/v1/health.",
  );
});
