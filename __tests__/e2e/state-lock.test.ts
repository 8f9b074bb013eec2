import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { sandboxEnvironment, startEmulator, type Emulator } from "../../scripts/emulator/moto";
import { FaultProxy } from "../../scripts/emulator/faults/fault-proxy";
import { keepProvider, type KeptProvider } from "../../scripts/emulator/kept-provider";
import { StateLocked } from "../../scripts/kit/state-lock";
import { Terraform, type TerraformOptions } from "../../scripts/kit/terraform";
import { awsCalls, type AwsCall } from "../support/aws-call";
import { pipelineEnvironment, runQuickturn, type Ended } from "../support/command-line";
import { projectCopy } from "../support/project-copy";
import { temporaryFolder } from "../support/temporary-folder";

/**
 * A small stack whose state stands in S3, and runs that meet, wait, and are killed. In order: each goes on from the one
 * before.
 */

const BUCKET = "states";
const KEY = "team/state.tfstate";
const LOCK = `${KEY}.tflock`;
/** State of the small stack, which stands in for the project's. */
const SMALL = "team/agent-api.tfstate";
const BACKEND = `s3://${BUCKET}/team?region=us-east-1&use_path_style=true`;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The stack's file: a topic each. */
const root = (topics: readonly string[]) => ({
  terraform: {
    required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
    backend: {
      s3: { bucket: BUCKET, key: KEY, region: "us-east-1", encrypt: true, use_lockfile: true, use_path_style: true },
    },
  },
  provider: { aws: [{ region: "us-east-1" }] },
  resource: { aws_sns_topic: Object.fromEntries(topics.map((name) => [name, { name }])) },
});

let folder: string;
let emulator: Emulator;
let proxy: FaultProxy;
let provider: KeptProvider;
let environment: NodeJS.ProcessEnv;
let project: string;
let s3: S3Client;
/** What the runs needed of the state's bucket. */
let calls: AwsCall[] = [];

beforeAll(async () => {
  folder = temporaryFolder("state-lock");
  emulator = await startEmulator({ directory: folder, env: process.env });
  proxy = await FaultProxy.start({ upstream: emulator.endpoint, random: () => 0 });
  s3 = new S3Client({
    endpoint: emulator.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  write(["first"]);
  const sandbox = sandboxEnvironment(process.env, proxy.url, folder);
  await new Terraform({ directory: folder, env: sandbox }).init();
  project = projectCopy();
  const small = readFileSync(join(__dirname, "../support/small-stack.ts"), "utf8");
  const backend = JSON.stringify({ ...root([]).terraform.backend.s3, key: SMALL });
  const lines = `new S3Backend(this, {} as never);\n    this.addOverride("terraform.backend.s3", ${backend});\n    this.addOverride("variable.profile", { default: "baseline" });`;
  writeFileSync(
    join(project, "stacks/agent-api-stack.ts"),
    small.replace("LocalBackend,", "S3Backend,").replace(/new LocalBackend\(.*/, lines),
  );
  for (const name of ["api", "sweeper", "worker"])
    writeFileSync(join(project, `handlers/${name}.ts`), "export const handler = () => undefined;\n");
  provider = await keepProvider({ directory: folder, env: sandbox, configurations: [folder, project] });
  environment = { ...sandbox, ...provider.variables };
});
afterAll(async () => {
  s3?.destroy();
  await provider?.stop();
  await proxy?.stop();
  await emulator?.stop();
});

const write = (topics: readonly string[]) => writeFileSync(join(folder, "main.tf.json"), JSON.stringify(root(topics)));
const terraform = (options: Partial<TerraformOptions> = {}) =>
  new Terraform({ directory: folder, env: environment, ...options });
const objects = async () =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? []).map(({ Key: key }) => key);

/** How often a topic was to be made, and a lock to be taken, since {@link hold}. */
const asked = { topics: 0, locks: 0 };

/**
 * From now on no topic can be made, which terraform tries again and again: a run that makes one goes on until {@link
 * release}.
 */
function hold(): void {
  Object.assign(asked, { topics: 0, locks: 0 });
  proxy.setFaults([
    {
      kind: "error",
      when: (request) => {
        const topic = request.service === "sns" && request.body.includes("Action=CreateTopic");
        if (topic) asked.topics += 1;
        if (request.method === "PUT" && request.path.includes(LOCK)) asked.locks += 1;
        return topic;
      },
    },
  ]);
}

/** Everything goes through, and what is asked of S3 is written down. */
function release(): void {
  proxy.setFaults([
    {
      kind: "latency",
      ms: 0,
      when: (request) => {
        if (request.service === "s3") calls.push(...awsCalls(request));
        return false;
      },
    },
  ]);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(50);
}
const makesTopics = () => until(() => asked.topics > 0);

/** Fails unless another run's lock is in the way. */
async function refusal(work: Promise<unknown>): Promise<StateLocked> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StateLocked))
    throw new Error(`This run was to be refused for a lock, and was not: ${String(error)}`);
  return error;
}

