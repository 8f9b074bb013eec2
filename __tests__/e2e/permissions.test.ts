import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxEnvironment } from "../../scripts/emulator/moto";
import { Terraform } from "../../scripts/kit/terraform";
import { planChanges } from "../../scripts/kit/plan-changes";
import type { AwsCall } from "../support/aws-call";
import { ACCOUNT_DECIDES, changeKey, makeKey } from "../support/customer-key";
import { EmulatedStack } from "../support/emulated-stack";
import { unexplained } from "../support/emulator-drift";
import {
  arn,
  BOUNDARY,
  call,
  dangerousToAll,
  DEPLOYMENT,
  elsewhere,
  escalations,
  iam,
  keptFromAll,
  logsOf,
  OTHER_DEPLOYMENT,
} from "../support/forbidden-calls";
import { AGENT_ARNS, Agents, WorkingFunctions } from "../support/function-work";
import { allowed, decide, distinct, refused, text, type Role, type Statement } from "../support/iam-simulator";
import { RecordedServices } from "../support/recorded-services";
import { PROJECT } from "../support/stack-json";
import { synthesized } from "../support/synthesized";

/**
 * Least privilege, both ways. The roles of the pipelines are applied; then the whole stack is applied, put to work,
 * changed and destroyed, every call of terraform and of the functions written down. What was called is allowed by the
 * caller's role as AWS is given it, what is allowed was called, and what neither has a reason to call is refused. The
 * counts are left in `.quickturn/iam-proof.txt`. In order.
 */

const PROOF = join(PROJECT, ".quickturn", "iam-proof.txt");
const FUNCTIONS = ["api", "sweeper", "worker"] as const;
/** What the applied stack may be told apart by. */
const CHANGED = [
  "profile=baseline",
  "authorization=api_key",
  "alarm_email=on.call@example.org",
  "log_retention_in_days=90",
];
const ADMINISTRATOR: readonly Statement[] = [{ Effect: "Allow", Action: "*", Resource: "*" }];

let agents: Agents;
/** The operator's, by which everything is encrypted; and what says so. */
let key: string;
let keyed: readonly string[];
let stack: EmulatedStack;
let services: RecordedServices;
/** What terraform needed. */
const needed: AwsCall[] = [];
let pipelines: Record<string, Role>;
let boundary: readonly Statement[];
let functions: Record<(typeof FUNCTIONS)[number], Role>;
/** What the functions called, by the function. */
let made: Record<(typeof FUNCTIONS)[number], AwsCall[]>;
const proof = { functions: { recorded: 0, forbidden: 0 }, pipelines: { recorded: 0, forbidden: 0 } };

beforeAll(async () => {
  rmSync(PROOF, { force: true });
  agents = await Agents.start();
  stack = await EmulatedStack.start(
    { agents: agents.settings, permissions_boundary_arn: BOUNDARY },
    async (emulator) => {
      services = await RecordedServices.start(emulator, agents.services);
      return services.url;
    },
  );
});
beforeAll(async () => {
  key = await makeKey(stack.emulator.endpoint);
  keyed = [`kms_key_arn=${key}`];
  ({ pipelines, boundary } = await appliedPipelines());
});
afterAll(async () => {
  await services?.stop();
  await stack?.stop();
  await agents?.stop();
});

const boundaries = new Map<string, string>();

/**
 * What is done to a role's policies is asked about with the boundary that the role has: IAM knows it, a request does
 * not say it.
 */
function withBoundary(each: AwsCall): AwsCall {
  if (!each.action.startsWith("iam:")) return each;
  const given = each.context["iam:PermissionsBoundary"];
  if (given !== undefined) boundaries.set(each.resource, given);
  const has = boundaries.get(each.resource);
  return has === undefined ? each : { ...each, context: { ...each.context, "iam:PermissionsBoundary": has } };
}

interface Attributes {
  readonly arn: string;
  readonly name: string;
  readonly policy: string;
  readonly role: string;
  readonly policy_arn: string;
  readonly permissions_boundary: string;
}

