import Ajv from "ajv";
import * as errors from "../../../handlers/http/errors";
import { MAX_BODY_BYTES } from "../../../handlers/http/gateway";
import { MAX_PROMPT_BYTES } from "../../../handlers/http/invocation";
import { createCallersDocument, findGatewayBody, publishedDocument, SCHEME_OF } from "../../../scripts/publish/openapi";
import type { Operation } from "../../../scripts/publish/openapi-schemas";
import { SETTINGS, type Setting } from "../../../stacks/contract/settings";
import { STACK_DIRECTORY, stackJson } from "../../support/stack-json";

const stack = stackJson() as unknown as Parameters<typeof findGatewayBody>[0];
const body = findGatewayBody(stack);
const settings: readonly Setting[] = SETTINGS;
const setting = settings.find(({ name }) => name === "authorization");
const modes = setting?.type === "string" ? [...(setting.allowed ?? [])] : [];
const document = createCallersDocument(body);
const operations = (of = document): Operation[] => Object.values(of.paths).flatMap((methods) => Object.values(methods));
const invoke = operations().find(({ operationId }) => operationId === "invoke")!;

test("the document has every route of the gateway, and nothing that only the gateway reads", () => {
  expect(Object.keys(document.paths)).toEqual(Object.keys(body.paths));
  expect(JSON.stringify(document)).not.toMatch(/x-amazon|\$\{|x-quickturn|arn:/);
});

test("the document asks of a request what the gateway enforces", () => {
  expect(document.components.schemas["Invocation"]).toEqual(body.components.schemas["Invocation"]);
  expect(invoke.requestBody?.content["application/json"]?.schema).toEqual({ $ref: "#/components/schemas/Invocation" });
  expect(invoke.description).toContain(`${MAX_BODY_BYTES.toLocaleString("en")} bytes`);
  expect(invoke.description).toContain(`${MAX_PROMPT_BYTES.toLocaleString("en")} bytes`);
});

test("every mode of access has its scheme, and a deployment's document has only its own", () => {
  expect(modes.filter((mode) => mode !== "none" && SCHEME_OF[mode] === undefined)).toEqual([]);
  expect(invoke.security).toEqual(modes.map((mode) => (mode === "none" ? {} : { [SCHEME_OF[mode]!.name]: [] })));
  const own = createCallersDocument(body, { authorization: "api_key", endpoint: "https://a.example/live/" });
  expect(own.servers).toEqual([{ url: "https://a.example/live" }]);
  expect(Object.keys(own.components.securitySchemes)).toEqual(["api_key"]);
  expect(operations(own).map(({ operationId, security }) => [operationId, security])).toEqual(
    expect.arrayContaining([
      ["invoke", [{ api_key: [] }]],
      ["health", []],
    ]),
  );
  expect(createCallersDocument(body, { authorization: "none" }).components.securitySchemes).toEqual({});
});

test("401 is documented where tokens are taken, and nowhere else", () => {
  const with401 = (authorization: string) =>
    operations(createCallersDocument(body, { authorization }))
      .filter(({ responses }) => "401" in responses)
      .map(({ operationId }) => operationId)
      .sort();
  expect(with401("jwt")).toEqual(["invoke", "status"]);
  expect(with401("iam")).toEqual([]);
});

/** Statuses and codes that the document has for some route. */
const documented = new Set(
  operations().flatMap(({ responses }) =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      [...JSON.stringify(content).matchAll(/"enum":\[([^\]]*)\]/g)].flatMap(([, list]) =>
        (JSON.parse(`[${list}]`) as string[]).map((code) => `${status} ${code}`),
      ),
    ),
  ),
);

test("every refusal of the front door is documented, except that of a route that the gateway does not pass on", () => {
  const classes = Object.values(errors).filter((each) => each !== errors.ApiError) as unknown as (new (
    message: string,
  ) => errors.ApiError)[];
  expect(classes.length).toBeGreaterThan(10);
  const missing = classes
    .map((each) => new each("x"))
    .map(({ status, code }) => `${status} ${code}`)
    .filter((each) => !documented.has(each));
  expect(missing).toEqual(["404 route_not_found"]);
});

test("every refusal of the gateway itself is documented", () => {
  const responses = (
    body as unknown as Record<
      string,
      Record<string, { statusCode?: string; responseTemplates: Record<string, string> }>
    >
  )["x-amazon-apigateway-gateway-responses"]!;
  const codes = Object.values(responses).map(({ statusCode, responseTemplates }) => [
    statusCode,
    /"code":"(\w+)"/.exec(responseTemplates["application/json"]!)?.[1],
  ]);
  expect(codes.length).toBeGreaterThan(10);
  expect(
    codes.filter(
      ([status, code]) =>
        ![...documented].some((each) =>
          status === undefined ? each.endsWith(` ${code}`) : each === `${status} ${code}`,
        ),
    ),
  ).toEqual([]);
});

test("every example matches its schema", () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "document", components: document.components });
  const problems = operations().flatMap(({ operationId, requestBody, responses }) =>
    [...(requestBody ? [["request", requestBody] as const] : []), ...Object.entries(responses)].flatMap(
      ([name, { content }]) =>
        Object.values(content).flatMap(({ schema, examples = {} }) => {
          const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object);
          expect(Object.keys(examples).length).toBeGreaterThan(0);
          return Object.entries(examples)
            .filter(([, { value }]) => !validate(value))
            .map(([example]) => `${operationId} ${name} ${example}`);
        }),
    ),
  );
  expect(problems).toEqual([]);
});

test("a route without a description is refused, and the message says where to describe it", () => {
  const more = {
    ...body,
    paths: { ...body.paths, "/api/v1/cancel": { post: { operationId: "cancel", summary: "x" } } },
  };
  expect(() => createCallersDocument(more)).toThrow(
    "/api/v1/cancel has the operation cancel, whose answers are not described; described: invoke, status, health. " +
      "Add it to OPERATIONS in scripts/publish/openapi-operations.ts.",
  );
  const other = {
    ...body,
    paths: {
      "/api/v1/status/{id}": { get: { operationId: "status", summary: "x", parameters: [{ name: "id", in: "path" }] } },
    },
  };
  expect(() => createCallersDocument(other)).toThrow(
    "/api/v1/status/{id} has the path parameter id, which is not described",
  );
});

test("a stack without an API is refused", () => {
  expect(() => findGatewayBody({ resource: {} })).toThrow(
    "The stack has no REST API with an OpenAPI body; its aws_api_gateway_rest_api has the body missing.",
  );
});

test("the document of a synthesized stack has the deployment's URL and its mode of access", () => {
  const { servers, components } = publishedDocument(STACK_DIRECTORY, {
    endpoint: "https://a.example/live",
    authorization: "iam",
  });
  expect([servers, Object.keys(components.securitySchemes)]).toEqual([[{ url: "https://a.example/live" }], ["sigv4"]]);
});
