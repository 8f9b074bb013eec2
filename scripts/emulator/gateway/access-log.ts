import { randomUUID } from "node:crypto";
import type { AppliedApi, AppliedStage } from "../applied/api";
import type { GatewayRequest } from "./gateway";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { substitute } from "./gateway-responses";

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

/** `<directory>/access.log`: one line for each request, in the applied format. */
export class AccessLog {
  private readonly file: string;
  private last: Promise<void>;

  constructor(directory: string) {
    this.file = join(directory, "access.log");
    this.last = mkdir(directory, { recursive: true }).then(() => undefined);
    this.last.catch(() => undefined); // Told by `close`.
  }

  /** Writes in the order of the calls. */
  write(format: string, context: ReadonlyMap<string, string>): void {
    const line = `${formatLine(format, context)}\n`;
    this.last = this.last.then(() => appendFile(this.file, line));
    this.last.catch(() => undefined); // Told by `close`.
  }

  /** Waits until all lines are on disk. */
  async close(): Promise<void> {
    await this.last;
  }
}

/** A caller's text cannot end the line or a JSON string of the format; `error.messageString` brings its own quotes. */
export function formatLine(format: string, context: ReadonlyMap<string, string>): string {
  const escape = (name: string, value: string) =>
    name === "error.messageString" ? value : JSON.stringify(value).slice(1, -1);
  return substitute(format, context, "-", escape).replace(/[\r\n]+/g, " ");
}