const statementsOf = (policy: string) => (JSON.parse(policy) as { Statement: Statement[] }).Statement;

/** Applies the stack of the roles to the same emulator, past the record. */
async function appliedPipelines(): Promise<{ pipelines: Record<string, Role>; boundary: readonly Statement[] }> {
  const directory = synthesized("pipeline-access");
  writeFileSync(
    join(directory, "test_override.tf.json"),
    JSON.stringify({ terraform: { backend: { local: { path: "terraform.tfstate" } } } }),
  );
  const terraform = new Terraform({
    directory,
    env: sandboxEnvironment(process.env, stack.emulator.endpoint, stack.folder),
  });
  await terraform.init();
  await terraform.apply({
    vars: [
      "github_repository=octo-org/agents",
      "gitlab_project_path=group/agents",
      `agent_arns=${JSON.stringify(AGENT_ARNS)}`,
      `data_kms_key_arns=["${key}"]`,
    ],
  });
  const { resources } = JSON.parse(readFileSync(join(directory, "terraform.tfstate"), "utf8")) as {
    resources: { type: string; instances: { attributes: Attributes }[] }[];
  };
  const of = (type: string) =>
    resources
      .filter((resource) => resource.type === type)
      .flatMap(({ instances }) => instances.map(({ attributes }) => attributes));
  const byArn = Object.fromEntries(of("aws_iam_policy").map((policy) => [policy.arn, statementsOf(policy.policy)]));
  const roles = ["github-plan", "github-apply", "gitlab-plan", "gitlab-apply"].map((role): [string, Role] => {
    const name = `${DEPLOYMENT}-pipeline-${role}`;
    return [
      role,
      {
        name,
        statements: of("aws_iam_role_policy_attachment")
          .filter((attached) => attached.role === name)
          .flatMap((attached) => byArn[attached.policy_arn] ?? []),
      },
    ];
  });
  return { pipelines: Object.fromEntries(roles), boundary: byArn[BOUNDARY] ?? [] };
}

/** The functions' roles as they were applied. */
function appliedFunctions(): typeof functions {
  const attributes = Object.entries(stack.attributes()) as unknown as [string, Attributes][];
  const roleOf = (name: string): Role => {
    const policies = attributes.filter(
      ([address, { role }]) => address.startsWith("aws_iam_role_policy.") && role === name,
    );
    return { name, statements: policies.flatMap(([, { policy }]) => statementsOf(policy)), boundary };
  };
  return Object.fromEntries(FUNCTIONS.map((name) => [name, roleOf(`${DEPLOYMENT}-${name}`)])) as typeof functions;
}

const done: string[] = [];

/** What terraform asked for during some work. */
async function recorded(name: string, work: () => Promise<unknown>): Promise<AwsCall[]> {
  const before = services.requests.length;
  await work();
  const calls = services.requests
    .slice(before)
    .filter(({ by }) => by === "terraform")
    .flatMap((request) => request.calls.map(withBoundary));
  expect(services.unknown).toEqual([]);
  needed.push(...calls);
  done.push(name);
  return calls;
}
const changing = () => needed.filter(({ action }) => !/:(Get|List|Describe|GET)/.test(action));
const actionsOf = (statements: readonly Statement[]) =>
  statements.filter(({ Effect }) => Effect === "Allow").flatMap(({ Action }) => Action);
const apply = () => pipelines["github-apply"]!;
const plan = () => pipelines["github-plan"]!;

/** Calls that were decided otherwise than they should be. */
const wrong: string[] = [];

/** Nothing that was called is refused. */
async function expectAllowed(what: keyof typeof proof, role: Role, calls: readonly AwsCall[]): Promise<void> {
  const missing = await refused(role, calls);
  wrong.push(...missing);
  expect(missing).toEqual([]);
  proof[what].recorded += calls.length;
}

