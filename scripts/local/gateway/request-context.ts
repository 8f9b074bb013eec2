import { randomUUID } from "node:crypto";
import type { AppliedApi, AppliedStage } from "../applied/applied-api";
import type { GatewayRequest } from "./gateway-request";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `$context` of one request: what mapping expressions, gateway responses, the event and the access log read. */
export function createContext(
  api: AppliedApi,
  stage: AppliedStage,
  request: GatewayRequest,
  nowMs: number,
): Map<string, string> {
  const traceId =
    request.header("x-amzn-trace-id") ??
    `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${randomUUID().replaceAll("-", "").slice(0, 24)}`;
  const domainName = request.header("host") ?? "";
  return new Map([
    ["requestId", randomUUID()],
    ["extendedRequestId", randomUUID().replaceAll("-", "").slice(0, 15) + "="],
    ["accountId", api.executionArn.split(":")[4] ?? ""],
    ["apiId", api.id],
    ["stage", stage.name],
    ["path", request.rawPath],
    ["httpMethod", request.method],
    ["protocol", "HTTP/1.1"],
    ["domainName", domainName],
    ["domainPrefix", domainName.split(".")[0] ?? ""],
    ["requestTime", commonLogTime(nowMs)],
    ["requestTimeEpoch", String(nowMs)],
    ["xrayTraceId", traceId],
    ["identity.sourceIp", request.sourceIp],
    ["identity.userAgent", request.header("user-agent") ?? ""],
  ]);
}

/** Such as `09/Apr/2026:12:34:56 +0000`. */
export function commonLogTime(nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}
