import type { VersionConfiguration } from "../applied/applied-functions";

export interface EnvironmentOptions {
  readonly version: VersionConfiguration;
  readonly region: string;
  /** The emulator's address, where the SDK clients of the function go. */
  readonly endpoint: string;
  /** What a test needs beside, such as the certificate of its own server. Default: nothing. */
  readonly processVariables?: Readonly<Record<string, string>>;
  readonly taskRoot: string;
  /** `host:port` of the Runtime API. */
  readonly runtimeApi: string;
  readonly logStream: string;
}

/**
 * The whole environment of a function's process: what terraform applied and what Lambda sets, and nothing of ours.
 * The last two names are local: the emulator stands in for AWS, and no metadata service is asked for credentials.
 */
export function functionEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { version, region } = options;
  return {
    ...options.processVariables,
    ...version.environment,
    AWS_LAMBDA_FUNCTION_NAME: version.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${version.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStream,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_RUNTIME_API: options.runtimeApi,
    AWS_EXECUTION_ENV: `AWS_Lambda_${version.runtime}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Of each function's own role, as its name says: so its calls can be told from another's.
    AWS_ACCESS_KEY_ID: `local-${version.functionName}`,
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_SESSION_TOKEN: "local",
    LAMBDA_TASK_ROOT: options.taskRoot,
    _HANDLER: version.handler,
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    TZ: ":UTC",
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