/** Nothing of these is allowed. */
async function expectForbidden(what: keyof typeof proof, role: Role, calls: readonly AwsCall[]): Promise<void> {
  const tooMuch = await allowed(role, calls);
  wrong.push(...tooMuch);
  expect(tooMuch).toEqual([]);
  proof[what].forbidden += distinct(calls).length;
}

describe("a first apply", () => {
  test("the apply role may do every call of it", async () => {
    const calls = await recorded("apply", () => stack.flip(keyed));
    expect(calls.length).toBeGreaterThan(300);
    await expectAllowed("pipelines", apply(), calls);
  });
});

/** Allowed without being called here by the function's own code, and by what. */
const NOT_ASKED_HERE: Readonly<Record<string, RegExp>> = {
  "Lambda itself, with the function's role": /^logs:(CreateLogStream|PutLogEvents)$/,
  "Lambda's tracing, with the function's role": /^xray:(PutTelemetryRecords|PutTraceSegments)$/,
  "AWS's services, with the function's role; what they ask is asked about below": /^kms:/,
  "Lambda's poller, which looks at the queue's attributes; the one here reads them in the state":
    /^sqs:GetQueueAttributes$/,
};

const hasReason = (action: string) => Object.values(NOT_ASKED_HERE).some((reason) => reason.test(action));

