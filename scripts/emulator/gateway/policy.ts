import { matchesPattern } from "../applied/functions";
import { asList, asObject, asTextList, parseObject } from "../json";
import type { GatewayFailure } from "./gateway-responses";

/** A statement of a policy, as far as it is evaluated here. */
interface Statement {
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

function readStatement(given: unknown): Statement | undefined {
  const { Effect: effect, Action: action, Resource: resource } = asObject(given) ?? {};
  const [actions, resources] = [asTextList(action), asTextList(resource)];
  if ((effect !== "Allow" && effect !== "Deny") || actions === undefined || resources === undefined) return undefined;
  return { allows: effect === "Allow", actions, resources };
}

/** Whether a statement is about calls of a method. */
function coversMethod({ actions, resources }: Statement, methodArn: string): boolean {
  return coversInvoke(actions) && resources.some((resource) => matchesPattern(resource, methodArn, "i"));
}

function coversInvoke(actions: readonly string[]): boolean {
  return actions.some((action) => matchesPattern(action, "execute-api:Invoke", "i"));
}

/** An authorizer's answer about a caller. */
export interface AuthorizerAnswer {
  readonly principalId: string;
  /** Values as texts, as the gateway passes them on. */
  readonly context: Readonly<Record<string, string>>;
  readonly statements: readonly Statement[];
}

/**
 * Reads an authorizer's answer; undefined where API Gateway would not accept it (developer guide, "Output from an API
 * Gateway Lambda authorizer").
 */
export function readAuthorizerAnswer(payload: string): AuthorizerAnswer | undefined {
  const { principalId, policyDocument, context } = parseObject(payload) ?? {};
  const given = asList(asObject(policyDocument)?.Statement);
  const statements = given.flatMap((statement) => readStatement(statement) ?? []);
  const entries = Object.entries(asObject(context) ?? {});
  const isFlat = entries.every(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  if (typeof principalId !== "string" || given.length === 0 || statements.length < given.length || !isFlat)
    return undefined;
  return {
    principalId,
    context: Object.fromEntries(entries.map(([name, value]) => [name, String(value)])),
    statements,
  };
}

/**
 * Checks whether an answer allows a method. A denial outweighs a permission, and a method that no statement names is
 * denied.
 * @returns the refusal; undefined where the method may be called
 */
export function checkAnswer({ statements }: AuthorizerAnswer, methodArn: string): GatewayFailure | undefined {
  const matching = statements.filter((statement) => coversMethod(statement, methodArn));
  const message = "User is not authorized to access this resource";
  if (matching.some(({ allows }) => !allows))
    return { type: "ACCESS_DENIED", message: `${message} with an explicit deny` };
  return matching.length > 0 ? undefined : { type: "ACCESS_DENIED", message };
}

/** The header's value for a call that comes through no VPC endpoint. */
const NO_ENDPOINT = "none";

interface Condition {
  /** True: the call's endpoint has to be one of these. False: it must be none of these. */
  readonly isOneOf: boolean;
  readonly endpoints: readonly string[];
}

interface ConditionalStatement extends Statement {
  readonly conditions: readonly Condition[];
}

/** A call, as far as a policy decides about it. */
interface PolicyQuestion {
  readonly methodArn: string;
  /** The VPC endpoint. Undefined: the call comes through none. */
  readonly endpoint: string | undefined;
  /** `anonymous`, or a user's ARN; the answer names it. */
  readonly caller: string;
}

/** The applied resource policy of an API, as API Gateway evaluates it for calls through VPC endpoints. */
export class ResourcePolicy {
  private readonly statements: readonly ConditionalStatement[];

  /** @param document the policy, as JSON text @throws Error for statements and conditions that are not emulated */
  constructor(document: string) {
    this.statements = asList(parseObject(document)?.Statement).map(readConditionalStatement);
  }

  /**
   * The endpoint that a call comes through. Without the header it is the first that the policy names, because a caller
   * on loopback stands for one inside the VPC.
   * @param header value of the header that names it
   */
  endpointOf(header: string | undefined): string | undefined {
    if (header !== undefined) return header === NO_ENDPOINT ? undefined : header;
    return this.statements.flatMap(({ conditions }) => conditions.flatMap(({ endpoints }) => endpoints))[0];
  }

  /** The refusal of a call that the policy denies; undefined for others. No other permission outweighs it. */
  checkDeny(question: PolicyQuestion): GatewayFailure | undefined {
    const denied = this.findStatements(question).some(({ allows }) => !allows);
    return denied ? refuse(question, " with an explicit deny") : undefined;
  }

  /** The refusal of a call that the policy does not allow; undefined for others. */
  checkAllow(question: PolicyQuestion): GatewayFailure | undefined {
    const allowed = this.findStatements(question).some(({ allows }) => allows);
    return allowed ? undefined : refuse(question, "");
  }

  private findStatements({ methodArn, endpoint }: PolicyQuestion): readonly Statement[] {
    const isMet = ({ isOneOf, endpoints }: Condition) =>
      (endpoint !== undefined && endpoints.includes(endpoint)) === isOneOf;
    return this.statements.filter(
      (statement) => coversMethod(statement, methodArn) && statement.conditions.every(isMet),
    );
  }
}

function readConditionalStatement(given: unknown): ConditionalStatement {
  const { Principal: principal, Condition: condition } = asObject(given) ?? {};
  const isForAll = principal === "*" || asObject(principal)?.AWS === "*";
  const statement = readStatement(given);
  if (statement === undefined || !coversInvoke(statement.actions) || !isForAll)
    throw new Error(
      "The API's resource policy has a statement that the local runtime does not evaluate: " +
        `${JSON.stringify(given)}. It evaluates Allow and Deny of execute-api:Invoke for everybody.`,
    );
  const conditions = Object.entries(asObject(condition) ?? {}).flatMap(([operator, keys]) =>
    Object.entries(asObject(keys) ?? {}).map(([key, value]) => readCondition(operator, key, value)),
  );
  return { ...statement, conditions };
}

function readCondition(operator: string, key: string, value: unknown): Condition {
  const endpoints = asTextList(value);
  const isKnown = operator === "StringEquals" || operator === "StringNotEquals";
  if (isKnown && key.toLowerCase() === "aws:sourcevpce" && endpoints !== undefined)
    return { isOneOf: operator === "StringEquals", endpoints };
  throw new Error(
    `The API's resource policy has the condition ${operator} ${key}, which the local runtime does not evaluate. ` +
      "It evaluates StringEquals and StringNotEquals of aws:SourceVpce.",
  );
}

/** API Gateway's own message. It hides the account but for the last four digits. */
function refuse({ caller, methodArn }: PolicyQuestion, reason: string): GatewayFailure {
  const hidden = methodArn.replace(/^((?:[^:]*:){4})\d{8}(\d{4})/, "$1********$2");
  return {
    type: "ACCESS_DENIED",
    message: `User: ${caller} is not authorized to perform: execute-api:Invoke on resource: ${hidden}${reason}`,
  };
}
