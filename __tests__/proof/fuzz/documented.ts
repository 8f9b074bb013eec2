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
        this.answers.set(`${operation.operationId} ${status}`, {
          answer,
          body: ajv.compile(pointed(closed(answer.content["application/json"]?.schema ?? {}))),
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
    if (documented === undefined) {
      const known = this.statusesOf(operationId).join(", ");
      return [
        { kind: "undocumented", what: `${status}, which ${operationId} does not document; documented: ${known}` },
      ];
    }
    const isExpected = status === 429 || allowed.includes(status);
    return [
      ...problemIf(!isExpected, "unexpected", `${status}; expected ${allowed.join(" or ")}`),
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

const problemIf = (isWrong: boolean, kind: Problem["kind"], what: string): Problem[] =>
  isWrong ? [{ kind, what }] : [];

/** References from within the schema named `document`. */
const pointed = (schema: unknown): Schema =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === "$ref" ? `document${String(value)}` : value,
  ) as Schema;

/** Callers must tolerate further properties; an answer that has one still has more than its document. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const { allOf, ...rest } = value as Schema;
  const entries: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, each]) => [key, key === "examples" || key === "example" ? each : closed(each)]),
  );
  const isOpenObject =
    entries["type"] === "object" &&
    entries["properties"] !== undefined &&
    entries["additionalProperties"] === undefined;
  // The parts of allOf add to the first of them: closed, each would refuse what the others allow.
  const [first, ...others] = allOf ?? [];
  return {
    ...entries,
    ...(isOpenObject && { additionalProperties: false }),
    ...(first && { allOf: [closed(first), ...others] }),
  };
}

function headerProblems({ headers }: Answer, answered: Answered): Problem[] {
  return Object.entries(headers).flatMap(([name, { required, schema }]): Problem[] => {
    const value = headerOf(answered, name.toLowerCase());
    if (value === undefined) return problemIf(required, "header", `${answered.status} without ${name}`);
    const breaks =
      (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) ||
      (schema.enum !== undefined && !schema.enum.includes(value));
    const allowed = schema.pattern ?? schema.enum?.join(", ");
    return problemIf(
      breaks,
      "header",
      `${answered.status} with ${name}: ${JSON.stringify(value)}; allowed: ${allowed}`,
    );
  });
}

function bodyProblems({ body }: Documented, answered: Answered): Problem[] {
  const problem = (what: string): Problem[] => [{ kind: "schema", what: `${answered.status} ${what}` }];
  const type = headerOf(answered, "content-type") ?? "nothing";
  if (!/^application\/json\b/.test(type)) return problem(`with Content-Type ${type}; documented: application/json`);
  const value = jsonOf(answered);
  if (value === undefined) return problem("whose body is no JSON");
  if (body(value)) return [];
  const errors = (body.errors ?? []).slice(0, 3).map(({ instancePath, message, params }) => {
    const property = "additionalProperty" in params ? ` (${String(params["additionalProperty"])})` : "";
    return `${instancePath || "the body"} ${message ?? "is invalid"}${property}`;
  });
  return problem(`whose body is not as documented: ${errors.join("; ")}`);
}