/** The command line in a clone, as a pipeline runs it. */
function quickturn(args: readonly string[], backend?: string): Promise<Ended> {
  return runQuickturn(args, {
    project,
    environment: {
      ...pipelineEnvironment(project, emulator.endpoint),
      ...provider.variables,
      ...(backend === undefined ? {} : { QUICKTURN_BACKEND: backend }),
    },
  });
}
const unlock = (id: string, backend?: string) =>
  quickturn(["unlock", id, "--stack", "state", "--auto-approve"], backend);

/** Of the project's stack `state`, on this machine. */
const STATE = "terraform.state.tfstate";

/** Of the run that is killed. */
let dead: string;

describe("two runs at once", () => {
  test("the second is refused, and told who holds the lock, for what, since when, and what to do", async () => {
    hold();
    const first = terraform().apply();
    await makesTopics();
    const { lock, message } = await refusal(terraform().apply());
    expect(lock).toEqual({
      id: expect.stringMatching(UUID) as string,
      path: `${BUCKET}/${KEY}`,
      operation: "OperationTypeApply",
      who: expect.stringMatching(/^\w+@.+/) as string,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\d /) as string,
    });
    expect(message).toContain(`quickturn unlock ${lock.id}`);
    expect(message).toContain("--lock-timeout 10m");
    // And the plan of a pull request too.
    await refusal(terraform().plan("test.tfplan"));
    release();
    expect(await first).toHaveLength(1);
    expect(await objects()).toEqual([KEY]);
  });

  test("with a lock time-out the second waits, and then applies what is left to do: here nothing", async () => {
    write(["first", "second"]);
    hold();
    const first = terraform().apply();
    await makesTopics();
    const second = terraform({ lockTimeout: "1h" }).apply();
    // The first run's, the second's, and the second's again.
    await until(() => asked.locks > 2);
    release();
    expect(await first).toHaveLength(1);
    expect(await second).toEqual([]);
  });
});

test("a lock that is freed between being refused and being read is asked for once more", async () => {
  let refused = 0;
  proxy.setFaults([
    {
      kind: "answer",
      answer: {
        status: 412,
        headers: { "content-type": "application/xml" },
        body: "<Error><Code>PreconditionFailed</Code></Error>",
      },
      when: (request) => request.method === "PUT" && request.path.includes(LOCK) && (refused += 1) === 1,
    },
  ]);
  expect(await terraform({ lockTimeout: "1h" }).plan("test.tfplan")).toBe(false);
  expect(refused).toBe(2);
  release();
});

