/** An answer that the proxy gives by itself. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a service answers where it throttles, by the name in the request's signature. */
export function throttled(service: string, operation: string): Answer {
  if (service === "s3")
    return xml(503, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
  if (service === "sts")
    return xml(
      400,
      `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`,
    );
  // Reads and writes are charged to the table, everything else to the account.
  if (service === "dynamodb")
    return json(
      400,
      /Item|Query|Scan/.test(operation) ? "ProvisionedThroughputExceededException" : "ThrottlingException",
    );
  return json(service === "sqs" ? 400 : 429, "ThrottlingException");
}

/** How a service answers where something broke. */
export function failed(service: string): Answer {
  if (service === "s3")
    return xml(500, "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>");
  if (SPEAKS_QUERY.has(service))
    return xml(
      500,
      "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>Internal failure</Message></Error></ErrorResponse>",
    );
  return json(500, "InternalServerError");
}

/** How a service answers where the caller has no permission. */
export function denied(service: string): Answer {
  if (service === "s3") return xml(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
  if (SPEAKS_QUERY.has(service))
    return xml(
      403,
      "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>",
    );
  return json(service === "dynamodb" ? 400 : 403, "AccessDeniedException");
}

/** The services of the older query protocol among those in use: their errors are XML. */
const SPEAKS_QUERY = new Set(["sts", "iam", "sns", "monitoring"]);

/** The JSON protocols name the error in the body, the REST one in a header. */
function json(status: number, name: string): Answer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": name },
    body: JSON.stringify({ __type: name, message: "Injected fault" }),
  };
}

function xml(status: number, body: string): Answer {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}
