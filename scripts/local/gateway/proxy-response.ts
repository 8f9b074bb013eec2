import type { GatewayAnswer } from "./gateway-responses";
import { list, record, type Values } from "../applied/state";

/** Reads a function's answer; undefined where it is not what a Lambda proxy integration must return, which is a 502. */
export function parseProxyResponse(payload: string, decodesBase64: boolean): GatewayAnswer | undefined {
  let answer: Values | undefined;
  try {
    answer = record(JSON.parse(payload));
  } catch {
    return undefined; // Not JSON is one of the ways to be malformed.
  }
  if (answer === undefined) return undefined;
  const status = Number(answer.statusCode);
  const { body, headers, multiValueHeaders } = answer;
  const goodStatus = Number.isInteger(status) && status >= 100 && status <= 599 && answer.statusCode !== "";
  if (!goodStatus || !isText(body) || !isMap(headers) || !isMap(multiValueHeaders)) return undefined;
  const pairs = readHeaders(record(headers) ?? {}, record(multiValueHeaders) ?? {});
  if (pairs === undefined) return undefined;
  const typed = pairs.some(([name]) => name.toLowerCase() === "content-type");
  return {
    status,
    headers: typed ? pairs : [["Content-Type", "application/json"], ...pairs],
    // Without binary media types API Gateway hands the Base64 text itself to the caller.
    body: Buffer.from(
      typeof body === "string" ? body : "",
      answer.isBase64Encoded === true && decodesBase64 ? "base64" : "utf8",
    ),
  };
}

function isText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function isMap(value: unknown): boolean {
  return value === undefined || value === null || record(value) !== undefined;
}

/** Headers of many values win over those of one with the same name and value. */
function readHeaders(single: Values, multiple: Values): [string, string][] | undefined {
  const pairs = Object.entries(multiple).flatMap(([name, values]) =>
    list(values).map((value): [string, unknown] => [name, value]),
  );
  for (const [name, value] of Object.entries(single)) {
    if (!pairs.some(([other, given]) => other.toLowerCase() === name.toLowerCase() && given === value))
      pairs.push([name, value]);
  }
  const scalar = pairs.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return scalar ? pairs.map(([name, value]) => [name, String(value)]) : undefined;
}
