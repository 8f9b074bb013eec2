import type { GatewayRequest } from "./gateway-request";

/** What a mapping expression may read. */
export interface MappingSource {
  readonly request: GatewayRequest;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** `$context` variables, such as `identity.userArn`. */
  readonly context: Map<string, string>;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/**
 * Forms of a mapping expression that are evaluated here; the request's body is never one, as for proxy integrations.
 */
const FORMS: readonly (readonly [RegExp, (name: string, source: MappingSource) => string | undefined])[] = [
  [/^'(.*)'$/s, (text) => text],
  [/^method\.request\.path\.(.+)$/, (name, { pathParameters }) => pathParameters[name]],
  [/^method\.request\.(?:multivalue)?header\.(.+)$/i, (name, { request }) => joined(request.headerValues(name))],
  [
    /^method\.request\.(?:multivalue)?querystring\.(.+)$/i,
    (name, { request }) => joined(request.query.get(name) ?? []),
  ],
  [/^context\.(.+)$/, (name, { context }) => context.get(name)],
  [/^stageVariables\.(.+)$/, (name, { stageVariables }) => stageVariables[name]],
];

/** The value of an expression such as `method.request.path.id`, `context.identity.userArn` or `'text'`. */
export function evaluate(expression: string, source: MappingSource): string | undefined {
  for (const [form, read] of FORMS) {
    const match = form.exec(expression);
    if (match !== null) return read(match[1]!, source);
  }
  return undefined;
}

/** True where `evaluate` knows the form; anything else is refused when the API is loaded. */
export function isExpression(expression: string): boolean {
  return FORMS.some(([form]) => form.test(expression));
}

function joined(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(",");
}
