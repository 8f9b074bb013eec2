import type { HttpResponse } from "@smithy/core/protocols";

/**
 * The output in a service's answer, all of which is read, so that its socket can be used again. Throws the service's
 * error, by its name and with its fields.
 */
export async function readAnswer({ statusCode, headers, body }: HttpResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (statusCode === 200) return JSON.parse(text || "{}") as unknown;
  throw errorOf(fieldsIn(text), statusCode, headers);
}

/**
 * An error, its name in `__type`, or in a header where a service is out of order. The SDK drops the namespace before
 * `#`, too.
 */
function errorOf(
  fields: Readonly<Record<string, unknown>>,
  statusCode: number,
  headers: Readonly<Record<string, string>>,
): Error {
  const { __type: type = headers["x-amzn-errortype"], message, Message, ...rest } = fields;
  const name = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : "UnknownError";
  const told = message ?? Message;
  const error = new Error(typeof told === "string" && told !== "" ? told : `${name} (status ${statusCode})`);
  return Object.assign(error, rest, {
    name,
    $metadata: { httpStatusCode: statusCode, requestId: headers["x-amzn-requestid"] },
  });
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {}; // A gateway's page: the status says what it is.
  }
}
