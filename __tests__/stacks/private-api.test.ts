import { decide, type Decision } from "../support/iam-simulator";
import { stackJson } from "../support/stack-json";
import { terraformVerdicts, type Values } from "../support/terraform-cases";

/** The synthesized policy with its variables, evaluated by the real terraform, and then asked as IAM is. */
const OURS = "vpce-0123456789abcdef0";
const OTHER = "vpce-0fedcba9876543210";
const API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3";
const INVOKE = `${API}/live/POST/api/v1/invoke`;
const HEALTH = `${API}/live/GET/api/v1/health`;

const MODES = ["iam", "jwt", "api_key", "none"] as const;
const JWT = { jwt_issuer: "https://issuer.example", jwt_audiences: ["agents"] };
/** Every authorization with an endpoint, with none any more, and with none ever. */
const sets = MODES.flatMap((authorization) =>
  [[OURS], [], undefined].map(
    (ids): Values => ({
      authorization,
      ...(authorization === "jwt" && JWT),
      ...(ids && { vpc_endpoint_ids: ids }),
    }),
  ),
);

interface Evaluated {
  readonly policy: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly endpoint: { readonly types: readonly string[]; readonly ip_address_type: string | null };
}
let found: readonly Evaluated[];

beforeAll(async () => {
  const { variable, locals, resource } = stackJson();
  const api = resource["aws_api_gateway_rest_api"]?.["rest_api"] ?? {};
  const module = {
    variable: { ...variable, aws_region: { ...variable["aws_region"]!, default: "us-east-1" } },
    locals: {
      profiles: locals["profiles"],
      rest_openapi: { openapi: "3.0.1", info: { title: "an API", version: "1" } },
      rest_apis: String(locals["rest_apis"])
        .replace("data.aws_partition.current.partition", '"aws"')
        .replace("data.aws_caller_identity.current.account_id", '"123456789012"'),
      rest_callers: locals["rest_callers"],
    },
    output: {
      policy: { value: api["policy"] },
      body: { value: api["body"] },
      endpoint: { value: api["endpoint_configuration"] },
    },
  };
  found = (await terraformVerdicts(module, sets)).map(({ errors, outputs }) => {
    expect(errors).toEqual([]);
    return {
      policy: (outputs["policy"] as string | null) ?? undefined,
      body: JSON.parse(String(outputs["body"])) as Evaluated["body"],
      endpoint: outputs["endpoint"] as Evaluated["endpoint"],
    };
  });
});

function evaluated(authorization: (typeof MODES)[number], ids?: readonly string[]): Evaluated {
  return found[
    sets.findIndex(
      (values) =>
        values["authorization"] === authorization && JSON.stringify(values["vpc_endpoint_ids"]) === JSON.stringify(ids),
    )
  ]!;
}

interface Call {
  readonly resource: string;
  /** Endpoint that the call comes through. Default: none. */
  readonly through?: string | undefined;
  /** Whether the caller's own policy allows the call. */
  readonly mayCall: boolean;
}

/** IAM's decision about a call. */
function decideCall(policy: string, { resource, through, mayCall }: Call): Promise<Decision> {
  // The simulator takes no wildcard for an API's id where a path follows; IAM does (API Gateway developer guide,
  // "Statement reference of IAM policies for API execution").
  const statements = (
    JSON.parse(policy.replaceAll("123456789012:*/", "123456789012:a1b2c3/")) as {
      readonly Statement: readonly object[];
    }
  ).Statement;
  const own = mayCall ? [{ Sid: "Call", Effect: "Allow" as const, Action: ["execute-api:Invoke"], Resource: "*" }] : [];
  return decide(
    { name: "caller", statements: own },
    { action: "execute-api:Invoke", resource, context: through === undefined ? {} : { "aws:SourceVpce": through } },
    statements,
  );
}

test("without endpoints the API is regional, and neither it nor its body has a policy", async () => {
  const { policy, body, endpoint } = evaluated("iam");
  expect(policy).toBeUndefined();
  expect(Object.keys(body)).toEqual(["info", "openapi"]);
  expect(endpoint).toEqual({ types: ["REGIONAL"], ip_address_type: null });
});

test.each(MODES)(
  "with authorization %s and endpoints the API is private, and denies every other way",
  async (authorization) => {
    const { policy = "", body, endpoint } = evaluated(authorization, [OURS]);
    expect(endpoint).toEqual({ types: ["PRIVATE"], ip_address_type: "dualstack" });
    expect(body["x-amazon-apigateway-policy"]).toEqual(JSON.parse(policy));
    for (const resource of [INVOKE, HEALTH]) {
      expect(await decideCall(policy, { resource: resource, through: OURS, mayCall: true })).toBe("Allowed");
      expect(await decideCall(policy, { resource: resource, through: OTHER, mayCall: true })).toBe("ExplicitlyDenied");
      expect(await decideCall(policy, { resource: resource, mayCall: true })).toBe("ExplicitlyDenied");
    }
    expect(await decideCall(policy, { resource: HEALTH, through: OURS, mayCall: false })).toBe("Allowed");
  },
);

test.each([
  ["iam", "ImplicitlyDenied"],
  ["jwt", "ImplicitlyDenied"],
  ["api_key", "Allowed"],
  ["none", "Allowed"],
] as const)("with authorization %s a caller without other permissions is %s", async (authorization, decision) => {
  for (const ids of [[OURS], []]) {
    const { policy = "" } = evaluated(authorization, ids);
    expect(await decideCall(policy, { resource: INVOKE, through: OURS, mayCall: false })).toBe(decision);
  }
});

test("[] makes a private API public again by a policy that lets callers in from everywhere", async () => {
  const { policy = "", body, endpoint } = evaluated("iam", []);
  expect(endpoint).toEqual({ types: ["REGIONAL"], ip_address_type: "ipv4" });
  expect(body["x-amazon-apigateway-policy"]).toEqual(JSON.parse(policy));
  for (const through of [undefined, OTHER])
    expect(await decideCall(policy, { resource: INVOKE, through, mayCall: true })).toBe("Allowed");
});