describe("the functions", () => {
  test("do every kind of work there is", async () => {
    const work = await WorkingFunctions.start(stack, agents, services);
    try {
      await work.doEverything();
    } finally {
      await work.stop();
    }
    functions = appliedFunctions();
    made = callsByFunction();
    expect(services.unknown).toEqual([]);
  });

  test("are recorded with every kind of call", () => {
    const actions = (name: (typeof FUNCTIONS)[number]) => [...new Set(made[name].map(({ action }) => action))].sort();
    expect(actions("api")).toEqual([
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "s3:GetObject",
      "sqs:GetQueueAttributes",
      "sqs:SendMessage",
    ]);
    expect(actions("worker")).toEqual([
      "bedrock-agentcore:InvokeAgentRuntime",
      "bedrock:InvokeModel",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      "lambda:InvokeFunction",
      "s3:PutObject",
      "secretsmanager:GetSecretValue",
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:ReceiveMessage",
    ]);
    expect(actions("sweeper")).toEqual([
      "dynamodb:GetItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ]);
  });

  test.each(FUNCTIONS)("%s: every call that was made is allowed by its role, within the boundary", async (name) => {
    expect(made[name].length).toBeGreaterThan(10);
    await expectAllowed("functions", functions[name], made[name]);
    // What Lambda does with the role beside the function's own code.
    const logs = arn("logs", `log-group:/aws/lambda/${DEPLOYMENT}-${name}:log-stream:1`);
    expect(
      await refused(functions[name], [
        call("logs:CreateLogStream", logs),
        call("logs:PutLogEvents", logs),
        call("xray:PutTraceSegments", "*"),
        call("xray:PutTelemetryRecords", "*"),
      ]),
    ).toEqual([]);
  });

  test.each(FUNCTIONS)(
    "%s: every statement of its role allowed a call that was made, or has a reason",
    async (name) => {
      const unused = await Promise.all(
        functions[name].statements.flatMap((statement) =>
          [statement.Action].flat().map(async (action) => {
            const those = distinct(made[name]).filter((each) => each.action === action);
            const used = (await allowed({ name, statements: [statement] }, those)).length > 0;
            return used || hasReason(action) ? [] : [`${statement.Sid}: ${action}`];
          }),
        ),
      );
      expect(unused.flat()).toEqual([]);
    },
  );

  test.each(FUNCTIONS)("%s: every resource of its role was asked for", async (name) => {
    const unused = await Promise.all(
      functions[name].statements
        .filter(({ Action }) => ![Action].flat().every(hasReason))
        .flatMap((statement) =>
          [statement.Resource]
            .flat()
            .map(async (resource) =>
              (await allowed({ name, statements: [{ ...statement, Resource: resource }] }, made[name])).length > 0
                ? []
                : [`${statement.Sid}: ${resource}`],
            ),
        ),
    );
    // Of a model by its own id the grant also names a profile of that id, which there is not: which of the two an id
    // means is not known at plan.
    expect(unused.flat()).toEqual(
      [`CallBedrock: ${arn("bedrock", "inference-profile/amazon.nova-micro-v1:0")}`].filter(() => name === "worker"),
    );
  });

  test.each(FUNCTIONS)(
    "%s: what only the others may, the same on what is not its own, and what is dangerous is refused",
    async (name) => {
      const own = new Set(made[name].map(text));
      const others = FUNCTIONS.filter((other) => other !== name);
      const theirs = others
        .flatMap((other) => made[other])
        .filter((each) => !own.has(text(each)) && !hasReason(each.action));
      expect(distinct(theirs).length).toBeGreaterThan(3);
      // Without the boundary: the role's own policies refuse it.
      await expectForbidden("functions", withoutBoundary(functions[name]), [
        ...theirs,
        ...made[name].flatMap(elsewhere),
        ...dangerousToAll(bucketArn()),
        ...others.flatMap((other) => logsOf(`${DEPLOYMENT}-${other}`)),
        ...logsOf(`${OTHER_DEPLOYMENT}-${name}`),
      ]);
    },
  );

  test("reach the results and the queues over TLS alone", async () => {
    const policies = stack.attributes();
    const bucket = JSON.parse(String(policies["aws_s3_bucket_policy.store_results_policy"]?.["policy"])) as {
      Statement: object[];
    };
    const queue = JSON.parse(String(policies["aws_sqs_queue.work_queue"]?.["policy"])) as { Statement: object[] };
    for (const [role, action, resource, policy] of [
      [functions.api, "s3:GetObject", `${bucketArn()}/results/1/1.json`, bucket],
      [functions.api, "sqs:SendMessage", arn("sqs", `${DEPLOYMENT}-work`), queue],
    ] as const) {
      const over = (secure: boolean) =>
        decide(role, call(action, resource, { "aws:SecureTransport": String(secure) }), policy.Statement);
      expect([await over(true), await over(false)]).toEqual(["Allowed", "ExplicitlyDenied"]);
      proof.functions.forbidden += 1;
    }
  });

  test("are kept by the boundary from everything else, even where somebody gives their roles everything", async () => {
    expect(stack.attributes()["aws_iam_role.worker_role"]?.["permissions_boundary"]).toBe(BOUNDARY);
    for (const name of FUNCTIONS) {
      const given: Role = { ...functions[name], statements: ADMINISTRATOR };
      expect(await refused(given, made[name])).toEqual([]);
      // A boundary is one for all three, and for every model there is.
      const beyond = [...dangerousToAll(bucketArn()), ...escalations(), ...made[name].flatMap(elsewhere)].filter(
        (each) => !within(each),
      );
      await expectForbidden("functions", given, beyond);
      expect(await allowed(withoutBoundary(given), beyond.slice(0, 5))).toHaveLength(5);
    }
  });
});

const bucketArn = () => String(stack.attributes()["aws_s3_bucket.store_results"]?.["arn"]);
const withoutBoundary = ({ name, statements }: Role): Role => ({ name, statements });

/** What a deployment's own functions may do to what is its own, and to its agents, whichever of them it is. */
function within({ action, resource }: AwsCall): boolean {
  return (
    action === "bedrock:InvokeModel" ||
    AGENT_ARNS.some((agent) => agent === resource) ||
    (resource.includes(`${DEPLOYMENT}-`) &&
      /^(dynamodb:(DeleteItem|GetItem|PutItem|Query|UpdateItem)|sqs:(ChangeMessageVisibility|DeleteMessage|GetQueueAttributes|ReceiveMessage|SendMessage))$/.test(
        action,
      ))
  );
}

/** A function's own calls, and those that Lambda's poller makes in its name. */
function callsByFunction(): typeof made {
  const polled: Readonly<Record<string, string>> = {
    [arn("sqs", `${DEPLOYMENT}-work`)]: "worker",
    [arn("sqs", `${DEPLOYMENT}-work-failed`)]: "sweeper",
  };
  const by = (name: string) =>
    services.requests.flatMap(({ by: asker, calls }) =>
      asker === "runtime"
        ? calls.filter(({ resource }) => polled[resource] === name)
        : asker === `${DEPLOYMENT}-${name}`
          ? calls
          : [],
    );
  return Object.fromEntries(FUNCTIONS.map((name) => [name, by(name)])) as typeof made;
}

describe("a key of the operator's", () => {
  /**
   * What AWS's services ask of a key in a function's name (their developer guides on encryption), by what the function
   * called.
   */
  const ASKED: readonly (readonly [called: RegExp, service: string, actions: string])[] = [
    [
      /^dynamodb:/,
      "dynamodb",
      "Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo",
    ],
    [/^sqs:SendMessage$/, "sqs", "Decrypt GenerateDataKey"],
    [/^sqs:ReceiveMessage$/, "sqs", "Decrypt"],
    [/^s3:GetObject$/, "s3", "Decrypt"],
    [/^s3:PutObject$/, "s3", "GenerateDataKey"],
  ];
  const asked = (name: (typeof FUNCTIONS)[number]): AwsCall[] =>
    distinct(
      made[name].flatMap(({ action }) =>
        ASKED.filter(([called]) => called.test(action)).flatMap(([, service, actions]) =>
          actions
            .split(" ")
            .map((one) => call(`kms:${one}`, key, { "kms:ViaService": `${service}.us-east-1.amazonaws.com` })),
        ),
      ),
    );
  const decided = (role: Role, each: AwsCall) => decide(role, each, ACCOUNT_DECIDES);

  test("is what the tables, the queues, the results, the topic and every log are encrypted by", () => {
    const encrypted = Object.entries(stack.attributes()).flatMap(([address, attributes]) => {
      const of: Readonly<Record<string, unknown>> = {
        aws_dynamodb_table: attributes["server_side_encryption"],
        aws_sqs_queue: attributes["kms_master_key_id"],
        aws_sns_topic: attributes["kms_master_key_id"],
        aws_cloudwatch_log_group: attributes["kms_key_id"],
        aws_s3_bucket_server_side_encryption_configuration: attributes["rule"],
      };
      const type = address.slice(0, address.indexOf("."));
      return type in of ? [[type, of[type]] as const] : [];
    });
    const expected: Readonly<Record<string, unknown>> = {
      aws_dynamodb_table: [{ enabled: true, kms_key_arn: key }],
      aws_s3_bucket_server_side_encryption_configuration: [
        {
          apply_server_side_encryption_by_default: [{ kms_master_key_id: key, sse_algorithm: "aws:kms" }],
          bucket_key_enabled: true,
        },
      ],
    };
    expect(encrypted.map(([type]) => type).sort()).toEqual([
      "aws_cloudwatch_log_group",
      "aws_cloudwatch_log_group",
      "aws_cloudwatch_log_group",
      "aws_cloudwatch_log_group",
      "aws_dynamodb_table",
      "aws_dynamodb_table",
      "aws_s3_bucket_server_side_encryption_configuration",
      "aws_sns_topic",
      "aws_sqs_queue",
      "aws_sqs_queue",
    ]);
    for (const [type, value] of encrypted) expect([type, value]).toEqual([type, expected[type] ?? key]);
  });

  test.each(FUNCTIONS)(
    "%s: what AWS's services ask of it in the function's name is allowed, and nothing more",
    async (name) => {
      const own = asked(name);
      expect(own.length).toBeGreaterThan(8);
      for (const each of own)
        expect([text(each), each.context, await decided(functions[name], each)]).toEqual([
          text(each),
          each.context,
          "Allowed",
        ]);
      const others = FUNCTIONS.flatMap(asked).filter(
        (each) => !own.some((one) => JSON.stringify(one) === JSON.stringify(each)),
      );
      const beyond = [
        ...others,
        ...own.map((each) => call(each.action, each.resource)),
        ...own.map((each) =>
          call(each.action, each.resource, { "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com" }),
        ),
        ...own.map((each) => call(each.action, arn("kms", "key/another"), each.context)),
        ...["CreateGrant", "DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"].map((action) =>
          call(`kms:${action}`, key, { "kms:ViaService": "dynamodb.us-east-1.amazonaws.com" }),
        ),
      ];
      for (const each of beyond)
        expect([text(each), each.context, await decided(withoutBoundary(functions[name]), each)]).toEqual([
          text(each),
          each.context,
          "ImplicitlyDenied",
        ]);
      // The boundary lets a role that is given everything use no other key, and this one through the three services
      // alone.
      const given: Role = { ...functions[name], statements: ADMINISTRATOR };
      for (const each of beyond.slice(others.length))
        expect([text(each), each.context, await decided(given, each)]).toEqual([
          text(each),
          each.context,
          "ImplicitlyDenied",
        ]);
      proof.functions.forbidden += distinct(beyond).length;
    },
  );

  test("is chosen by the apply role alone, through DynamoDB and CloudWatch Logs; the plan role may look at it", async () => {
    const through = (service: string, context: AwsCall["context"] = {}) => ({
      ...context,
      "kms:ViaService": `${service}.us-east-1.amazonaws.com`,
    });
    const grant = (service: string, forAws: boolean) =>
      call("kms:CreateGrant", key, through(service, { "kms:GrantIsForAWSResource": String(forAws) }));
    const may = async (role: Role, ...calls: AwsCall[]) =>
      Promise.all(calls.map(async (each) => (await decided(role, each)) === "Allowed"));
    const uses = [
      grant("dynamodb", true),
      call("kms:GenerateDataKey", key, through("dynamodb")),
      call("kms:Decrypt", key, through("logs")),
    ];
    expect(await may(apply(), call("kms:DescribeKey", key), ...uses)).toEqual([true, true, true, true]);
    expect(await may(plan(), call("kms:DescribeKey", key), ...uses)).toEqual([true, false, false, false]);
    const beyond = [
      grant("dynamodb", false),
      grant("sqs", true),
      call("kms:Decrypt", key),
      call("kms:PutKeyPolicy", key),
      call("kms:ScheduleKeyDeletion", key),
      call("kms:DescribeKey", arn("kms", "key/another")),
    ];
    expect(await may(apply(), ...beyond)).toEqual(beyond.map(() => false));
    proof.pipelines.forbidden += beyond.length;
  });

  test("is not given up while its tables would stay under it unseen", async () => {
    await expect(stack.plan({ vars: [], refresh: false })).rejects.toThrow(
      /kms_key_arn is null, and quickturn-dev-\w+ is encrypted by\s+arn:aws:kms:\S+;\s+allowed:\s+null\s+with\s+that\s+key\s+in\s+former_kms_key_arns/,
    );
  });

  test("is taken back in place: the plan updates what was encrypted by it, and replaces nothing", async () => {
    const changes = planChanges(await stack.plan({ vars: [`former_kms_key_arns=["${key}"]`], refresh: false }));
    expect(changes.filter(({ action }) => action !== "update")).toEqual([]);
    const types = new Set(changes.map(({ type }) => type));
    expect([...types]).toEqual(
      expect.arrayContaining([
        "aws_cloudwatch_log_group",
        "aws_dynamodb_table",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_sns_topic",
        "aws_sqs_queue",
      ]),
    );
    expect([...types]).not.toContain("aws_iam_role_policy");
  });

  test.each([["disabled", "DisableKey", /key whose state is Disabled; allowed: one that is Enabled/]])(
    "that is %s is refused by the plan",
    async (_state, operation, said) => {
      await changeKey(stack.emulator.endpoint, operation, key);
      await expect(stack.plan({ vars: keyed, refresh: false })).rejects.toThrow(said);
      await changeKey(stack.emulator.endpoint, "EnableKey", key);
    },
  );
});

describe("a change, a plan and an end", () => {
  test("the apply role may do every call of a change", async () => {
    const calls = await recorded("change", () => stack.flip([...CHANGED, ...keyed]));
    expect(calls.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["lambda:UpdateFunctionConfiguration", "apigateway:PATCH", "sns:Subscribe"]),
    );
    await expectAllowed("pipelines", apply(), calls);
  });

  test("the plan role may do every call of a plan, and the plan makes only calls that read", async () => {
    let changes: unknown;
    const calls = await recorded(
      "plan",
      async () => (changes = unexplained(planChanges(await stack.plan({ vars: [...CHANGED, ...keyed] })))),
    );
    expect(changes).toEqual([]);
    expect(calls.length).toBeGreaterThan(100);
    expect(calls.filter(({ action }) => !/:(Get|List|Describe|GET)/.test(action))).toEqual([]);
    await expectAllowed("pipelines", plan(), calls);
  });

  test("the apply role may do every call that takes the deployment down", async () => {
    const calls = await recorded("destroy", () => stack.flip([...CHANGED, ...keyed], { destroy: true, refresh: true }));
    expect(calls.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["dynamodb:DeleteTable", "iam:DeleteRole", "s3:DeleteBucket"]),
    );
    await expectAllowed("pipelines", apply(), calls);
  });
});

