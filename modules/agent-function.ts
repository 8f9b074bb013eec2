import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { Lazy, type TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { address, blockWhen, countWhen, expression, type Expression, interpolate, jsonencoded } from "./expressions";
import { allow, policyDocument, trustService, type PolicyStatement } from "./policy-statements";

/** Provider 5.100.0 takes no newer Node.js runtime. */
const RUNTIME = "nodejs22.x";

export interface AgentFunctionProps {
  /** Physical name; also the role's name and the last part of the log group's. */
  readonly functionName: string;
  /** One sentence for the console. */
  readonly description: string;
  /**
   * Path of the zip, relative to the folder that Terraform runs in, such as `assets/api.zip`. An image has its content
   * in the folder of that name, `api`.
   */
  readonly archive: string;
  /** The image that the function may run. AWS cannot change a zip into an image: the function is replaced. */
  readonly image: FunctionImage;
  /** Processor, as Lambda names it: `arm64` or `x86_64`. */
  readonly architecture: string;
  /** Environment variables; no secrets, because plans show them. */
  readonly environment: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memorySize: number;
  /** Seconds. */
  readonly timeoutSeconds: number;
  /** How many executions may run at once; -1 = no reservation. Default: no reservation. */
  readonly reservedConcurrentExecutions?: number;
  /** Days. */
  readonly logRetentionInDays: number;
  /** ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: Expression;
  /** ARN of the key that encrypts the logs, or null for CloudWatch's own. */
  readonly kmsKeyArn: Expression;
  /** Whether the function exists. Default: always. */
  readonly enabled?: Expression;
}

/** A container image that may take the place of a zip. */
export interface FunctionImage {
  /** Whether the function runs the image instead of the zip. */
  readonly enabled: Expression;
  /** URI of the image by its digest; null where the zip runs. */
  readonly uri: Expression;
}

/** A Lambda function with its own role, a log group that expires, traces, and a published version for each change. */
export class AgentFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: CloudwatchLogGroup;
  private readonly role: IamRole;
  private readonly statements: PolicyStatement[] = [];
  private readonly enabled: Expression | undefined;

  constructor(scope: Construct, id: string, props: AgentFunctionProps) {
    super(scope, id);
    this.enabled = props.enabled;
    this.logGroup = this.createLogGroup(props);
    this.role = this.createRole(props);
    const policy = this.createPolicy(props);
    this.function = this.createFunction(props, policy);
    if (props.enabled !== undefined)
      for (const resource of [this.logGroup, this.role, policy, this.function])
        resource.addOverride("count", countWhen(props.enabled));
    this.grant(
      allow(
        "WriteOwnLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        `${interpolate(this.attribute(this.logGroup, "arn"))}:*`,
      ),
      // X-Ray has no resources to name: both actions take only "*".
      allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    );
  }

  /** An attribute of a resource of the function; "" where the function does not exist. */
  attribute(resource: TerraformResource, name: string): Expression {
    return this.enabled === undefined
      ? expression`${address(resource)}.${name}`
      : expression`join("", ${address(resource)}[*].${name})`;
  }

  /** Adds permissions of the function. */
  grant(...statements: readonly PolicyStatement[]): void {
    this.statements.push(...statements);
  }

  /** Adds a policy that exists only while a condition holds, such as while a list of resources is not empty. */
  grantWhen(condition: Expression, id: string, statements: readonly PolicyStatement[]): void {
    new IamRolePolicy(this, id, {
      role: interpolate(this.attribute(this.role, "id")),
      name: id,
      policy: jsonencoded(this, `${id}_statements`, policyDocument(statements)),
    }).addOverride("count", countWhen(condition));
  }

  private createLogGroup({ functionName, logRetentionInDays, kmsKeyArn }: AgentFunctionProps): CloudwatchLogGroup {
    return new CloudwatchLogGroup(this, "log-group", {
      name: `/aws/lambda/${functionName}`,
      retentionInDays: logRetentionInDays,
      kmsKeyId: interpolate(kmsKeyArn),
    });
  }

  private createRole({ functionName, permissionsBoundaryArn }: AgentFunctionProps): IamRole {
    return new IamRole(this, "role", {
      name: functionName,
      assumeRolePolicy: jsonencoded(this, "trust", trustService("lambda.amazonaws.com")),
      permissionsBoundary: interpolate(permissionsBoundaryArn),
    });
  }

  private createPolicy({ functionName }: AgentFunctionProps): IamRolePolicy {
    // Lazy, because others grant permissions after the function is created.
    const statements = Lazy.anyValue({ produce: () => policyDocument(this.statements) });
    return new IamRolePolicy(this, "policy", {
      role: interpolate(this.attribute(this.role, "id")),
      name: functionName,
      policy: jsonencoded(this, "statements", statements),
    });
  }

  private createFunction(props: AgentFunctionProps, policy: IamRolePolicy): LambdaFunction {
    const { archive, image } = props;
    const filename = `\${path.module}/${archive}`;
    // AWS refuses the attributes of a zip beside an image.
    const unlessImage = (value: string) => interpolate(expression`${image.enabled} ? null : ${value}`);
    const created = new LambdaFunction(this, "function", {
      functionName: props.functionName,
      description: props.description,
      role: interpolate(this.attribute(this.role, "arn")),
      packageType: interpolate(expression`${image.enabled} ? "Image" : "Zip"`),
      imageUri: interpolate(image.uri),
      runtime: unlessImage(`"${RUNTIME}"`),
      architectures: [props.architecture],
      handler: unlessImage('"index.handler"'),
      filename: unlessImage(`"${filename}"`),
      // Computed by Terraform from the file it uploads: a path or a hash made at synth would differ between machines.
      sourceCodeHash: unlessImage(`filebase64sha256("${filename}")`),
      memorySize: props.memorySize,
      timeout: props.timeoutSeconds,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      publish: true,
      environment: { variables: { ...props.environment } },
      tracingConfig: { mode: "Active" },
      dependsOn: [policy, this.logGroup],
    });
    // The one image holds a folder for each function.
    created.addOverride(
      "dynamic.image_config",
      blockWhen(image.enabled, { command: [archive.replace(/^.*\/|\.zip$/g, "") + "/index.handler"] }),
    );
    return created;
  }
}
