import { randomUUID } from "node:crypto";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Applied } from "../applied/applied";
import type { GatewayRequest } from "./gateway";
import { fillTemplate } from "./gateway-responses";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * `$context` of one request, which mapping expressions, gateway responses, the event and the access log read.
 * @param nowMs milliseconds since 1970
 */
export function createContext(
  { api, stage }: Pick<Applied, "api" | "stage">,
  request: GatewayRequest,
  nowMs: number,
): Map<string, string> {
  const traceId =
    request.header("x-amzn-trace-id") ?? `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${randomHex(24)}`;
  const domainName = request.header("host") ?? "";
  return new Map([
    ["requestId", randomUUID()],
    ["extendedRequestId", `${randomHex(15)}=`],
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

const randomHex = (digits: number): string => randomUUID().replaceAll("-", "").slice(0, digits);

/** Such as `09/Apr/2026:12:34:56 +0000`. */
export function commonLogTime(nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
}

/** `<directory>/access.log`: one line for each request, in the applied format. */
export class AccessLog {
  private readonly file: string;
  private lastWrite: Promise<void>;

  constructor(directory: string) {
    this.file = join(directory, "access.log");
    this.lastWrite = mkdir(directory, { recursive: true }).then(() => undefined);
    this.lastWrite.catch(() => undefined); // `close` rejects with it.
  }

  /** Writes in the order of the calls. */
  write(format: string, context: ReadonlyMap<string, string>): void {
    const line = `${formatLine(format, context)}\n`;
    this.lastWrite = this.lastWrite.then(() => appendFile(this.file, line));
    this.lastWrite.catch(() => undefined); // `close` rejects with it.
  }

  /** Waits until all lines are on disk. Rejects where one could not be written. */
  async close(): Promise<void> {
    await this.lastWrite;
  }
}

/**
 * Escapes values, so that a caller's text cannot end the line or a JSON string of the format. `error.messageString` has
 * quotes of its own.
 */
export function formatLine(format: string, context: ReadonlyMap<string, string>): string {
  const escape = (name: string, value: string) =>
    name === "error.messageString" ? value : JSON.stringify(value).slice(1, -1);
  return fillTemplate(format, context, { fallback: "-", escape }).replace(/[\r\n]+/g, " ");
}
