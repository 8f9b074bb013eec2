import type { CallersDocument, Operation, Parameter, Schema } from "../../../scripts/publish/openapi-schemas";
import { BODY_MUTATIONS, withBody } from "./body-mutations";
import type { ProofKind } from "./caller-proof";
import {
  drawFrom,
  type Draw,
  withHeader,
  withoutHeader,
  type Given,
  type Mutation,
  drawPrompt,
  textViolations,
  violations,
} from "./mutation";
import { headerMutations } from "./header-mutations";
import { utf8, type FuzzCase, type FuzzRequest } from "./request";
import { TARGET_MUTATIONS } from "./target-mutations";

/** What cases are made from. */
export interface Source {
  readonly document: CallersDocument;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /**
   * How many cases. Each mutation alone on each route comes first, in an order that is drawn: fewer than those are a
   * sample of them.
   */
  readonly requests: number;
  /** How many callers there are: 1 or 2. */
  readonly callers: number;
  /** How callers prove who they are. */
  readonly proof: ProofKind;
  /** Letters and digits, before every canary. */
  readonly marker: string;
}

/** The key and body that each caller sends once before the cases, so that cases can send them again. */
export const usedKey = (marker: string): string => `${marker}-used`;
export const usedBody = (marker: string, caller: number): string =>
  JSON.stringify({ prompt: `Used before: ${marker}-${caller}-used` });

/** Status of a request that is as it should be. */
const ACCEPTED: Readonly<Record<string, number>> = { invoke: 202, status: 200, health: 200 };

/** Share of the drawn cases that are valid requests. */
const VALID_SHARE = 0.15;
/** Mutations that one drawn case has at most. */
const MAX_MUTATIONS = 3;

type Chosen = readonly [Route, readonly Mutation[]];

