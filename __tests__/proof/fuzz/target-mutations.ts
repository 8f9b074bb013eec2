import { mutationsFrom, type Mutation } from "./mutation";
import type { FuzzRequest } from "./request";

/** API Gateway says 403 where it knows no route; what stands before it may say more. */
const NO_ROUTE = [403, 404];
const NO_ROUTE_OR_INVALID = [...NO_ROUTE, 400];
const replaceVersion =
  (replacement: string): ((path: string) => string) =>
  (given) =>
    given.replace("/v1/", replacement);

const withTarget = (request: FuzzRequest, target: string): FuzzRequest => ({ ...request, target });
const query = (request: FuzzRequest, added: string): FuzzRequest =>
  withTarget(request, `${request.target}${request.target.includes("?") ? "&" : "?"}${added}`);
/** Changes the path and leaves the query. */
const path = (request: FuzzRequest, change: (path: string) => string): FuzzRequest => {
  const [before = "", ...rest] = request.target.split("?");
  return withTarget(request, [change(before), ...rest].join("?"));
};

/**
 * Paths that are nearly a route's. An encoded or doubled one may be taken for the route, and then its answer is the
 * route's own.
 */
const PATHS: Readonly<Record<string, readonly [change: (path: string) => string, allowed?: readonly number[]]>> = {
  "a slash at its end": [(given) => `${given}/`, [200, 202, 403, 404]],
  "a doubled slash": [replaceVersion("//v1/"), NO_ROUTE],
  "a doubled slash first": [(given) => `/${given}`, NO_ROUTE],
  "upper case": [(given) => given.replace("/api/v1", "/API/V1"), NO_ROUTE],
  "the route in upper case": [(given) => given.replace(/invoke|status|health/, (name) => name.toUpperCase()), NO_ROUTE],
  "..": [replaceVersion("/v1/../v1/"), NO_ROUTE_OR_INVALID],
  "%2e%2e": [replaceVersion("/v1/%2e%2e/v1/"), NO_ROUTE_OR_INVALID],
  ".": [replaceVersion("/v1/./"), NO_ROUTE_OR_INVALID],
  "..%2f": [replaceVersion("/v1/..%2fv1/"), NO_ROUTE_OR_INVALID],
  "an encoded slash": [replaceVersion("/v1%2f"), NO_ROUTE_OR_INVALID],
  "a backslash": [replaceVersion("/v1\\"), NO_ROUTE_OR_INVALID],
  "an encoded letter": [replaceVersion("/%761/"), [200, 202, 400, ...NO_ROUTE]],
  "a parameter": [replaceVersion("/v1;x=1/"), NO_ROUTE],
  "a parameter at its end": [(given) => `${given};x=1`, NO_ROUTE_OR_INVALID],
  "a further segment": [(given) => `${given}/more`, NO_ROUTE],
  "an ending": [(given) => `${given}.json`, NO_ROUTE_OR_INVALID],
  "NUL at its end": [(given) => `${given}%00`, NO_ROUTE_OR_INVALID],
  "a line break": [(given) => `${given}%0d%0aX-Injected:%20yes`, NO_ROUTE_OR_INVALID],
  "a broken escape": [(given) => `${given}%zz`, NO_ROUTE_OR_INVALID],
  "another version": [replaceVersion("/v2/"), NO_ROUTE],
  "only the root": [() => "/", NO_ROUTE],
  "a file of the host": [() => "/.git/config", NO_ROUTE],
  "9,000 characters": [(given) => `${given}/${"a".repeat(9_000)}`, [...NO_ROUTE, 400, 414]],
  "10,300 characters": [(given) => `${given}/${"a".repeat(10_300)}`, [...NO_ROUTE, 400, 414]],
};