describe("the pipelines", () => {
  test("the plan role may do none of the calls that changed something", async () => {
    expect(new Set(changing().map(({ action }) => action)).size).toBeGreaterThan(50);
    await expectForbidden("pipelines", plan(), changing());
  });

  test("no call of another deployment is allowed", async () => {
    const renamed = (value: string) => value.replaceAll(DEPLOYMENT, OTHER_DEPLOYMENT);
    const others = needed
      .map((each) => ({
        ...each,
        resource: renamed(each.resource),
        context: Object.fromEntries(Object.entries(each.context).map(([key, value]) => [key, renamed(value)])),
      }))
      .filter(({ resource }) => resource.includes(OTHER_DEPLOYMENT));
    expect(others.length).toBeGreaterThan(200);
    await expectForbidden("pipelines", apply(), others);
    await expectForbidden("pipelines", plan(), others);
  });

  test("a role is made, and its policies are written, only within the boundary; the apply role can become no more than it is", async () => {
    const limited = { "iam:PermissionsBoundary": BOUNDARY };
    const worker = iam("role", `${DEPLOYMENT}-worker`);
    for (const action of ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]) {
      expect([
        await decide(apply(), call(action, worker, limited)),
        await decide(apply(), call(action, worker)),
      ]).toEqual(["Allowed", "ImplicitlyDenied"]);
    }
    await expectForbidden("pipelines", apply(), escalations());
    await expectForbidden("pipelines", plan(), escalations());
  });

  test("the boundary, the pipelines' policies and their roles stay as they are, even where somebody gives the apply role everything", async () => {
    const given: Role = { name: apply().name, statements: [...apply().statements, ...ADMINISTRATOR] };
    for (const each of keptFromAll())
      expect([text(each), await decide(given, each)]).toEqual([text(each), "ExplicitlyDenied"]);
    proof.pipelines.forbidden += keptFromAll().length;
  });

  test("a function's role may be passed to Lambda alone, and a function be opened to two services alone", async () => {
    const may = async (each: AwsCall) => (await decide(apply(), each)) === "Allowed";
    const passed = (service: string) =>
      may(call("iam:PassRole", iam("role", `${DEPLOYMENT}-worker`), { "iam:PassedToService": service }));
    const opened = (principal: string) =>
      may(
        call("lambda:AddPermission", arn("lambda", `function:${DEPLOYMENT}-worker`), { "lambda:Principal": principal }),
      );
    expect([await passed("lambda.amazonaws.com"), await passed("ec2.amazonaws.com")]).toEqual([true, false]);
    expect([await opened("events.amazonaws.com"), await opened("*")]).toEqual([true, false]);
  });

  test("both forges' roles have the same policies", () => {
    expect(pipelines["gitlab-plan"]!.statements).toEqual(plan().statements);
    expect(pipelines["gitlab-apply"]!.statements).toEqual(apply().statements);
  });
});

