import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import type { Trial } from "../../scripts/commands/demonstration";
import { PROJECT } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/** `quickturn local` as a person starts it, in an environment that would lead it to an account if it could be led. */
jest.setTimeout(600_000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function local(args: readonly string[], env: NodeJS.ProcessEnv): { child: ReturnType<typeof spawn>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ["scripts/bin/quickturn.js", ...args], { cwd: PROJECT, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return { child, ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr }))) };
}

/** Counts who connects: what stands in for an account, a proxy, or a metadata service. */
async function trap(): Promise<{ server: Server; address: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

test("the demonstration answers, flips, flips back, ends with 0, and reaches nothing that a hostile environment names; a run beside it that is interrupted leaves nothing", async () => {
  const { server, address, connections } = await trap();
  const home = temporaryFolder("home");
  const services = ["", "_DYNAMODB", "_SQS", "_S3", "_LAMBDA", "_STS", "_IAM", "_API_GATEWAY", "_CLOUDWATCH", "_SNS", "_CLOUDWATCH_LOGS"].filter(Boolean);
  const hostile = {
    ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL${service}`, address])),
    AWS_ACCESS_KEY_ID: "AKIAREALLYREALLYREAL",
    AWS_SECRET_ACCESS_KEY: "real",
    AWS_PROFILE: "production",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: address,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: address,
    HTTP_PROXY: address,
    HTTPS_PROXY: address,
    http_proxy: address,
    https_proxy: address,
    TF_VAR_aws_region: "eu-west-1",
    TF_VAR_memory_size: "128",
    TF_CLI_ARGS: "-var=name=production",
    TF_WORKSPACE: "production",
    TF_DATA_DIR: join(home, "elsewhere"),
    QUICKTURN_PREVENT_DESTROY: "anything",
  };
  try {
    const { ended } = local(["--json", "local", "--once"], { PATH: process.env["PATH"], HOME: home, ...hostile });
    const interrupted = interruptedRun();
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("Error") as unknown });
    const { url, trials } = JSON.parse(stdout) as { url: string; trials: Trial[] };
    expect(trials.map(({ accepted, status, agents }) => ({ accepted, status, agents: agents.length }))).toEqual(Array(3).fill({ accepted: 202, status: "completed", agents: 14 }));
    const [optimized, baseline, again] = trials as [Trial, Trial, Trial];
    expect(optimized.cacheHits).toBeGreaterThan(0);
    expect(baseline.cacheHits).toBe(0);
    expect(again.cacheHits).toBeGreaterThan(0);
    // Two phases of seven agents: their sum is 11.4 s, the slowest of each phase 2.4 s.
    expect(baseline.agentsMs).toBeGreaterThan(3 * optimized.agentsMs);
    expect(connections()).toBe(0);
    expect(existsSync(join(home, "elsewhere"))).toBe(false);
    await expect(fetch(`${url}/api/v1/health`)).rejects.toThrow();
    expect(await interrupted).toEqual({ code: 130, folders: [], processes: [] });
  } finally {
    server.close();
  }
});

test("an endpoint that is not this machine's is refused before anything is started", async () => {
  const { ended } = local(["local", "--once"], { PATH: "/nowhere", HOME: "/nowhere", AWS_ENDPOINT_URL: "https://dynamodb.us-east-1.amazonaws.com" });
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(stderr).toContain('AWS_ENDPOINT_URL is "https://dynamodb.us-east-1.amazonaws.com"; the local runtime talks only to an emulator on this machine.');
});

/** A second run beside the first, interrupted in the middle of its apply; what it leaves behind. */
async function interruptedRun(): Promise<{ code: number | null; folders: string[]; processes: string[] }> {
  const folder = temporaryFolder("interrupted");
  const { child, ended } = local(["local"], { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder });
  await new Promise<void>((resolve) => {
    let seen = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes("terraform apply")) setTimeout(resolve, 15_000);
    });
  });
  child.kill("SIGINT");
  const { code } = await ended;
  const environments = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8");
    } catch {
      return ""; // It ended meanwhile, or is another user's.
    }
  });
  return {
    code,
    folders: readdirSync(folder).filter((name) => name.startsWith("quickturn-local-")),
    processes: environments.filter((each) => each.includes(`HOME=${folder}/quickturn-local-`)),
  };
}