describe("a run whose machine dies", () => {
  test("leaves its lock, and the next run is told", async () => {
    write(["first", "second", "third"]);
    hold();
    const machine = new AbortController();
    const first = terraform({ kill: machine.signal }).apply();
    await makesTopics();
    machine.abort();
    await expect(first).rejects.toThrow();
    expect(await objects()).toEqual([KEY, LOCK]);
    release();
    dead = (await refusal(terraform().apply())).lock.id;
    expect(dead).toMatch(UUID);
  });

  test("unlock frees no other lock than the one that was named, and says whose that is", async () => {
    const { code, stderr } = await unlock("00000000-0000-0000-0000-000000000000", BACKEND);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: expect.stringMatching(
        /The lock is not 00000000-0000-0000-0000-000000000000 but another:[^]*operation +OperationTypeApply[^]*where it is dead: quickturn unlock /,
      ) as unknown,
    });
    expect(stderr).toContain(dead);
    expect(await objects()).toContain(LOCK);
  });

  test("unlock without a terminal and without --auto-approve frees nothing", async () => {
    const { code, stderr } = await quickturn(["unlock", dead, "--stack", "state"], BACKEND);
    expect(code).toBe(64);
    expect(stderr).toContain(
      "There is no terminal to ask at. Make sure that the run that holds the lock is dead, then run `quickturn unlock <id> --auto-approve`.",
    );
    expect(await objects()).toContain(LOCK);
  });

  test("unlock says who held it and frees it; the next apply does what is left, and a second one nothing", async () => {
    const { code, stdout, stderr } = await unlock(dead, BACKEND);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Freed the lock of \w+@.+, OperationTypeApply, since \d{4}-/) as unknown,
    });
    expect(stderr).toMatch(/who +\w+@/);
    expect(await objects()).toEqual([KEY]);
    expect((await terraform().apply()).map(({ address, action }) => ({ address, action }))).toEqual([
      { address: "aws_sns_topic.third", action: "create" },
    ]);
    expect(await terraform().plan("test.tfplan")).toBe(false);
  });

  test("where nobody holds the lock, nobody is named", async () => expect(await terraform().lock()).toBeUndefined());
});

describe("the backend", () => {
  test("that changes between two runs is an error that says how to take the state along", async () => {
    const { code, stderr } = await unlock(dead);
    expect(code).toBe(64);
    expect(stderr).toContain(
      "names another place for the state than when cdktf.out/stacks/state was last used. Nothing was changed.",
    );
    expect(stderr).toContain(
      'eval "$(quickturn env)" && terraform -chdir=cdktf.out/stacks/state init -reconfigure (it copies nothing)',
    );
    expect(stderr).not.toContain("migrate-state");
  });

  test("local holds no lock to free", async () => {
    rmSync(join(project, "cdktf.out"), { recursive: true });
    const { code, stdout } = await unlock(dead);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining(
        "Nobody holds a lock that could be freed. A state on this machine is free as soon as its run has ended.",
      ) as unknown,
    });
  });

  test("the plan of the state's own stack is whole, and --stack chooses it", async () => {
    const { code, stdout } = await quickturn(["--json", "plan", "--stack", "state"]);
    expect(code).toBe(2);
    const { changes } = JSON.parse(stdout) as { changes: { address: string; action: string }[] };
    expect(changes.map(({ address, action }) => `${action} ${address}`).sort()).toEqual(
      [
        "bucket",
        "bucket_lifecycle_configuration",
        "bucket_ownership_controls",
        "bucket_policy",
        "bucket_public_access_block",
        "bucket_server_side_encryption_configuration",
        "bucket_versioning",
      ]
        .map(
          (type) =>
            `create aws_s3_${type}.state_${{ bucket: "bucket", bucket_lifecycle_configuration: "lifecycle", bucket_ownership_controls: "ownership", bucket_policy: "policy", bucket_public_access_block: "public_access", bucket_server_side_encryption_configuration: "encryption", bucket_versioning: "versioning" }[type]}`,
        )
        .sort(),
    );
  });

  test("a plan beside the first apply takes its empty state neither for a cut one nor away", async () => {
    let puts = 0;
    proxy.setFaults([
      { kind: "error", when: ({ service, method }) => service === "s3" && method === "PUT" && (puts += 1) > 0 },
    ]);
    const first = quickturn(["apply", "--stack", "state", "--auto-approve"]);
    await until(() => puts > 0);
    const states = () => readdirSync(project).filter((name) => name.includes("tfstate"));
    const before = states();
    expect(statSync(join(project, STATE)).size).toBe(0);
    const { code, stderr } = await quickturn(["plan", "--stack", "state"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /The state is locked, so nothing was changed:\n[^]*operation +OperationTypeApply/,
      ) as unknown,
    });
    expect(states()).toEqual(before);
    // That run then ends by itself, and writes what it knows.
    proxy.setFaults([{ kind: "deny", when: ({ service, method }) => service === "s3" && method === "PUT" }]);
    expect(await first).toMatchObject({ code: 1, stderr: expect.stringContaining("creating S3 Bucket") as unknown });
    release();
    expect(JSON.parse(readFileSync(join(project, STATE), "utf8"))).toMatchObject({ version: 4 });
  });

  test("a state that a kill has cut is named by a plan, which writes none, and put back by an apply", async () => {
    const [path, whole] = [join(project, STATE), readFileSync(join(project, STATE), "utf8")];
    writeFileSync(`${path}.backup`, whole);
    writeFileSync(path, whole.slice(0, 20));
    const { code, stderr } = await quickturn(["plan", "--stack", "state"]);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: expect.stringMatching(
        /The state \S+ is cut: [^]*quickturn apply --adopt puts the newest whole copy back/,
      ) as unknown,
    });
    expect(readFileSync(path, "utf8")).toBe(whole.slice(0, 20));
    // A name that none can have: it applies nothing, and the state is whole all the same.
    expect(
      (await quickturn(["apply", "--stack", "state", "--var", "environment=d e v", "--auto-approve"])).stderr,
    ).toMatch(/it is now \S+\.tfstate\.backup, the newest that is whole/);
    expect(readFileSync(path, "utf8")).toBe(whole);
    expect(readFileSync(`${path}.cut-1`, "utf8")).toBe(whole.slice(0, 20));
  });

  test("a stack or a time that is none is refused with what is allowed", async () => {
    expect((await quickturn(["plan", "--stack", "states"])).stderr).toContain(
      "Allowed choices are agent-api, state, pipeline-access.",
    );
    expect((await quickturn(["apply", "--lock-timeout", "soon"])).stderr).toContain(
      "Allowed: a whole number of s, m or h, such as 10m.",
    );
  });
});

