import { RouteNotFoundError } from "./errors";

/** The routes, by method and resource as the gateway names them. */
const ROUTES = {
  "POST /api/v1/invoke": "invoke",
  "GET /api/v1/status/{request_id}": "status",
  "GET /api/v1/health": "health",
} as const;

export type RouteName = (typeof ROUTES)[keyof typeof ROUTES];

/** The route of a method and a resource. Throws {@link RouteNotFoundError}. */
export function routeOf(method: string, resource: string): RouteName {
  const route = new Map<string, RouteName>(Object.entries(ROUTES)).get(`${method} ${resource}`);
  if (!route) throw new RouteNotFoundError(`No such route. There are: ${Object.keys(ROUTES).join(", ")}.`);
  return route;
}