interface Route {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Cases from the document: each route as it should be, each mutation alone, and then what is drawn. */
export function* generateCases(source: Source): Generator<FuzzCase> {
  const draw = drawFrom(source.random);
  const [valid, single] = systematicChoices(source);
  const first = [...valid, ...draw.shuffle(single)];
  const [routes, mutations] = [routesOf(source.document), mutationsOf(source)];
  for (let index = 0; index < source.requests; index++) {
    const [route, chosen] = first[index] ?? drawChoice(draw, { routes, mutations }, source);
    yield withSimpler({ source, draw, index, route, mutations: chosen, caller: draw.integer(source.callers) });
  }
}

type SystematicSource = Omit<Source, "random" | "requests" | "marker">;

/** How many cases it takes until each mutation has had its turn on each route. */
export const systematicCases = (source: SystematicSource): number => systematicChoices(source).flat().length;

/** Each route without a mutation, and each mutation alone on each route that it fits. */
function systematicChoices(source: SystematicSource): [valid: Chosen[], single: Chosen[]] {
  const [routes, mutations] = [routesOf(source.document), mutationsOf(source)];
  const single = routes.flatMap((route) =>
    mutations.filter((each) => fits(each, route, source)).map((each): Chosen => [route, [each]]),
  );
  return [routes.map((route): Chosen => [route, []]), single];
}

function routesOf({ paths }: CallersDocument): Route[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

function fits(
  { operations, name }: Mutation,
  { method, operation }: Route,
  { callers }: Pick<Source, "callers">,
): boolean {
  if (callers < 2 && /another caller|of another|two of them/.test(name)) return false;
  return (operations?.includes(operation.operationId) ?? true) && name !== `method: ${method}`;
}

function drawChoice(
  draw: Draw,
  { routes, mutations }: { readonly routes: readonly Route[]; readonly mutations: readonly Mutation[] },
  source: Source,
): Chosen {
  // Most that can go wrong is in the route that takes a body.
  const withBodies = routes.filter(({ operation }) => operation.requestBody);
  const route = draw.pick(draw.chance(0.5) ? withBodies : routes);
  if (draw.chance(VALID_SHARE)) return [route, []];
  const fitting = mutations.filter((each) => !each.alone && !each.costly && fits(each, route, source));
  const drawn = Array.from({ length: 1 + draw.integer(MAX_MUTATIONS) }, () => draw.pick(fitting));
  // Of one part of the request, one mutation.
  return [route, drawn.filter(({ part }, index) => drawn.findIndex((each) => each.part === part) === index)];
}

/** What one case is made of. */
interface CaseParts {
  readonly source: Source;
  readonly draw: Draw;
  readonly index: number;
  readonly caller: number;
  readonly route: Route;
  readonly mutations: readonly Mutation[];
}

/** The case, and each of its mutations alone where it has several. */
function withSimpler(parts: CaseParts): FuzzCase {
  const alone = (mutation: Mutation) => makeCase({ ...parts, draw: drawFrom(() => 0.5), mutations: [mutation] });
  return { ...makeCase(parts), ...(parts.mutations.length > 1 && { simpler: () => parts.mutations.map(alone) }) };
}

function makeCase({ source: { marker }, draw, index, caller, route, mutations }: CaseParts): FuzzCase {
  const canary = `${marker}-${caller}-${index}`;
  const given: Given = {
    draw,
    canary,
    marker,
    prompt: drawPrompt(draw, canary),
    usedKey: usedKey(marker),
    usedBody: usedBody(marker, caller),
  };
  const { operationId } = route.operation;
  const request = mutations.reduce((changed, mutation) => mutation.apply(changed, given), validRequest(route, given));
  return {
    index,
    operationId,
    caller,
    mutations: mutations.map(({ name }) => name),
    request,
    allowed: allowedOf(operationId, mutations),
    malformed: mutations.some(({ malformed }) => malformed),
  };
}

/** What none of the mutations rules out; a request with one that must be refused is not accepted. */
function allowedOf(operationId: string, mutations: readonly Mutation[]): number[] {
  const accepted = ACCEPTED[operationId] ?? 200;
  const lists = mutations.flatMap(({ allowed }) => (allowed === undefined ? [] : [allowed]));
  const mayBeAccepted = lists.every((list) => list.includes(accepted));
  const refusals = lists.flat().filter((status) => status >= 300);
  return [...new Set([...(mayBeAccepted ? [accepted] : []), ...refusals])].sort((left, right) => left - right);
}

function validRequest({ path, method, operation }: Route, { draw, canary, prompt }: Given): FuzzRequest {
  const request: FuzzRequest = {
    method,
    target: path.replace("{request_id}", "{own}"),
    headers: [["User-Agent", "quickturn-fuzz"]],
    credentials: operation.security.length === 0 ? "none" : "good",
  };
  if (operation.requestBody === undefined) return request;
  const body = { prompt, ...(draw.chance(0.3) && { session_id: `s${draw.integer(5)}` }) };
  const keyed = operation.parameters.some(({ name }) => name === "Idempotency-Key") && draw.chance(0.3);
  return {
    ...request,
    headers: [
      ...request.headers,
      ["Content-Type", "application/json"],
      ...(keyed ? [["Idempotency-Key", canary] as const] : []),
    ],
    body: utf8(JSON.stringify(body)),
  };
}

/** The written ones, and those that the document's schemas yield. */
function mutationsOf({ document, proof }: Pick<Source, "document" | "proof">): Mutation[] {
  const operations = routesOf(document).map(({ operation }) => operation);
  return [
    ...BODY_MUTATIONS,
    ...headerMutations(proof),
    ...TARGET_MUTATIONS,
    ...operations.flatMap((operation) => [
      ...bodySchemaMutations(document, operation),
      ...operation.parameters.flatMap((parameter) => parameterMutations(operation, parameter)),
    ]),
  ];
}

function bodySchemaMutations({ components }: CallersDocument, { operationId, requestBody }: Operation): Mutation[] {
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) return [];
  const resolve = (given: Schema): Schema =>
    given.$ref === undefined ? given : (components.schemas[given.$ref.replace("#/components/schemas/", "")] ?? given);
  const violationsWith = (prompt: string) => violations(schema, { prompt, session_id: "s" }, resolve);
  return violationsWith("").map(
    ({ what }, index): Mutation => ({
      name: `schema: ${what}`,
      part: "body",
      operations: [operationId],
      allowed: [400],
      apply: (request, { canary }) => withBody(request, JSON.stringify(violationsWith(canary)[index]!.value)),
    }),
  );
}

function parameterMutations({ operationId }: Operation, { name, in: place, schema }: Parameter): Mutation[] {
  const change: Readonly<Record<Parameter["in"], (text: string) => Omit<Mutation, "name">>> = {
    header: (text) => ({
      part: "key",
      allowed: text.trim() === "" ? [202, 400] : [400],
      apply: (request) => withHeader(withoutHeader(request, name.toLowerCase()), name, text),
    }),
    query: (text) => ({
      part: "query",
      apply: (request) => ({ ...request, target: `${request.target}?${name}=${encodeURIComponent(text)}` }),
    }),
    path: (text) => ({
      part: "path",
      allowed: [400, 403, 404, 414],
      apply: (request) => ({ ...request, target: request.target.replace("{own}", () => encodeURIComponent(text)) }),
    }),
  };
  // A header holds one-byte characters; a path's and a query's are encoded.
  return textViolations(schema)
    .filter(({ value }) => place !== "header" || /^[\x20-\x7e]*$/.test(value))
    .map(({ what, value }) => ({ name: `${name}: ${what}`, operations: [operationId], ...change[place](value) }));
}
