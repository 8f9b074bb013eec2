import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { Lazy, type TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { address, blockWhen, countWhen, interpolate, jsonencoded } from "./expressions";
import { allow, policyDocument, trustService, type PolicyStatement } from "./policy-statements";

/** Provider 5.100.0 takes no newer Node.js runtime. */
const RUNTIME = "nodejs22.x";

/**
 * A fifth cheaper than x86_64 for a GB-second (AWS price list, us-east-1, 2024-07-01), and Node.js runs on it
 * unchanged.
 */
const ARCHITECTURE = "arm64";

export interface AgentFunctionProps {
  /** Physical name; also that of the role and the last part of the log group's. */
  readonly functionName: string;
  /** One sentence for the console. */
  readonly description: string;
  /**
   * Path of the zip, relative to the folder that Terraform runs in, such as `assets/api.zip`. An image has its content
   * in the folder of that name, `api`.
   */
  readonly archive: string;
  /**
   * The container image that the function may run instead of the zip. AWS cannot change the one into the other: the
   * function is replaced.
   */
  readonly image: FunctionImage;
  /** Environment variables; no secrets, because plans show them. */
  readonly environment: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memorySize: number;
  /** Seconds. */
  readonly timeoutSeconds: number;
  /** How many run at once; -1 = no reservation. Default: no reservation. */
  readonly reservedConcurrentExecutions?: number;
  /** Days. */
  readonly logRetentionInDays: number;
  /** Terraform expression: ARN of a policy that limits what the role may do, whatever it is allowed; or null. */
  readonly permissionsBoundaryArn: string;
  /** Terraform expression: ARN of the key that encrypts the logs, or null for CloudWatch's own. */
  readonly kmsKeyArn: string;
  /** Terraform expression: whether there is one. Default: there is. */
  readonly when?: string;
}

export interface FunctionImage {
  /** Terraform expression: whether it does. */
  readonly when: string;
  /** Terraform expression: the image by its digest; null where the zip runs. */
  readonly uri: string;
}

/** A Lambda function with a role of its own, a log group that ends, traces, and a published version a change. */
export class AgentFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: CloudwatchLogGroup;
  private readonly role: IamRole;
  private readonly statements: PolicyStatement[] = [];
  private readonly when: string | undefined;

  constructor(scope: Construct, id: string, props: AgentFunctionProps) {
    super(scope, id);
    this.when = props.when;
    this.logGroup = this.createLogGroup(props);
    this.role = this.createRole(props);
    const policy = this.createPolicy(props);
    this.function = this.createFunction(props, policy);
    if (this.when !== undefined)
      for (const each of [this.logGroup, this.role, policy, this.function])
        each.addOverride("count", countWhen(this.when));
    this.grant(
      allow("WriteOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], `${this.attribute(this.logGroup, "arn")}:*`),
      // X-Ray has no resources to name: both actions take only "*".
      allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    );
  }

  /** An attribute of a resource of the function; "" where there is none. */
  attribute(resource: TerraformResource, name: string): string {
    return this.when === undefined
      ? interpolate(`${address(resource)}.${name}`)
      : interpolate(`join("", ${address(resource)}[*].${name})`);
  }

  /** Adds to what the function may do. */
  grant(...statements: readonly PolicyStatement[]): void {
    this.statements.push(...statements);
  }

  /** Adds a policy that is there only while a condition holds, such as when a list of resources is not empty. */
  grantWhen(count: string, id: string, ...statements: readonly PolicyStatement[]): void {
    new IamRolePolicy(this, id, {
      role: this.attribute(this.role, "id"),
      name: id,
      policy: jsonencoded(this, `${id}_statements`, policyDocument(statements)),
    }).addOverride("count", count);
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
    // Lazy: grants are added by those who use the function, after it is made.
    const statements = Lazy.anyValue({ produce: () => policyDocument(this.statements) });
    return new IamRolePolicy(this, "policy", {
      role: this.attribute(this.role, "id"),
      name: functionName,
      policy: jsonencoded(this, "statements", statements),
    });
  }

  private createFunction(props: AgentFunctionProps, policy: IamRolePolicy): LambdaFunction {
    const { archive, image } = props;
    const filename = `\${path.module}/${archive}`;
    // What belongs to a zip is null with an image, and the other way round: AWS refuses the one with the other.
    const ofZip = (value: string) => interpolate(`${image.when} ? null : ${value}`);
    const created = new LambdaFunction(this, "function", {
      functionName: props.functionName,
      description: props.description,
      role: this.attribute(this.role, "arn"),
      packageType: interpolate(`${image.when} ? "Image" : "Zip"`),
      imageUri: interpolate(image.uri),
      runtime: ofZip(`"${RUNTIME}"`),
      architectures: [ARCHITECTURE],
      handler: ofZip('"index.handler"'),
      filename: ofZip(`"${filename}"`),
      // Computed by Terraform from the file it uploads: a path or a hash made at synth would differ between machines.
      sourceCodeHash: ofZip(`filebase64sha256("${filename}")`),
      memorySize: props.memorySize,
      timeout: props.timeoutSeconds,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      publish: true,
      environment: { variables: { ...props.environment } },
      tracingConfig: { mode: "Active" },
      dependsOn: [policy, this.logGroup],
    });
    // One image for all functions: each has a folder in it.
    created.addOverride(
      "dynamic.image_config",
      blockWhen(image.when, { command: [archive.replace(/^.*\/|\.zip$/g, "") + "/index.handler"] }),
    );
    return created;
  }
}
