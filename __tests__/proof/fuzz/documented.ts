import Ajv, { type ValidateFunction } from "ajv";
import type { Answer, CallersDocument, Operation, Schema } from "../../../scripts/publish/openapi-schemas";
import { headerOf, jsonOf, type WireAnswer } from "./raw-http";
import type { Problem } from "./finding";
import type { FuzzCase } from "./request";

type Answered = Extract<WireAnswer, { kind: "answer" }>;

interface Documented {
  readonly answer: Answer;
  readonly body: ValidateFunction;
}

/** Says whether answers are those that the document promises. */
export class DocumentedAnswers {
  /** By `<operation> <status>`. */
  private readonly answers = new Map<string, Documented>();

  constructor(document: CallersDocument) {
    // The document's words that say nothing about values, such as examples, are no error; formats have a pattern beside
    // them.
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema({ $id: "document", components: closed(document.components) as Schema });
    for (const operation of operationsOf(document)) {
      for (const [status, answer] of Object.entries(operation.responses)) {
        const schema = closed(answer.content["application/json"]?.schema ?? {}) as Schema;
        this.answers.set(`${operation.operationId} ${status}`, {
          answer,
          body: ajv.compile(pointed(schema) as Schema),
        });
      }
    }
  }

  /**
   * What the document does not say of an answer; a request of one-byte noise may be refused by any 4xx, JSON or not.
   */
  problems({ operationId, allowed, malformed, request }: FuzzCase, answered: Answered): Problem[] {
    const { status } = answered;
    if (malformed && status >= 400 && status < 500) return [];
    const documented = this.answers.get(`${operationId} ${status}`);
    if (documented === undefined)
      return [
        {
          kind: "undocumented",
          what:
            `${status}, which ${operationId} does not document; ` +
            `documented: ${this.statusesOf(operationId).join(", ")}`,
        },
      ];
    const unexpected: Problem[] =
      status === 429 || allowed.includes(status)
        ? []
        : [{ kind: "unexpected", what: `${status}; expected ${allowed.join(" or ")}` }];
    return [
      ...unexpected,
      ...headerProblems(documented.answer, answered),
      ...(request.method === "HEAD" ? [] : bodyProblems(documented, answered)),
    ];
  }

  private statusesOf(operationId: string): string[] {
    return [...this.answers.keys()]
      .filter((key) => key.startsWith(`${operationId} `))
      .map((key) => key.slice(operationId.length + 1));
  }
}

function operationsOf({ paths }: CallersDocument): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods));
}

/** Callers are to bear further properties; an answer that has one has more than its document all the same. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const { allOf, ...rest } = value as Schema;
  const entries = Object.fromEntries(
    Object.entries(rest).map(([key, each]) => [key, key === "examples" || key === "example" ? each : closed(each)]),
  );
  const isObject =
    entries["type"] === "object" &&
    entries["properties"] !== undefined &&
    entries["additionalProperties"] === undefined;
  // What stands in allOf adds to the first of them: closed, each would refuse what the others allow.
  const [first, ...others] = allOf ?? [];
  return {
    ...entries,
    ...(isObject && { additionalProperties: false }),
    ...(first && { allOf: [closed(first), ...others] }),
  };
}

/** References from within `document`. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === "$ref" && typeof each === "string" ? `document${each}` : pointed(each),
    ]),
  );
}

function headerProblems({ headers }: Answer, answered: Answered): Problem[] {
  return Object.entries(headers).flatMap(([name, { required, schema }]): Problem[] => {
    const value = headerOf(answered, name.toLowerCase());
    if (value === undefined) return required ? [{ kind: "header", what: `${answered.status} without ${name}` }] : [];
    const breaks =
      (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) ||
      (schema.enum !== undefined && !schema.enum.includes(value));
    return breaks
      ? [
          {
            kind: "header",
            what:
              `${answered.status} with ${name}: ${JSON.stringify(value)}; ` +
              `allowed: ${schema.pattern ?? schema.enum?.join(", ")}`,
          },
        ]
      : [];
  });
}

function bodyProblems({ body }: Documented, answered: Answered): Problem[] {
  const type = headerOf(answered, "content-type") ?? "nothing";
  if (!/^application\/json\b/.test(type))
    return [{ kind: "schema", what: `${answered.status} with Content-Type ${type}; documented: application/json` }];
  const value = jsonOf(answered);
  if (value === undefined) return [{ kind: "schema", what: `${answered.status} whose body is no JSON` }];
  if (body(value)) return [];
  const errors = (body.errors ?? [])
    .slice(0, 3)
    .map(
      ({ instancePath, message, params }) =>
        `${instancePath || "the body"} ${message ?? "is invalid"}` +
        ("additionalProperty" in params ? ` (${String(params["additionalProperty"])})` : ""),
    );
  return [{ kind: "schema", what: `${answered.status} whose body is not as documented: ${errors.join("; ")}` }];
}
