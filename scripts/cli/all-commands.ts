import type { Command } from "commander";
import { addAuditCommand } from "./audit-command";
import { addBuildCommands } from "./build-commands";
import { addCanaryCommand } from "./canary-command";
import { addContractCommands } from "./contract-commands";
import { addDashboardCommand } from "./dashboard-command";
import { addDecideCommands } from "./decide-commands";
import { addDeployCommands } from "./deploy-commands";
import { addImageCommand } from "./image-command";
import { addProofCommands } from "./proof-commands";
import { addRehearseCommand } from "./rehearse-command";
import { addReleaseCommands } from "./release-commands";
import { addReviewCommands } from "./review-commands";
import type { Shell } from "./shell";
import { addStateCommands } from "./state-commands";
import { addTuneCommand } from "./tune-command";
import { addVerifyCommand } from "./verify-command";

/** Every command, in the order of `--help`. */
export function addCommands(root: Command, shell: Shell): void {
  addBuildCommands(root, shell);
  addImageCommand(root, shell);
  addDeployCommands(root, shell);
  addCanaryCommand(root, shell);
  addVerifyCommand(root, shell);
  addContractCommands(root, shell);
  addDashboardCommand(root, shell);
  addDecideCommands(root, shell);
  addTuneCommand(root, shell);
  addProofCommands(root, shell);
  addRehearseCommand(root, shell);
  addReleaseCommands(root, shell);
  addReviewCommands(root, shell);
  addAuditCommand(root, shell);
  addStateCommands(root, shell);
}
