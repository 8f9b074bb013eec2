/** A request as it came in. Names and values keep the caller's spelling; look-ups of headers do not mind it. */
export class GatewayRequest {
  readonly method: string;
  /** Path with the stage, percent-encoded as received. */
  readonly rawPath: string;
  /** Query string without the question mark, as received. */
  readonly rawQuery: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly sourceIp: string;

  constructor(given: { method: string; url: string; rawHeaders: readonly string[]; body: Buffer; sourceIp: string }) {
    const mark = given.url.indexOf("?");
    this.method = given.method;
    this.rawPath = mark < 0 ? given.url : given.url.slice(0, mark);
    this.rawQuery = mark < 0 ? "" : given.url.slice(mark + 1);
    this.headers = pairs(given.rawHeaders);
    this.body = given.body;
    this.sourceIp = given.sourceIp;
  }

  /** The last value of a header, as API Gateway picks one of several. */
  header(name: string): string | undefined {
    return this.headerValues(name).at(-1);
  }

  headerValues(name: string): readonly string[] {
    const wanted = name.toLowerCase();
    return this.headers.filter(([given]) => given.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** Decoded query parameters, every value of each. */
  get query(): ReadonlyMap<string, readonly string[]> {
    const parameters = new Map<string, string[]>();
    for (const [name, value] of new URLSearchParams(this.rawQuery))
      parameters.set(name, [...(parameters.get(name) ?? []), value]);
    return parameters;
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) result.push([raw[index]!, raw[index + 1]!]);
  return result;
}
