import { isLoopback } from "../kit/loopback";
import { UsageError } from "../kit/context";
import { findProviderSource, terraformEnvironment } from "../kit/terraform-environment";

/** Variables without which programs do not run. Everything else of the caller's environment stays outside. */
const PASSED_ON = ["PATH", "LANG", "LC_ALL", "TERM", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV"];

/**
 * The environment of terraform and its provider, which cannot reach an account: no credentials, profiles, endpoints of
 * services, proxies, Terraform variables or arguments of the caller are in it.
 * @param endpoint the emulator's address
 * @param folder home, and place of terraform's own files; it is deleted afterwards
 * @throws UsageError where the endpoint is not on loopback
 */
export function sandboxEnvironment(caller: NodeJS.ProcessEnv, endpoint: string, folder: string): NodeJS.ProcessEnv {
  refuseUnlessLoopback(endpoint);
  const source = findProviderSource(caller, { search: true });
  return terraformEnvironment(
    {
      ...bareEnvironment(caller, folder),
      TMPDIR: folder,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: endpoint,
      // On EC2 the SDK would otherwise use the machine's own role.
      AWS_EC2_METADATA_DISABLED: "true",
      // These files do not exist, because a profile could name other endpoints.
      AWS_CONFIG_FILE: `${folder}/no-aws-config`,
      AWS_SHARED_CREDENTIALS_FILE: `${folder}/no-aws-credentials`,
      // Terraform's runs here are short: collecting garbage less often saves a tenth of their processor time.
      GOGC: "400",
    },
    source,
    folder,
  );
}

/** The environment of a program that needs a home of its own, and that must not be led to an account. */
export function bareEnvironment(caller: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (caller[name] === undefined ? [] : [[name, caller[name]]]))),
    HOME: home,
  };
}

/** The emulator's address in the caller's environment, or undefined. @throws UsageError where it is not on loopback */
export function givenEmulator(caller: NodeJS.ProcessEnv): string | undefined {
  const endpoint = caller["AWS_ENDPOINT_URL"];
  if (endpoint === undefined || endpoint === "") return undefined;
  refuseUnlessLoopback(endpoint);
  return endpoint;
}

function refuseUnlessLoopback(endpoint: string): void {
  if (isLoopback(endpoint)) return;
  throw new UsageError(
    `AWS_ENDPOINT_URL is "${endpoint}"; the local runtime talks only to an emulator on this machine. ` +
      "Allowed: http://127.0.0.1:<port>, http://[::1]:<port> or http://localhost:<port>. " +
      "Unset it, and an emulator is started for you.",
  );
}