/** Allowed without having been called here, and by what. */
const NOT_CALLED_HERE: Readonly<Record<string, RegExp>> = {
  "the state's bucket: e2e/state-lock.test": /^s3:(GetObject|PutObject|DeleteObject)$/,
  "looking for what a killed apply forgot":
    /^(cloudfront:ListDistributions|lambda:ListEventSourceMappings|sqs:GetQueueUrl)$/,
  "the gate, after a deployment":
    /^(cloudwatch:GetMetricData|execute-api:Invoke|lambda:GetAccountSettings|logs:FilterLogEvents)$/,
  "CloudFront, which is off": /^cloudfront:/,
  "an API's policy and a budget, which are off": /^(apigateway:UpdateRestApiPolicy|budgets:\w+)$/,
  "the firewall, which is off":
    /^(wafv2:\w+|apigateway:SetWebACL|logs:(CreateLogDelivery|DeleteLogDelivery|DescribeResourcePolicies|PutResourcePolicy))$/,
  "provisioned concurrency and composite alarms, which the emulator lacks":
    /^(lambda:\w+ProvisionedConcurrencyConfig|cloudwatch:PutCompositeAlarm)$/,
  "the account's role for logs, which is off": /^iam:(AttachRolePolicy|DetachRolePolicy)$/,
  "a deployment from before the boundary, which is given it": /^iam:PutRolePermissionsBoundary$/,
  "AWS's services, in the name of whoever chooses a key":
    /^kms:(CreateGrant|Decrypt|Encrypt|GenerateDataKey(WithoutPlaintext)?|ReEncrypt(From|To))$/,
  "another key for a log group, which the emulator lacks": /^logs:(Associate|Disassociate)KmsKey$/,
  "a change of code, of tags, of a table, of a role or of a heartbeat":
    /(:Untag\w+|:TagResource|UpdateFunctionCode|UpdateFunctionConfiguration|UpdateFunctionEventInvokeConfig|DeleteFunctionConcurrency|PublishVersion|UpdateTable|UpdateRole|UpdateAssumeRolePolicy|DeleteRetentionPolicy)$/,
};

