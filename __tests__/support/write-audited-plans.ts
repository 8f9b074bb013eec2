import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxEnvironment, startEmulator } from "../../scripts/emulator/moto";
import { Terraform } from "../../scripts/kit/terraform";
import type { StackName } from "../../stacks/contract/outputs";
import { writeAuditedFixture, type PlanName } from "./audited-plan";
import { PROJECT } from "./stack-json";

/** What of the stacks is planned, so that every resource that they may have is in a plan. */
const PLANS: Readonly<Record<PlanName, readonly [stack: StackName, ...vars: string[]]>> = {
  "agent-api": ["agent-api"],
  "agent-api-edge": [
    "agent-api",
    "profile=baseline",
    "authorization=jwt",
    "jwt_issuer=https://issuer.example.org",
    'jwt_audiences=["agents"]',
    "account_logging_role_enabled=true",
    "alarm_email=ops@example.org",
    "agentcore_runtime_arn=arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/abc-1234567890",
    "cloudfront_enabled=true",
    "cloudfront_origin_secret=0123456789abcdef0123456789abcdef",
    "cloudfront_certificate_arn=arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    'cloudfront_domain_names=["agents.example.org"]',
  ],
  state: ["state"],
  "pipeline-access": ["pipeline-access", "github_repository=octo-org/agents", "gitlab_project_path=group/agents"],
};

/** Plans the stacks anew, on an emulator that nothing is applied to; takes two minutes. */
export async function writeAuditedPlans(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-plans-"));
  const emulator = await startEmulator({ directory: folder, env: process.env });
  try {
    const env = sandboxEnvironment(process.env, emulator.endpoint, folder);
    for (const [name, [stack, ...vars]] of Object.entries(PLANS)) {
      const out = join(folder, name);
      mkdirSync(out);
      execFileSync(process.execPath, [join("scripts", "bin", "app.js")], {
        cwd: PROJECT,
        env: { PATH: process.env["PATH"], QUICKTURN_STACKS: stack, CDKTF_OUTDIR: out },
        stdio: "inherit",
      });
      const directory = join(out, "stacks", stack);
      writeFileSync(
        join(directory, "local_override.tf.json"),
        JSON.stringify({ terraform: { backend: { local: { path: "terraform.tfstate" } } } }),
      );
      const terraform = new Terraform({ directory, env });
      await terraform.init();
      await terraform.plan("audited.tfplan", { vars });
      writeAuditedFixture(
        name as PlanName,
        await terraform.show("audited.tfplan"),
        JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")),
      );
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
