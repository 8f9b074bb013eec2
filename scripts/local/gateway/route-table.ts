import type { Route } from "./route";

/** A route, and what its path's variables hold, percent-encoded as received: REST APIs do not decode them. */
export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request. A literal segment wins over `{name}`, and that over `{name+}`, whatever their order.
 */
export class RouteTable {
  private readonly routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes
      .map((route) => ({ route, segments: split(route.resourcePath) }))
      .sort((left, right) => compare(left.segments, right.segments));
  }

  /** `path` is without the stage. */
  match(method: string, path: string): RouteMatch | undefined {
    const given = split(path);
    for (const { route, segments } of this.routes) {
      if (route.method !== method) continue;
      const pathParameters = matchSegments(segments, given);
      if (pathParameters !== undefined) return { route, pathParameters };
    }
    return undefined;
  }
}

function split(path: string): string[] {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  return trimmed === "" ? [] : trimmed.split("/");
}

function matchSegments(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const [, name, greedy] = /^\{([^+}]+)(\+)?\}$/.exec(segment) ?? [];
    const value = greedy === undefined ? given[index] : given.slice(index).join("/");
    if (value === undefined || value === "" || (name === undefined && value !== segment)) return undefined;
    if (name !== undefined) parameters[name] = value;
    if (greedy !== undefined) return parameters;
  }
  return segments.length === given.length ? parameters : undefined;
}

function compare(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = rank(left[index]) - rank(right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(segment: string | undefined): number {
  if (segment === undefined || !segment.startsWith("{")) return 0;
  return segment.endsWith("+}") ? 2 : 1;
}
