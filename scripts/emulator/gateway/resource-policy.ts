import { list, record, type Values } from "../applied/state";
import { matches, texts } from "./token-authorizer";
import type { GatewayFailure } from "./gateway-responses";

/** Local only: the VPC endpoint that a call comes through; `none` for a call that comes through none. */
export const ENDPOINT_HEADER = "X-Quickturn-Vpc-Endpoint";
const NO_ENDPOINT = "none";

const SOURCE_ENDPOINT = "aws:sourcevpce";

interface Statement {
  readonly denies: boolean;
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  /** Whether the call's endpoint has to be one of these, or none of these. */
  readonly isOneOf: boolean;
  readonly endpoints: readonly string[];
}

/** What is asked of the policy: a method, and through which endpoint the call comes; undefined = through none. */
export interface PolicyQuestion {
  readonly methodArn: string;
  readonly endpoint: string | undefined;
  /** Who calls, as the answer names them: `anonymous`, or a user's ARN. */
  readonly caller: string;
}

/** The applied resource policy of an API, as API Gateway evaluates it for calls through VPC endpoints. */
export class ResourcePolicy {
  private constructor(private readonly statements: readonly Statement[]) {}

  /** @param document the policy, as JSON text. Throws where it asks for what is not emulated */
  static parse(document: string): ResourcePolicy {
    return new ResourcePolicy(
      list(record(JSON.parse(document))?.Statement).map((statement) => readStatement(record(statement) ?? {})),
    );
  }

  /**
   * The endpoint of a call, by its header. Without one it counts as the first that the policy names, or as none where
   * the policy names none: whoever calls on loopback stands where the callers stand.
   */
  endpointOf(header: string | undefined): string | undefined {
    if (header !== undefined) return header === NO_ENDPOINT ? undefined : header;
    return this.statements.flatMap(({ conditions }) => conditions.flatMap(({ endpoints }) => endpoints))[0];
  }

  /** Where the policy denies the call, why: nothing else lets it in then. */
  denied(question: PolicyQuestion): GatewayFailure | undefined {
    return this.about(question).some(({ denies }) => denies) ? refusal(question, " with an explicit deny") : undefined;
  }

  /** Where the policy does not allow the call, why: it alone lets in who is asked for nothing. */
  notAllowed(question: PolicyQuestion): GatewayFailure | undefined {
    return this.about(question).some(({ denies }) => !denies) ? undefined : refusal(question, "");
  }

  private about({ methodArn, endpoint }: PolicyQuestion): readonly Statement[] {
    const meets = ({ isOneOf, endpoints }: Condition) =>
      (endpoint !== undefined && endpoints.includes(endpoint)) === isOneOf;
    return this.statements.filter(
      ({ resources, conditions }) =>
        resources.some((resource) => matches(resource, methodArn)) && conditions.every(meets),
    );
  }
}

function readStatement(statement: Values): Statement {
  const { Effect: effect, Action: action, Resource: resource, Principal: principal, Condition: condition } = statement;
  const [actions, resources] = [texts(action), texts(resource)];
  const isForAll = principal === "*" || record(principal)?.AWS === "*";
  if (
    (effect !== "Allow" && effect !== "Deny") ||
    !actions?.some((each) => matches(each, "execute-api:Invoke")) ||
    resources === undefined ||
    !isForAll
  ) {
    throw new Error(
      `The API's resource policy has a statement that the local runtime does not evaluate: ${JSON.stringify(statement)}. It evaluates Allow and Deny of execute-api:Invoke for everybody.`,
    );
  }
  return {
    denies: effect === "Deny",
    resources,
    conditions: Object.entries(record(condition) ?? {}).flatMap(([operator, keys]) =>
      readConditions(operator, record(keys) ?? {}),
    ),
  };
}

function readConditions(operator: string, keys: Values): Condition[] {
  return Object.entries(keys).map(([key, value]) => {
    const endpoints = texts(value);
    if (
      (operator !== "StringEquals" && operator !== "StringNotEquals") ||
      key.toLowerCase() !== SOURCE_ENDPOINT ||
      endpoints === undefined
    ) {
      throw new Error(
        `The API's resource policy has the condition ${operator} ${key}, which the local runtime does not evaluate. It evaluates StringEquals and StringNotEquals of aws:SourceVpce.`,
      );
    }
    return { isOneOf: operator === "StringEquals", endpoints };
  });
}

/** API Gateway's own words. It hides the account but for its last four digits. */
function refusal({ caller, methodArn }: PolicyQuestion, why: string): GatewayFailure {
  const hidden = methodArn.replace(/^((?:[^:]*:){4})\d{8}(\d{4})/, "$1********$2");
  return {
    type: "ACCESS_DENIED",
    message: `User: ${caller} is not authorized to perform: execute-api:Invoke on resource: ${hidden}${why}`,
  };
}