/** Query strings that no route asks for. */
const QUERIES: Readonly<Record<string, readonly [added: string, maybe?: readonly number[]]>> = {
  "x=1": ["x=1"],
  "the id of another": ["request_id={other}"],
  "one name twice": ["x=1&x=2&x=3"],
  "a semicolon": ["a=1;b=2"],
  "a bar as it is": ["a=|b", [400]],
  "a bar, encoded": ["a=%7Cb"],
  "only a question mark": [""],
  "no value": ["x&y&=z&="],
  "an encoded line break": ["a=%0d%0aSet-Cookie:%20a=b"],
  "a broken escape": ["a=%zz%", [400, 403]],
  "no UTF-8": ["a=%ff%fe", [400, 403]],
  __proto__: ["__proto__=1&constructor=2&__proto__[x]=3"],
  credentials: ["X-Amz-Signature=0&AWSAccessKeyId=a&x-api-key=b", [400, 403]],
  "3,000 characters": [`a=${"b".repeat(3_000)}`],
  "100 names": [Array.from({ length: 100 }, (_, index) => `n${index}=${index}`).join("&")],
  "a plus and a space": ["a=b+c%20d"],
};

/** Ids of the status route that are nobody's, and what they may be answered. */
const IDS: Readonly<Record<string, readonly [target: string, allowed: readonly number[]]>> = {
  unknown: ["00000000-0000-4000-8000-000000000000", [404]],
  "another caller's": ["{other}", [404]],
  "another caller's, with a space after it": ["{other}%20", [400, 404]],
  "its own, with a space after it": ["{own}%20", [400, 404]],
  "two of them": ["{own},{other}", [400, 404]],
  "one character": ["a", [400]],
  "no hyphens": ["00000000000040008000000000000000", [400]],
  "36 hyphens": ["-".repeat(36), [400]],
  "a template": ["{request_id}", [400]],
  "an asterisk": ["*", [400]],
  NUL: ["%00", [400, 403]],
  "a path": ["..%2f..%2fhealth", [400, 403]],
  "a doubly encoded path": ["%252e%252e%252f", [400, 403]],
  emoji: ["%F0%9F%98%80", [400]],
  "no UTF-8": ["%FF%FE", [400, 403]],
  "full-width digits": ["%EF%BC%90".repeat(4), [400]],
  "a line break": ["{own}%0a", [400, 403, 404]],
  "an expression": ["%24%7Bjndi:ldap:%2F%2Flocalhost%7D", [400, 403]],
  "a number": ["-1", [400]],
  "2,000 characters": ["a".repeat(2_000), [400, 414]],
  empty: ["", [403, 404]],
};

/** Every change of a request's path, id, query and method. */
export const TARGET_MUTATIONS: readonly Mutation[] = [
  ...mutationsFrom("path", PATHS, ([change, allowed]) => ({
    part: "path",
    allowed,
    apply: (request) => path(request, change),
  })),
  ...mutationsFrom("id", IDS, ([id, allowed]) => ({
    part: "path",
    operations: ["status"],
    allowed,
    apply: (request) => path(request, (given) => given.replace(/\/status\/.*/, () => `/status/${id}`)),
  })),
  ...mutationsFrom("query", QUERIES, ([added, maybe]) => ({
    part: "query",
    allowed: maybe && [200, 202, ...maybe],
    apply: (request) => query(request, added),
  })),
  ...mutationsFrom(
    "query",
    { "probe=readiness": "probe=readiness", "probe twice": "probe=other&probe=readiness" },
    (added) => ({
      part: "query",
      operations: ["health"],
      apply: (request) => query(request, added),
    }),
  ),
  // A proxy before the API passes these on; it may answer other methods (below) itself.
  ...["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map(
    (method): Mutation => ({
      name: `method: ${method}`,
      part: "method",
      allowed: [403, 405],
      apply: (request) => ({ ...request, method }),
    }),
  ),
  ...["TRACE", "PROPFIND", "INVENTED", "post", "G\tET"].map(
    (method): Mutation => ({
      name: `method: ${JSON.stringify(method)}`,
      part: "method",
      allowed: [403, 405, 400, 501],
      malformed: true,
      apply: (request) => ({ ...request, method }),
    }),
  ),
];
