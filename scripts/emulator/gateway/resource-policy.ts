import { matchesPattern } from "../applied/functions";
import { asList, asObject, asTextList, parseObject, type JsonObject } from "../json";
import type { GatewayFailure } from "./gateway-responses";

/** The header's value for a call that comes through no VPC endpoint. */
const NO_ENDPOINT = "none";

const SOURCE_ENDPOINT = "aws:sourcevpce";

interface Statement {
  readonly denies: boolean;
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  /** True: the call's endpoint has to be one of these. False: it must be none of these. */
  readonly isOneOf: boolean;
  readonly endpoints: readonly string[];
}

/** A call, as far as a policy decides about it. */
export interface PolicyQuestion {
  readonly methodArn: string;
  /** The VPC endpoint. Undefined: the call comes through none. */
  readonly endpoint: string | undefined;
  /** `anonymous`, or a user's ARN; the answer names it. */
  readonly caller: string;
}

/** The applied resource policy of an API, as API Gateway evaluates it for calls through VPC endpoints. */
export class ResourcePolicy {
  private constructor(private readonly statements: readonly Statement[]) {}

  /** @param document the policy, as JSON text @throws Error for statements and conditions that are not emulated */
  static parse(document: string): ResourcePolicy {
    const statements = asList(parseObject(document)?.Statement);
    return new ResourcePolicy(statements.map((statement) => readStatement(asObject(statement) ?? {})));
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
    const denied = this.findStatements(question).some(({ denies }) => denies);
    return denied ? refuse(question, " with an explicit deny") : undefined;
  }

  /** The refusal of a call that the policy does not allow; undefined for others. */
  checkAllow(question: PolicyQuestion): GatewayFailure | undefined {
    const allowed = this.findStatements(question).some(({ denies }) => !denies);
    return allowed ? undefined : refuse(question, "");
  }

  private findStatements({ methodArn, endpoint }: PolicyQuestion): readonly Statement[] {
    const isMet = ({ isOneOf, endpoints }: Condition) =>
      (endpoint !== undefined && endpoints.includes(endpoint)) === isOneOf;
    return this.statements.filter(
      ({ resources, conditions }) =>
        resources.some((resource) => matchesPattern(resource, methodArn, "i")) && conditions.every(isMet),
    );
  }
}

function readStatement(statement: JsonObject): Statement {
  const { Effect: effect, Action: action, Resource: resource, Principal: principal, Condition: condition } = statement;
  const [actions, resources] = [asTextList(action), asTextList(resource)];
  const isForAll = principal === "*" || asObject(principal)?.AWS === "*";
  const isInvoke = actions?.some((each) => matchesPattern(each, "execute-api:Invoke", "i")) ?? false;
  if ((effect !== "Allow" && effect !== "Deny") || !isInvoke || resources === undefined || !isForAll)
    throw new Error(
      "The API's resource policy has a statement that the local runtime does not evaluate: " +
        `${JSON.stringify(statement)}. It evaluates Allow and Deny of execute-api:Invoke for everybody.`,
    );
  const conditions = Object.entries(asObject(condition) ?? {}).flatMap(([operator, keys]) =>
    Object.entries(asObject(keys) ?? {}).map(([key, value]) => readCondition(operator, key, value)),
  );
  return { denies: effect === "Deny", resources, conditions };
}

function readCondition(operator: string, key: string, value: unknown): Condition {
  const endpoints = asTextList(value);
  const isKnown = operator === "StringEquals" || operator === "StringNotEquals";
  if (isKnown && key.toLowerCase() === SOURCE_ENDPOINT && endpoints !== undefined)
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
