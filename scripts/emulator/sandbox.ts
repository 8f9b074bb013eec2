import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../kit/context";
import { isLoopback } from "../kit/loopback";
import { findProviderSource, terraformEnvironment } from "../kit/terraform-environment";

/** State inside the folder, and tables that may be destroyed with it. */
const OVERRIDE = {
  terraform: { backend: { local: { path: "terraform.tfstate" } } },
  resource: {
    aws_dynamodb_table: {
      store_requests: { lifecycle: { prevent_destroy: false } },
      store_sessions: { lifecycle: { prevent_destroy: false } },
    },
  },
};

/**
 * What the emulator (moto 5.2.1) does not take: of PutCompositeAlarm terraform tries again for minutes. The tests of
 * the alarms read those in the plan.
 */
export const FOR_EMULATOR = { alarm_burn_rates: false } as const;

/**
 * Makes a copy of the synthesized stack one that may be applied to an emulator and thrown away, by two files that
 * terraform reads beside it: the stack itself stays byte for byte what a deployment applies.
 */
export function makeThrowAway(stackDirectory: string, settings: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(stackDirectory, "throw_away_override.tf.json"), JSON.stringify(OVERRIDE));
  writeFileSync(
    join(stackDirectory, "throw_away.auto.tfvars.json"),
    JSON.stringify({ deletion_protection: false, ...FOR_EMULATOR, ...settings }),
  );
}

/** What a program needs to run at all. Everything else of the caller's environment stays outside. */
const PASSED_ON = ["PATH", "LANG", "LC_ALL", "TERM", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV"];

/**
 * The environment of everything that the local runtime starts. It is made from nothing: no credentials, profiles,
 * service endpoints, proxies, Terraform variables or arguments of the caller's can reach it, so that it cannot
 * reach an account.
 * @param endpoint of the emulator; must be loopback
 * @param folder for home, credentials files and terraform's own files; thrown away afterwards
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
      // Else the machine's own role would be asked for, on EC2.
      AWS_EC2_METADATA_DISABLED: "true",
      // Files that do not exist: a profile could name other endpoints.
      AWS_CONFIG_FILE: `${folder}/no-aws-config`,
      AWS_SHARED_CREDENTIALS_FILE: `${folder}/no-aws-credentials`,
      // Terraform's runs here are short and many: collecting garbage less often saves a tenth of their processor time.
      GOGC: "400",
    },
    source,
    folder,
  );
}

/** What any program needs to run, with a home of its own, and nothing that could lead it to an account. */
export function bareEnvironment(caller: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (caller[name] === undefined ? [] : [[name, caller[name]]]))),
    HOME: home,
  };
}

/** The emulator's address as given, or undefined; anything but loopback is refused before anything is started. */
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
      "Allowed: http://127.0.0.1:<port>, http://[::1]:<port> or http://localhost:<port>. Unset it, and an emulator is started for you.",
  );
}