test("a plan needs of the bucket what the plan role has; an apply beside that only to write the state", async () => {
  const needs = (seen: readonly AwsCall[]) =>
    [...new Set(seen.map(({ action, resource }) => `${action} ${resource}`))].sort();
  const [bucket, object, lock] = [
    `arn:aws:s3:::${BUCKET}`,
    `arn:aws:s3:::${BUCKET}/${KEY}`,
    `arn:aws:s3:::${BUCKET}/${LOCK}`,
  ];
  const planned = [
    `s3:DeleteObject ${lock}`,
    `s3:GetObject ${object}`,
    `s3:GetObject ${lock}`,
    `s3:ListBucket ${bucket}`,
    `s3:PutObject ${lock}`,
  ];
  release();
  calls = [];
  await terraform().init();
  await terraform().plan("test.tfplan");
  expect(needs(calls)).toEqual(planned);
  write(["first"]);
  calls = [];
  await terraform().apply();
  expect(needs(calls)).toEqual([...planned, `s3:PutObject ${object}`].sort());
});

describe("beside a run that holds the lock", () => {
  const held = { Bucket: BUCKET, Key: `${SMALL}.tflock` };
  beforeAll(async () => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd: project });
    writeFileSync(join(project, ".gitignore"), "node_modules\ncdktf.out\ndist\n.quickturn\n");
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message", "main");
    await s3.send(
      new PutObjectCommand({
        ...held,
        Body: JSON.stringify({
          ID: dead,
          Operation: "OperationTypeApply",
          Who: "runner@build-7",
          Created: "2026-11-30T00:00:00Z",
        }),
      }),
    );
  });
  afterAll(() => s3.send(new DeleteObjectCommand(held)));

  test.each([
    [
      "a review",
      ["review"],
      { code: 0, stdout: expect.stringMatching(/### Plan: \d+ to add, 0 to change, 0 to destroy/) as unknown },
    ],
    ["a look for drift", ["drift"], { code: 0, stdout: expect.stringContaining("No drift") as unknown }],
    ["an audit", ["--json", "audit"], { code: 1, stdout: expect.stringContaining('"function-is-traced"') as unknown }],
  ])("%s ends with its verdict", async (_, args, verdict) => {
    const { code, stdout } = await quickturn(args);
    expect({ code, stdout }).toEqual(verdict);
  });

  test.each([["plan"], ["rollback", "--auto-approve"]])(
    "%s takes a lock time-out, and is refused where the lock is held for longer",
    async (...args) => {
      const { code, stderr } = await quickturn([...args, "--lock-timeout", "1s"]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/who +runner@build-7[^]*add --lock-timeout 10m/) as unknown,
      });
    },
  );
});
