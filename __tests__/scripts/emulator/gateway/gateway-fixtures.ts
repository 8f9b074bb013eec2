import { GatewayRequest } from "../../../../scripts/emulator/gateway/gateway";
import type { MappingSource } from "../../../../scripts/emulator/gateway/gateway-responses";
import { readRoutes, type Route } from "../../../../scripts/emulator/gateway/route";
import type { AppliedMethodSettings } from "../../../../scripts/emulator/applied/api";
import { integration, SECURITY_SCHEMES } from "../fixtures";

export function request(
  given: { method?: string; url?: string; headers?: Record<string, string>; body?: string } = {},
): GatewayRequest {
  const { method = "GET", url = "/local/echo", headers = {}, body = "" } = given;
  return new GatewayRequest({
    method,
    url,
    rawHeaders: Object.entries(headers).flat(),
    body: Buffer.from(body),
    sourceIp: "127.0.0.1",
  });
}

export function source(given: Partial<MappingSource> = {}): MappingSource {
  return { request: request(), pathParameters: {}, context: new Map(), stageVariables: {}, ...given };
}

/** The only route of an operation at `/echo/{id}`. */
export function route(
  operation: Record<string, unknown> = {},
  options: {
    method?: string;
    document?: Record<string, unknown>;
    settings?: AppliedMethodSettings[];
    warn?: (text: string) => void;
  } = {},
): Route {
  const { method = "get", document = {}, settings = [], warn = () => undefined } = options;
  const full = {
    components: { securitySchemes: SECURITY_SCHEMES },
    ...document,
    paths: { "/echo/{id}": { [method]: { ...integration(), ...operation } } },
  };
  return readRoutes(full, settings, warn)[0]!;
}