test("every action that is allowed to a pipeline was called, or has a reason", () => {
  const called = new Set(needed.map(({ action }) => action));
  const reasons = Object.values(NOT_CALLED_HERE);
  expect(
    actionsOf(apply().statements).filter(
      (action) => !called.has(action) && !reasons.some((reason) => reason.test(action)),
    ),
  ).toEqual([]);
});

test("the counts are written down", () => {
  const line = (what: string, { recorded: calls, forbidden }: { recorded: number; forbidden: number }) =>
    `${what}: ${calls} recorded calls allowed, ${forbidden} forbidden denied`;
  const sum = (key: "recorded" | "forbidden") => proof.functions[key] + proof.pipelines[key];
  // Else the counts would be those of a part.
  expect({ done, wrong }).toEqual({ done: ["apply", "change", "plan", "destroy"], wrong: [] });
  for (const { recorded: calls, forbidden } of Object.values(proof)) {
    expect(calls).toBeGreaterThan(100);
    expect(forbidden).toBeGreaterThan(100);
  }
  mkdirSync(join(PROJECT, ".quickturn"), { recursive: true });
  writeFileSync(
    PROOF,
    `${[line("functions", proof.functions), line("pipelines", proof.pipelines), line("IAM proof", { recorded: sum("recorded"), forbidden: sum("forbidden") })].join("\n")}\n`,
  );
});
